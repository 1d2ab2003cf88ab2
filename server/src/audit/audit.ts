import { HalibutError } from '../base/errors.ts'
import type { AuditHead, Draft, Store } from '../store/store.ts'
import { appendText } from './chain.ts'
import { type AuditEntry, formatEntry } from './entry.ts'
import { isSignedBy, parseHead, type Signer, signHead } from './signed-head.ts'
import { type Verification, verifyAudit } from './verify.ts'

/** How long entries are kept. */
export interface AuditRetention {
  readonly maxAgeMs: number
  readonly maxEntries: number
}

/** The name of the signed head of the last entry that was forgotten. */
const anchorName = 'audit-anchor'

/** Others have their turn between the pieces in which entries are forgotten. */
const pieceEntries = 1_000

/** What is written down of who did what, as a chain that shows when something of it was changed. */
export class Audit {
  readonly #store: Store
  readonly #signer: () => Signer
  readonly #now: () => number

  /** `signer`: who signs; asked each time, since the gateway’s certificate may be replaced. */
  constructor(store: Store, signer: () => Signer, now: () => number = Date.now) {
    this.#store = store
    this.#signer = signer
    this.#now = now
  }

  /** Resolves when the entry is kept. */
  record(entry: AuditEntry): Promise<void> {
    return this.#store.change(draft => this.write(draft, entry))
  }

  /** Writes an entry within the change that it tells of, so that there is never one without the other. */
  write({ audit }: Pick<Draft, 'audit'>, entry: AuditEntry): void {
    appendText(audit, this.#now(), formatEntry(entry))
  }

  /** How far the log has come, signed; `undefined` where there is no entry yet. */
  signedHead(): string | undefined {
    const { head } = this.#store.audit
    return head && signHead(head, this.#signer())
  }

  /**
   * Looks through the whole log, and holds it against signed heads that were kept elsewhere: only they show that its end was cut off, or all of it written
   * anew. Rejects with `invalid_argument` where one is none of ours.
   */
  async verify(signedHeads: readonly string[] = []): Promise<Verification> {
    const anchor = this.#store.meta.get(anchorName)?.text
    return verifyAudit(this.#store.audit, {
      anchor: anchor === undefined ? undefined : this.#read(anchor),
      heads: signedHeads.map(text => this.#read(text)),
    })
  }

  /** Forgets what is older, or more, than is to be kept, and writes that down; the rest can be verified as before. Gives how many entries went. */
  async trim({ maxAgeMs, maxEntries }: AuditRetention): Promise<number> {
    const { head } = this.#store.audit
    const [first] = await this.#store.audit.read({ limit: 1 })
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
    }
    return Math.max(removed, 0)
  }

  /** The last entry that is older, above `low` and below `high`; `low` where none is. */
  async #lastBefore(atMs: number, low: number, high: number): Promise<number> {
    let [older, newer] = [low, high]
    while (newer - older > 1) {
      const middle = Math.floor((older + newer) / 2)
      const [entry] = await this.#store.audit.read({ after: middle - 1, limit: 1 })
      if (entry && entry.atMs < atMs) older = middle
      else newer = middle
    }
    return older
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
