import { gatewayLimits } from '../base/limits.ts'
import { type Connection, connect, type Statement } from './connection.ts'
import type { AuditRecord } from './records.ts'
import type { AuditPage, AuditQuery } from './store.ts'

interface Statements {
  readonly query: Statement
  readonly first: Statement
  readonly found: Statement
}

/**
 * Looks through the audit log of a database, on a connection of its own. It goes from the newest entry to the oldest in parts, each on another thread, and
 * for a limited time: rows that nobody wants never come into the memory of this process, and the event loop does not wait. Searches come one after another.
 */
export class AuditSearch {
  readonly #path: string
  #open: Promise<{ readonly connection: Connection; readonly statements: Statements }> | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
  }

  search(query: AuditQuery): Promise<AuditPage> {
    const found = this.#last.then(() => this.#search(query))
    this.#last = found.catch(() => undefined)
    return found
  }

  async close(): Promise<void> {
    await this.#last
    const opened = await this.#open?.catch(() => undefined)
    opened?.connection.close()
  }

  /** What could not be opened once is tried again by the next search. */
  async #prepare(): ReturnType<typeof prepare> {
    try {
      return await prepare(this.#path)
    } catch (why) {
      this.#open = undefined
      throw why
    }
  }

  async #search(query: AuditQuery): Promise<AuditPage> {
    this.#open ??= this.#prepare()
    const { connection, statements } = await this.#open
    const { before = Number.MAX_SAFE_INTEGER, limit, fromMs = null, toMs = null, who, agent, action, outcome, text } = query
    const untilMs = performance.now() + gatewayLimits.auditSearchMs
    const [ends] = (await statements.first.all([])) as { readonly oldest: number | null; readonly newest: number | null }[]
    const [low, high] = [ends?.oldest ?? 0, Math.min(before, (ends?.newest ?? 0) + 1)]
    const folded = text === undefined ? null : lowerAscii(text)
    const escaped = folded === null ? null : JSON.stringify(folded).slice(1, -1)
    const wanted = [fromMs, toMs, who ?? null, agent ?? null, action ?? null, outcome ?? null, folded, escaped]
    const entries: AuditRecord[] = []
    for (let next = high; next > low; ) {
      const from = Math.max(low, next - gatewayLimits.auditSearchEntries)
      await connection.exec('DELETE FROM query')
      statements.query.run([from, next, limit - entries.length, ...wanted])
      await connection.exec(searchSql)
      const page = (await statements.found.all([])) as AuditRecord[]
      for (const { sequence, atMs, text: kept, hash } of page) entries.push({ sequence, atMs, text: kept, hash })
      const last = entries.at(-1)
      // A full page ends at its last entry, whatever is left of this part.
      next = entries.length >= limit && last ? last.sequence : from
      if (next > low && (entries.length >= limit || performance.now() >= untilMs)) return { entries, next }
    }
    return { entries }
  }
}

/** What was asked for and what was found stand in tables of the connection’s own: the search itself is then one text that runs on another thread. */
async function prepare(path: string): Promise<{ connection: Connection; statements: Statements }> {
  const connection = connect(path)
  try {
    await connection.exec(`
      PRAGMA temp_store = MEMORY;
      CREATE TEMP TABLE query (
        low INTEGER, high INTEGER, room INTEGER, from_ms INTEGER, to_ms INTEGER,
        who TEXT, agent TEXT, action TEXT, outcome TEXT, text TEXT, escaped TEXT
      );
      CREATE TEMP TABLE found (sequence INTEGER PRIMARY KEY, at_ms INTEGER, text TEXT, hash TEXT)`)
    const statements = {
      query: await connection.prepare(`INSERT INTO query VALUES (${Array.from({ length: 11 }, () => '?').join(', ')})`),
      first: await connection.prepare(
        'SELECT (SELECT sequence FROM audit ORDER BY sequence LIMIT 1) AS oldest, (SELECT sequence FROM audit ORDER BY sequence DESC LIMIT 1) AS newest',
      ),
      found: await connection.prepare('SELECT sequence, at_ms AS atMs, text, hash FROM found ORDER BY sequence DESC'),
    }
    return { connection, statements }
  } catch (why) {
    connection.close()
    throw why
  }
}

const member = (name: string): string =>
  `(query.${name} IS NULL OR CASE WHEN json_valid(audit.text) THEN audit.text ->> '$.${name}' END IS query.${name})`

/** A text is looked for in the whole text first, which is quick, and then in its values: the names of members tell nothing. */
const searchSql = `
  DELETE FROM found;
  INSERT INTO found SELECT audit.sequence, audit.at_ms, audit.text, audit.hash FROM query CROSS JOIN audit
  WHERE audit.sequence >= query.low AND audit.sequence < query.high
    AND (query.from_ms IS NULL OR audit.at_ms >= query.from_ms) AND (query.to_ms IS NULL OR audit.at_ms < query.to_ms)
    AND ${['who', 'agent', 'action'].map(member).join(' AND ')}
    AND (query.outcome IS NULL OR CASE WHEN json_valid(audit.text) THEN
      CASE query.outcome WHEN 'failed' THEN audit.text ->> '$.outcome' <> 'done' ELSE audit.text ->> '$.outcome' = query.outcome END END)
    AND (query.escaped IS NULL OR (instr(lower(audit.text), query.escaped) > 0 AND json_valid(audit.text) AND EXISTS (
      SELECT 1 FROM json_tree(audit.text) AS value WHERE value.atom IS NOT NULL AND instr(lower(value.atom), query.text) > 0)))
  ORDER BY audit.sequence DESC LIMIT (SELECT room FROM query)`

/** As SQLite does it. */
function lowerAscii(text: string): string {
  return text.replaceAll(/[A-Z]/g, letter => letter.toLowerCase())
}
