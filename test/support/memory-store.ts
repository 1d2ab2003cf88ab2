import { isWanted } from '../../server/src/audit/wanted.ts'
import type { StoreBackend, StoredChange, StoredRecord } from '../../server/src/store/backend.ts'
import { MirroredStore } from '../../server/src/store/mirrored-store.ts'
import type { AuditRecord, OutcomeRecord } from '../../server/src/store/records.ts'
import type { AuditPage, AuditQuery, AuditRange } from '../../server/src/store/store.ts'

/** A store that is forgotten with its backend: for tests of what stands on a store, and the second implementation that the conformance suite runs. */
export function openMemoryStore(backend: MemoryBackend = new MemoryBackend()): MirroredStore {
  return new MirroredStore(backend, backend.content())
}

/** Keeps what was committed, and can be told to refuse. */
export class MemoryBackend implements StoreBackend {
  /** What commits fail with. */
  failure: Error | undefined
  commits = 0
  readonly #records = new Map<string, StoredRecord>()
  readonly #outcomes = new Map<string, OutcomeRecord>()
  #audit: AuditRecord[] = []

  content() {
    const head = this.#audit.at(-1)
    return { records: [...this.#records.values()], head: head && { sequence: head.sequence, hash: head.hash } }
  }

  async commit(changes: readonly StoredChange[]): Promise<void> {
    if (this.failure) throw this.failure
    this.commits++
    for (const change of changes) this.#apply(change)
  }

  async readAudit(range: AuditRange): Promise<readonly AuditRecord[]> {
    const { before, after = 0, limit } = range
    if (before !== undefined)
      return this.#audit
        .filter(({ sequence }) => sequence < before)
        .slice(-limit)
        .reverse()
    return this.#audit.filter(({ sequence }) => sequence > after).slice(0, limit)
  }

  async searchAudit({ limit, before = Number.POSITIVE_INFINITY, ...query }: AuditQuery): Promise<AuditPage> {
    const below = this.#audit.filter(({ sequence }) => sequence < before).reverse()
    const entries = below.filter(record => isWanted(record, query)).slice(0, limit)
    const [last, first] = [entries.at(-1), this.#audit[0]]
    return entries.length === limit && last && first && last.sequence > first.sequence ? { entries, next: last.sequence } : { entries }
  }

  async readOutcomes(): Promise<readonly OutcomeRecord[]> {
    return [...this.#outcomes.values()].sort((a, b) => a.atMs - b.atMs)
  }

  async close(): Promise<void> {}

  #apply(change: StoredChange): void {
    switch (change.type) {
      case 'put':
        this.#records.set(`${change.kind}/${change.id}`, { kind: change.kind, id: change.id, document: change.document })
        break
      case 'remove':
        this.#records.delete(`${change.kind}/${change.id}`)
        break
      case 'append-audit':
        this.#audit.push(change.record)
        break
      case 'trim-audit':
        this.#audit = this.#audit.filter(({ sequence }) => sequence > change.upTo)
        break
      case 'put-outcome':
        this.#outcomes.set(change.id, { id: change.id, atMs: change.atMs, outcome: JSON.parse(change.document) })
        break
      case 'trim-outcomes':
        for (const [id, { atMs }] of this.#outcomes) if (atMs < change.beforeMs) this.#outcomes.delete(id)
        break
    }
  }
}
