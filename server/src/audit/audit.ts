import { HalibutError } from '../base/errors.ts'
import { gatewayLimits } from '../base/limits.ts'
import { OneAtATime } from '../base/one-at-a-time.ts'
import type { AuditRecord } from '../store/records.ts'
import type { AuditHead, AuditPage, AuditQuery, AuditRange, Change, Draft, Store } from '../store/store.ts'
import { appendText, beginning, hashEntry } from './chain.ts'
import { type AuditEntry, formatEntry } from './entry.ts'
import { OwedEntries, owedText } from './owed-entries.ts'
import { isSignedBy, parseHead, type Signer, signHead } from './signed-head.ts'
import { entriesOf, type Verification, verifyAudit } from './verify.ts'

/** How long entries are kept. */
export interface AuditRetention {
  readonly maxAgeMs: number
  readonly maxEntries: number
}

/** An entry with those beside it. */
export interface EntryBeside {
  readonly entry: AuditRecord
  readonly before: AuditRecord | undefined
  readonly after: AuditRecord | undefined
  /** The hash that its own follows; `undefined` where the entry before it is missing. */
  readonly previousHash: string | undefined
  /** Whether its hash follows that; `undefined`: nobody can tell. */
  readonly follows: boolean | undefined
}

/** The meta record with the signed head of the last entry that was forgotten. */
export const anchorName = 'audit-anchor'

/** Others have their turn between the pieces in which entries are forgotten. */
const pieceEntries = 1_000

/** An entry that is to be kept. */
interface DueEntry {
  readonly entry: AuditEntry
  readonly atMs: number
  readonly text: string
}

/** Entries that become durable together. */
interface EntryGroup {
  readonly entries: DueEntry[]
  readonly kept: Promise<void>
}

/** What is written down of who did what, as a chain that shows when something of it was changed. */
export class Audit {
  readonly #store: Store
  readonly #signer: () => Signer
  readonly #now: () => number
  readonly #owed = new OwedEntries()
  /** What is looked through is not trimmed meanwhile. */
  readonly #whole = new OneAtATime()
  /** Those that still wait for the store’s turn. */
  #group: EntryGroup | undefined
  /** The entry before the oldest one; `undefined` until it was looked for. */
  #before: number | undefined
  #verified: { readonly atMs: number; readonly verification: Verification } | undefined

  /** `signer`: who signs; asked each time, since the gateway’s certificate may be replaced. */
  constructor(store: Store, signer: () => Signer, now: () => number = Date.now) {
    this.#store = store
    this.#signer = signer
    this.#now = now
    store.onStateChange(({ at }) => {
      if (at === 'ready') void this.#settle()
    })
  }

  /** How many entries there are; `undefined` until {@link trim} has looked for the oldest. */
  get size(): number | undefined {
    return this.#before === undefined ? undefined : (this.#store.audit.head?.sequence ?? 0) - this.#before
  }

  /** Entries that wait until something can be kept again. */
  get owed(): number {
    return this.#owed.size
  }

  /** Entries that were given up, since too many had to wait. */
  get lost(): number {
    return this.#owed.lost
  }

  /** When the log was looked through last, and what came of it. */
  get verified(): { readonly atMs: number; readonly verification: Verification } | undefined {
    return this.#verified
  }

  /** Why nothing can be written down now. */
  get failing(): string | undefined {
    const { state } = this.#store
    return state.at === 'failing' ? state.reason : undefined
  }

  /**
   * Resolves when the entry is kept. One that cannot be is written as soon as it can, with the time at which it was due, and the promise
   * rejects: until then it is in memory only.
   */
  record(entry: AuditEntry): Promise<void> {
    const due = { entry, atMs: this.#now(), text: formatEntry(entry) }
    if (this.#group === undefined || this.#group.entries.length >= gatewayLimits.storeBatchChanges) this.#group = this.#begin()
    this.#group.entries.push(due)
    return this.#group.kept
  }

  /** A group that is open to all entries that come until the store takes it up: one change, and one promise, for them together. */
  #begin(): EntryGroup {
    const entries: DueEntry[] = []
    const kept = this.#store.change(({ audit }) => {
      if (this.#group?.entries === entries) this.#group = undefined
      for (const { atMs, text } of entries) appendText(audit, atMs, text)
    })
    return {
      entries,
      kept: kept.catch((why: unknown) => {
        if (this.#group?.entries === entries) this.#group = undefined
        for (const { entry, atMs } of entries) this.#owed.add(entry, atMs)
        throw why
      }),
    }
  }

  /** Writes an entry within the change that it tells of, so that there is never one without the other. */
  write({ audit }: Pick<Draft, 'audit'>, entry: AuditEntry): void {
    appendText(audit, this.#now(), formatEntry(entry))
  }

  /** Does what an entry tells of: both are kept, or neither. Rejects with what `act` throws, or where they cannot be kept; then nothing has changed. */
  change<T>(entry: AuditEntry, act: (draft: Draft) => T): Promise<T> {
    return this.#store.change(draft => {
      const made = act(draft)
      this.write(draft, entry)
      return made
    })
  }

  /** A change for others to make, of which an entry tells. */
  telling(entry: AuditEntry): Change {
    return (act, facts) => this.change({ ...entry, facts: { ...entry.facts, ...facts } }, act)
  }

  /** How far the log has come, signed; `undefined` where there is no entry yet. */
  signedHead(): string | undefined {
    const { head } = this.#store.audit
    return head && signHead(head, this.#signer())
  }

  search(query: AuditQuery): Promise<AuditPage> {
    return this.#store.audit.search(query)
  }

  /** How far the log has come. */
  get head(): AuditHead | undefined {
    return this.#store.audit.head
  }

  /** An entry with those beside it; `undefined` where there is none of this number. */
  async entry(sequence: number): Promise<EntryBeside | undefined> {
    const near = await this.#store.audit.read({ after: Math.max(0, sequence - 2), limit: 3 })
    const at = (wanted: number): AuditRecord | undefined => near.find(each => each.sequence === wanted)
    const entry = at(sequence)
    if (!entry) return undefined
    const before = at(sequence - 1)
    const previous = [before, beginning, this.#anchor()].find(each => each?.sequence === sequence - 1)
    const follows = previous && hashEntry(previous.hash, entry) === entry.hash
    return { entry, before, after: at(sequence + 1), previousHash: previous?.hash, follows }
  }

  /** Entries in their order, as they are stored. */
  read(range: AuditRange): Promise<readonly AuditRecord[]> {
    return this.#store.audit.read(range)
  }

  /** Calls `listener` each time something was kept, which may have been entries; gives a function that ends this. */
  onKept(listener: () => void): () => void {
    return this.#store.onFlush(({ kept }) => {
      if (kept) listener()
    })
  }

  /**
   * Looks through the whole log, and holds it against signed heads that were kept elsewhere: only they show that its end was cut off, or all of it written
   * anew. It waits while the log is trimmed or looked through for somebody else. Rejects with `invalid_argument` where a head is none of ours.
   */
  verify(signedHeads: readonly string[] = [], signal?: AbortSignal, onProgress?: (sequence: number) => void): Promise<Verification> {
    return this.#whole.run(async () => {
      const anchor = this.#anchor()
      const heads = signedHeads.map(each => this.#read(each))
      const entries = entriesOf(this.#store.audit, anchor?.sequence ?? 0, signal)
      const verification = await verifyAudit(entries, { anchor, heads, onProgress })
      this.#verified = { atMs: this.#now(), verification }
      return verification
    })
  }

  /** Forgets what is older, or more, than is to be kept, and writes that down; the rest can be verified as before. Gives how many entries went. */
  trim(retention: AuditRetention): Promise<number> {
    return this.#whole.run(() => this.#trim(retention))
  }

  async #trim({ maxAgeMs, maxEntries }: AuditRetention): Promise<number> {
    const { head } = this.#store.audit
    const [first] = await this.#store.audit.read({ limit: 1 })
    this.#before = first === undefined ? (head?.sequence ?? 0) : first.sequence - 1
    if (!head || !first) return 0
    const upTo = Math.max(head.sequence - maxEntries, await this.#lastBefore(this.#now() - maxAgeMs, first.sequence - 1, head.sequence))
    const removed = upTo - first.sequence + 1
    for (let before = first.sequence - 1; before < upTo; ) {
      const next = Math.min(before + pieceEntries, upTo)
      const [last] = await this.#store.audit.read({ after: next - 1, limit: 1 })
      if (!last) throw new HalibutError('internal_error', `the audit entry ${next} is missing`, { advice: 'verify the audit log' })
      await this.#store.change(draft => {
        draft.meta.put({ id: anchorName, text: signHead(last, this.#signer()) })
        if (next === upTo) this.write(draft, { who: 'gateway', action: 'audit.trimmed', outcome: 'done', facts: { upTo, removed } })
        draft.audit.removeUpTo(next)
      })
      before = next
      this.#before = next
    }
    return Math.max(removed, 0)
  }

  /** Writes what had to wait, in its order. What cannot be kept once more goes on waiting. */
  async #settle(): Promise<void> {
    const due = this.#owed.take()
    if (due.length === 0) return
    try {
      await this.#store.change(({ audit }) => {
        for (const each of due) appendText(audit, each.atMs, owedText(each))
      })
      this.#owed.kept(due)
    } catch {
      this.#owed.putBack(due)
    }
  }

  /**
   * The last of those entries between `low` and `high` that are older, up to the first that is not; `low` where there is none. Later ones may have got a
   * time of long ago, while the clock of the machine was wrong: that makes those before them no older.
   */
  async #lastBefore(atMs: number, low: number, high: number): Promise<number> {
    let last = low
    for await (const entry of entriesOf(this.#store.audit, low)) {
      if (entry.sequence >= high || entry.atMs >= atMs) break
      last = entry.sequence
    }
    return last
  }

  /** The last entry that was forgotten on purpose. */
  #anchor(): AuditHead | undefined {
    const text = this.#store.meta.get(anchorName)?.text
    return text === undefined ? undefined : this.#read(text)
  }

  /** Whichever of our certificates has signed it: a former one is kept for that. */
  #read(text: string): AuditHead {
    const head = parseHead(text)
    const former = this.#store.identities.get(head.thumbprint)?.certificatePem
    if (![this.#signer().certificatePem, former].some(pem => pem !== undefined && isSignedBy(head, pem)))
      throw new HalibutError(
        'invalid_argument',
        `the head of ${head.sequence} entries was not signed by this gateway (${head.thumbprint} is named in it)`,
      )
    return head
  }
}
