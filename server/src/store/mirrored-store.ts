import { HalibutError } from '../base/errors.ts'
import { gatewayLimits } from '../base/limits.ts'
import { messageOf } from '../base/message-of.ts'
import type { StoreBackend, StoredChange, StoredContent } from './backend.ts'
import { BatchDraft, emptyRecordMaps, type RecordMaps } from './batch-draft.ts'
import { type DamagedRow, readRecord } from './read-record.ts'
import type { RecordKind, Records } from './records.ts'
import type { AuditHead, AuditLog, Draft, OutcomeLog, RecordDrafts, Repository, Store, StoreFlush, StoreState } from './store.ts'

const { storeBatchChanges, storeGatherMs } = gatewayLimits

/** A change that was asked for. */
interface Act {
  readonly run: (draft: Draft) => unknown
  readonly done: (result: never) => void
  readonly fail: (why: unknown) => void
}

/**
 * A store in front of any backend. The records are in memory; changes wait while others are being made durable, and then go together: however
 * slow the disk is, there is one flush for all that came meanwhile. Where several came together more are to be expected, and the next flush waits
 * a little for them: it costs more processor time than all that goes with it.
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
  readonly #flushListeners = new Set<(flush: StoreFlush) => void>()
  #head: AuditHead | undefined
  #state: StoreState = { at: 'ready' }
  #waiting: Act[] = []
  /** How many went together last. */
  #lastBatch = 0
  #working: Promise<void> | undefined
  #closed: Promise<void> | undefined
  /** While changes cannot be kept: when it is tried again, though nobody asks for one. */
  #retry: NodeJS.Timeout | undefined
  #isTrialDue = false

  /** `onDamaged` hears of rows that are not as they were written. */
  constructor(backend: StoreBackend, content: StoredContent, onDamaged: (row: DamagedRow) => void = () => undefined) {
    this.#backend = backend
    for (const { kind, id, document } of content.records) {
      if (isTrial(kind, id)) continue
      const { record, instead } = readRecord(kind, id, document)
      if (record) (this.#records[kind] as Map<string, unknown>).set(id, record)
      if (instead !== undefined) onDamaged({ kind, id, instead })
    }
    this.#head = content.head
    const head = (): AuditHead | undefined => this.#head
    this.audit = {
      get head() {
        return head()
      },
      read: range => backend.readAudit(range),
      search: query => backend.searchAudit(query),
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

  onFlush(listener: (flush: StoreFlush) => void): () => void {
    this.#flushListeners.add(listener)
    return () => void this.#flushListeners.delete(listener)
  }

  close(): Promise<void> {
    this.#closed ??= (async () => {
      clearTimeout(this.#retry)
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
    while (this.#waiting.length > 0 || this.#isTrialDue) {
      if (this.#waiting.length === 0) {
        await this.#try()
        continue
      }
      if (this.#lastBatch > 1 && this.#waiting.length < storeBatchChanges) await gathering()
      const acts = this.#waiting.splice(0, storeBatchChanges)
      await this.#commit(acts)
    }
    this.#working = undefined
  }

  /** Whether there is room again is known by writing something. */
  async #try(): Promise<void> {
    this.#isTrialDue = false
    try {
      for (const changes of trial) await this.#flush(changes)
    } catch {
      // It has been told, and is tried again.
    }
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
    this.#lastBatch = batch.changes.length
    if (batch.changes.length > 0) {
      try {
        await this.#flush(batch.changes)
      } catch (why) {
        for (const { act } of accepted) act.fail(why)
        return
      }
      batch.applyTo(this.#records)
      this.#head = batch.head
    }
    for (const { act, result } of accepted) act.done(result as never)
  }

  async #flush(changes: readonly StoredChange[]): Promise<void> {
    const beganMs = performance.now()
    const told = (kept: boolean): void => {
      for (const listener of this.#flushListeners) listener({ kept, durationMs: performance.now() - beganMs })
    }
    try {
      await this.#backend.commit(changes)
    } catch (why) {
      told(false)
      const sinceMs = this.#state.at === 'failing' ? this.#state.sinceMs : Date.now()
      this.#enter({ at: 'failing', sinceMs, reason: messageOf(why) })
      throw why
    }
    told(true)
    this.#enter({ at: 'ready' })
  }

  #enter(state: StoreState): void {
    const before = this.#state
    this.#state = state
    clearTimeout(this.#retry)
    this.#isTrialDue = false
    if (state.at === 'failing' && !this.#closed)
      this.#retry = setTimeout(() => {
        this.#isTrialDue = true
        this.#working ??= this.#work()
      }, gatewayLimits.storeRetryMs).unref()
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

/** The time for others to come. */
function gathering(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, storeGatherMs))
}

/** What is written to see whether anything can be, and removed at once: some more than nothing, so that a disk with room for one small change is still full. */
const trialRecord = { kind: 'meta', id: 'trial' } as const
const trial: readonly (readonly StoredChange[])[] = [
  [{ type: 'put', ...trialRecord, document: JSON.stringify({ id: trialRecord.id, text: ' '.repeat(64 * 1024) }) }],
  [{ type: 'remove', ...trialRecord }],
]

function isTrial(kind: RecordKind, id: string): boolean {
  return kind === trialRecord.kind && id === trialRecord.id
}

function reasonOf(state: StoreState): string | undefined {
  return state.at === 'failing' ? state.reason : undefined
}
