import { HalibutError } from '../base/errors.ts'
import { gatewayLimits } from '../base/limits.ts'
import type { StoreBackend, StoredContent } from './backend.ts'
import { BatchDraft, emptyRecordMaps, type RecordMaps } from './batch-draft.ts'
import type { RecordKind, Records } from './records.ts'
import type { AuditHead, AuditLog, Draft, OutcomeLog, RecordDrafts, Repository, Store, StoreState } from './store.ts'

/** A change that was asked for. */
interface Act {
  readonly run: (draft: Draft) => unknown
  readonly done: (result: never) => void
  readonly fail: (why: unknown) => void
}

/**
 * A store in front of any backend. The records are in memory; changes wait while others are being made durable, and then go together: however
 * slow the disk is, there is one flush for all that came meanwhile.
 */
export class MirroredStore implements Store {
  readonly agents = this.#repository('agents')
  readonly contracts = this.#repository('contracts')
  readonly denied = this.#repository('denied')
  readonly certificates = this.#repository('certificates')
  readonly identities = this.#repository('identities')
  readonly acceptances = this.#repository('acceptances')
  readonly tokens = this.#repository('tokens')
  readonly meta = this.#repository('meta')
  readonly audit: AuditLog
  readonly outcomes: OutcomeLog
  readonly #backend: StoreBackend
  readonly #records: RecordMaps = emptyRecordMaps()
  readonly #listeners = new Set<(state: StoreState) => void>()
  #head: AuditHead | undefined
  #state: StoreState = { at: 'ready' }
  #waiting: Act[] = []
  #working: Promise<void> | undefined
  #closed: Promise<void> | undefined

  constructor(backend: StoreBackend, content: StoredContent) {
    this.#backend = backend
    for (const { kind, id, document } of content.records) (this.#records[kind] as Map<string, unknown>).set(id, JSON.parse(document))
    this.#head = content.head
    const head = (): AuditHead | undefined => this.#head
    this.audit = {
      get head() {
        return head()
      },
      read: range => backend.readAudit(range),
    }
    this.outcomes = { all: () => backend.readOutcomes() }
  }

  get state(): StoreState {
    return this.#state
  }

  change<T>(act: (draft: Draft) => T): Promise<T> {
    if (this.#closed) return Promise.reject(new HalibutError('closed', 'the store is closed'))
    return new Promise<T>((done, fail) => {
      this.#waiting.push({ run: act, done, fail })
      this.#working ??= this.#work()
    })
  }

  onStateChange(listener: (state: StoreState) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  close(): Promise<void> {
    this.#closed ??= (async () => {
      await this.#working
      await this.#backend.close()
    })()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Until nothing waits. What is asked for in the same turn goes together already. */
  async #work(): Promise<void> {
    await undefined
    while (this.#waiting.length > 0) await this.#commit(this.#waiting.splice(0, gatewayLimits.storeBatchChanges))
    this.#working = undefined
  }

  async #commit(acts: readonly Act[]): Promise<void> {
    const batch = new BatchDraft(this.#records, this.#head)
    const accepted: { readonly act: Act; readonly result: unknown }[] = []
    for (const act of acts) {
      try {
        accepted.push({ act, result: batch.run(act.run) })
      } catch (why) {
        act.fail(why)
      }
    }
    if (batch.changes.length > 0) {
      try {
        await this.#backend.commit(batch.changes)
      } catch (why) {
        const sinceMs = this.#state.at === 'failing' ? this.#state.sinceMs : Date.now()
        this.#enter({ at: 'failing', sinceMs, reason: why instanceof Error ? why.message : String(why) })
        for (const { act } of accepted) act.fail(why)
        return
      }
      this.#enter({ at: 'ready' })
      batch.applyTo(this.#records)
      this.#head = batch.head
    }
    for (const { act, result } of accepted) act.done(result as never)
  }

  #enter(state: StoreState): void {
    const before = this.#state
    this.#state = state
    if (reasonOf(state) === reasonOf(before)) return
    for (const listener of this.#listeners) listener(state)
  }

  #repository<K extends RecordKind>(kind: K): Repository<Records[K]> {
    const records = (): ReadonlyMap<string, Records[K]> => this.#records[kind]
    return {
      get: id => records().get(id),
      all: () => [...records().values()],
      get size() {
        return records().size
      },
      put: record => this.change((draft: RecordDrafts) => draft[kind].put(record)),
      remove: id => this.change((draft: RecordDrafts) => draft[kind].remove(id)),
    }
  }
}

function reasonOf(state: StoreState): string | undefined {
  return state.at === 'failing' ? state.reason : undefined
}
