import { statSync } from 'node:fs'
import { AuditSearch } from './audit-search.ts'
import type { StoreBackend, StoredChange, StoredContent, StoredRecord } from './backend.ts'
import { writeBackup } from './backup.ts'
import { ask, type Connection, type Statement } from './connection.ts'
import type { Ownership } from './ownership.ts'
import { parsed } from './read-record.ts'
import type { AuditRecord, OutcomeRecord } from './records.ts'
import type { AuditHead, AuditPage, AuditQuery, AuditRange } from './store.ts'
import { toStoreError } from './store-failure.ts'

type Statements = Readonly<Record<StoredChange['type'] | 'begin', Statement>>

/** What a backend is made of; it belongs to it from then on. */
export interface LibsqlBackendOptions {
  readonly path: string
  readonly ownership: Ownership
  /** Two connections to a database of the newest version: what reads does not wait for what writes. */
  readonly writer: Connection
  readonly reader: Connection
}

/** Keeps a store in a database file. */
export class LibsqlBackend implements StoreBackend {
  readonly #path: string
  readonly #writer: Connection
  readonly #reader: Connection
  readonly #ownership: Ownership
  readonly #statements: Statements
  readonly #search: AuditSearch

  private constructor({ path, ownership, writer, reader }: LibsqlBackendOptions, statements: Statements) {
    this.#path = path
    this.#ownership = ownership
    this.#writer = writer
    this.#reader = reader
    this.#statements = statements
    this.#search = new AuditSearch(path)
  }

  static async create(options: LibsqlBackendOptions): Promise<LibsqlBackend> {
    const prepare = (sql: string): Promise<Statement> => options.writer.prepare(sql)
    return new LibsqlBackend(options, {
      begin: await prepare('BEGIN IMMEDIATE'),
      put: await prepare(
        'INSERT INTO records (kind, id, document) VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET document = excluded.document',
      ),
      remove: await prepare('DELETE FROM records WHERE kind = ? AND id = ?'),
      'append-audit': await prepare('INSERT INTO audit (sequence, at_ms, text, hash) VALUES (?, ?, ?, ?)'),
      'trim-audit': await prepare('DELETE FROM audit WHERE sequence <= ?'),
      'put-outcome': await prepare(
        'INSERT INTO outcomes (id, at_ms, document) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET at_ms = excluded.at_ms, document = excluded.document',
      ),
      'trim-outcomes': await prepare('DELETE FROM outcomes WHERE at_ms < ?'),
    })
  }

  async content(): Promise<StoredContent> {
    const records = await ask(this.#reader, 'SELECT kind, id, document FROM records ORDER BY position')
    const [head] = await ask(this.#reader, 'SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1')
    return { records: records as unknown as StoredRecord[], head: head && (head as unknown as AuditHead) }
  }

  /** The statements run at once, some microseconds each; the flush at the end takes the disk’s time, and not that of the event loop. */
  async commit(changes: readonly StoredChange[]): Promise<void> {
    try {
      this.#statements.begin.run([])
      for (const change of changes) this.#statements[change.type].run(valuesOf(change))
      await this.#writer.exec('COMMIT')
    } catch (why) {
      // It may have been rolled back already.
      await this.#writer.exec('ROLLBACK').catch(() => undefined)
      throw toStoreError(this.#path, why)
    }
  }

  async readAudit({ before, after = 0, limit }: AuditRange): Promise<readonly AuditRecord[]> {
    const [where, value] =
      before === undefined ? ['sequence > ? ORDER BY sequence', after] : ['sequence < ? ORDER BY sequence DESC', before]
    const rows = await ask(this.#reader, `SELECT sequence, at_ms AS atMs, text, hash FROM audit WHERE ${where} LIMIT ?`, value, limit)
    return rows.map(row => ({ ...row }) as unknown as AuditRecord)
  }

  async searchAudit(query: AuditQuery): Promise<AuditPage> {
    try {
      return await this.#search.search(query)
    } catch (why) {
      throw toStoreError(this.#path, why)
    }
  }

  async readOutcomes(): Promise<readonly OutcomeRecord[]> {
    const rows = await ask(this.#reader, 'SELECT id, at_ms AS atMs, document FROM outcomes ORDER BY at_ms')
    return rows.map(({ id, atMs, document }) => ({ id: String(id), atMs: Number(atMs), outcome: parsed(String(document)) }))
  }

  /** What it takes on the disk. */
  get bytes(): number {
    return ['', '-wal'].reduce((sum, suffix) => sum + (statSync(`${this.#path}${suffix}`, { throwIfNoEntry: false })?.size ?? 0), 0)
  }

  backUp(path: string): Promise<void> {
    return writeBackup(this.#path, path)
  }

  async close(): Promise<void> {
    await this.#search.close()
    this.#reader.close()
    // The file is whole by itself then; where that does not work, its log is read at the next start.
    await this.#writer.exec('PRAGMA wal_checkpoint(TRUNCATE)').catch(() => undefined)
    this.#writer.close()
    await this.#ownership.release()
  }
}

function valuesOf(change: StoredChange): (string | number)[] {
  switch (change.type) {
    case 'put':
      return [change.kind, change.id, change.document]
    case 'remove':
      return [change.kind, change.id]
    case 'append-audit':
      return [change.record.sequence, change.record.atMs, change.record.text, change.record.hash]
    case 'trim-audit':
      return [change.upTo]
    case 'put-outcome':
      return [change.id, change.atMs, change.document]
    case 'trim-outcomes':
      return [change.beforeMs]
  }
}
