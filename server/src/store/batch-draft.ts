import { HalibutError } from '../base/errors.ts'
import type { StoredChange } from './backend.ts'
import type { AuditRecord, RecordKind, Records } from './records.ts'
import type { AuditDraft, AuditHead, Draft, RecordDraft } from './store.ts'

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

/** How one record becomes another one; `undefined`: it is removed. */
interface Step {
  readonly kind: RecordKind
  readonly id: string
  readonly record: unknown
}

/** Does a change, and to records the step that it is for them. */
type Do = (change: StoredChange, step?: Step) => void

/** Changes that become durable together: each act sees what those before it did, and what an act did that throws is taken back. */
export class BatchDraft {
  /** What has to be made durable. */
  readonly changes: StoredChange[] = []
  /** What differs from the base; `undefined`: removed. */
  readonly #different = new Map<string, unknown>()
  /** How the base becomes what the changes say. */
  readonly #steps: Step[] = []
  readonly #draft: Draft
  #head: AuditHead | undefined
  #isOpen = false

  constructor(base: RecordMaps, head: AuditHead | undefined) {
    this.#head = head
    const act: Do = (change, step) => this.#do(change, step)
    const records = <K extends RecordKind>(kind: K): RecordDraft<Records[K]> =>
      new KindDraft(kind, base[kind], this.#steps, this.#different, act)
    this.#draft = {
      agents: records('agents'),
      contracts: records('contracts'),
      denied: records('denied'),
      certificates: records('certificates'),
      identities: records('identities'),
      acceptances: records('acceptances'),
      tokens: records('tokens'),
      meta: records('meta'),
      audit: new BatchAudit(() => this.#head, act),
      outcomes: {
        put: ({ id, atMs, outcome }) => act({ type: 'put-outcome', id, atMs, document: JSON.stringify(outcome) }),
        removeBefore: beforeMs => act({ type: 'trim-outcomes', beforeMs }),
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

  #do(change: StoredChange, step: Step | undefined): void {
    if (!this.#isOpen) throw new HalibutError('internal_error', 'a change of the store went on after it had returned')
    this.changes.push(change)
    if (change.type === 'append-audit') this.#head = { sequence: change.record.sequence, hash: change.record.hash }
    if (!step) return
    this.#steps.push(step)
    this.#different.set(keyOf(step.kind, step.id), step.record)
  }
}

// Classes, since each flush makes all of these: a getter of an object that is written out takes longer to make than all else here.

/** The records of one kind within a batch. */
class KindDraft<K extends RecordKind> implements RecordDraft<Records[K]> {
  readonly #kind: K
  readonly #base: ReadonlyMap<string, Records[K]>
  readonly #steps: readonly Step[]
  readonly #different: ReadonlyMap<string, unknown>
  readonly #do: Do

  constructor(kind: K, base: ReadonlyMap<string, Records[K]>, steps: readonly Step[], different: ReadonlyMap<string, unknown>, act: Do) {
    this.#kind = kind
    this.#base = base
    this.#steps = steps
    this.#different = different
    this.#do = act
  }

  get(id: string): Records[K] | undefined {
    const key = keyOf(this.#kind, id)
    return this.#different.has(key) ? (this.#different.get(key) as Records[K] | undefined) : this.#base.get(id)
  }

  all(): Records[K][] {
    const copy = new Map<string, unknown>(this.#base)
    for (const step of this.#steps) if (step.kind === this.#kind) apply(copy, step.id, step.record)
    return [...copy.values()] as Records[K][]
  }

  get size(): number {
    return this.all().length
  }

  put(record: Records[K]): void {
    const { id } = record
    const document = JSON.stringify(record)
    // What the caller does to its object later does not change what is kept.
    this.#do({ type: 'put', kind: this.#kind, id, document }, { kind: this.#kind, id, record: JSON.parse(document) })
  }

  remove(id: string): boolean {
    if (this.get(id) === undefined) return false
    this.#do({ type: 'remove', kind: this.#kind, id }, { kind: this.#kind, id, record: undefined })
    return true
  }
}

/** The audit log within a batch. */
class BatchAudit implements AuditDraft {
  readonly #head: () => AuditHead | undefined
  readonly #do: Do

  constructor(head: () => AuditHead | undefined, act: Do) {
    this.#head = head
    this.#do = act
  }

  get head(): AuditHead | undefined {
    return this.#head()
  }

  append(record: AuditRecord): void {
    const next = (this.head?.sequence ?? 0) + 1
    if (record.sequence !== next)
      throw new HalibutError('invalid_argument', `the audit entry ${record.sequence} does not follow: ${next} is next`)
    this.#do({ type: 'append-audit', record })
  }

  removeUpTo(sequence: number): void {
    this.#do({ type: 'trim-audit', upTo: Math.min(sequence, (this.head?.sequence ?? 0) - 1) })
  }
}

function apply(records: Map<string, unknown>, id: string, record: unknown): void {
  if (record === undefined) records.delete(id)
  else records.set(id, record)
}

function keyOf(kind: RecordKind, id: string): string {
  return `${kind}/${id}`
}
