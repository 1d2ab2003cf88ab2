import { HalibutError } from '../base/errors.ts'
import type { StoredChange } from './backend.ts'
import type { RecordKind, Records } from './records.ts'
import type { AuditHead, Draft, RecordDraft } from './store.ts'

/** The records by kind and id. */
export type RecordMaps = { readonly [K in RecordKind]: Map<string, Records[K]> }

export function emptyRecordMaps(): RecordMaps {
  return {
    agents: new Map(),
    contracts: new Map(),
    denied: new Map(),
    certificates: new Map(),
    identities: new Map(),
    acceptances: new Map(),
    tokens: new Map(),
    meta: new Map(),
  }
}

/** Changes that become durable together: each act sees what those before it did, and what an act did that throws is taken back. */
export class BatchDraft {
  /** What has to be made durable. */
  readonly changes: StoredChange[] = []
  readonly #base: RecordMaps
  /** What differs from the base; `undefined`: removed. */
  readonly #different = new Map<string, unknown>()
  /** How the base becomes what the changes say. */
  readonly #steps: { readonly kind: RecordKind; readonly id: string; readonly record: unknown }[] = []
  readonly #draft: Draft
  #head: AuditHead | undefined
  #isOpen = false

  constructor(base: RecordMaps, head: AuditHead | undefined) {
    this.#base = base
    this.#head = head
    const headNow = (): AuditHead | undefined => this.#head
    this.#draft = {
      agents: this.#records('agents'),
      contracts: this.#records('contracts'),
      denied: this.#records('denied'),
      certificates: this.#records('certificates'),
      identities: this.#records('identities'),
      acceptances: this.#records('acceptances'),
      tokens: this.#records('tokens'),
      meta: this.#records('meta'),
      audit: {
        get head() {
          return headNow()
        },
        append: record => {
          const next = (this.#head?.sequence ?? 0) + 1
          if (record.sequence !== next)
            throw new HalibutError('invalid_argument', `the audit entry ${record.sequence} does not follow: ${next} is next`)
          this.#do({ type: 'append-audit', record })
          this.#head = { sequence: record.sequence, hash: record.hash }
        },
        removeUpTo: sequence => this.#do({ type: 'trim-audit', upTo: Math.min(sequence, (this.#head?.sequence ?? 0) - 1) }),
      },
      outcomes: {
        put: ({ id, atMs, outcome }) => this.#do({ type: 'put-outcome', id, atMs, document: JSON.stringify(outcome) }),
        removeBefore: beforeMs => this.#do({ type: 'trim-outcomes', beforeMs }),
      },
    }
  }

  /** The newest entry of the audit log. */
  get head(): AuditHead | undefined {
    return this.#head
  }

  /** Throws what the act throws; then it has done nothing. */
  run<T>(act: (draft: Draft) => T): T {
    const [changes, steps, head] = [this.changes.length, this.#steps.length, this.#head]
    this.#isOpen = true
    try {
      return act(this.#draft)
    } catch (why) {
      this.changes.length = changes
      this.#steps.length = steps
      this.#head = head
      this.#different.clear()
      for (const { kind, id, record } of this.#steps) this.#different.set(keyOf(kind, id), record)
      throw why
    } finally {
      this.#isOpen = false
    }
  }

  /** Does to records what was done to the draft. */
  applyTo(records: RecordMaps): void {
    for (const { kind, id, record } of this.#steps) apply(records[kind] as Map<string, unknown>, id, record)
  }

  #do(change: StoredChange): void {
    if (!this.#isOpen) throw new HalibutError('internal_error', 'a change of the store went on after it had returned')
    this.changes.push(change)
  }

  #step(kind: RecordKind, id: string, record: unknown): void {
    this.#steps.push({ kind, id, record })
    this.#different.set(keyOf(kind, id), record)
  }

  #records<K extends RecordKind>(kind: K): RecordDraft<Records[K]> {
    const base: ReadonlyMap<string, Records[K]> = this.#base[kind]
    const get = (id: string): Records[K] | undefined => {
      const key = keyOf(kind, id)
      return this.#different.has(key) ? (this.#different.get(key) as Records[K] | undefined) : base.get(id)
    }
    const all = (): Records[K][] => {
      const copy = new Map<string, unknown>(base)
      for (const step of this.#steps) if (step.kind === kind) apply(copy, step.id, step.record)
      return [...copy.values()] as Records[K][]
    }
    return {
      get,
      all,
      get size() {
        return all().length
      },
      put: record => {
        const document = JSON.stringify(record)
        this.#do({ type: 'put', kind, id: record.id, document })
        // What the caller does to its object later does not change what is kept.
        this.#step(kind, record.id, JSON.parse(document))
      },
      remove: id => {
        if (get(id) === undefined) return false
        this.#do({ type: 'remove', kind, id })
        this.#step(kind, id, undefined)
        return true
      },
    }
  }
}

function apply(records: Map<string, unknown>, id: string, record: unknown): void {
  if (record === undefined) records.delete(id)
  else records.set(id, record)
}

function keyOf(kind: RecordKind, id: string): string {
  return `${kind}/${id}`
}
