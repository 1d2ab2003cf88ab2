import { Turns } from '../base/turns.ts'
import type { AuditRecord } from '../store/records.ts'
import type { AuditHead, AuditLog } from '../store/store.ts'
import { beginning, hashEntry } from './chain.ts'

/** What looking through an audit log has found: all of it, or the first thing that is wrong. */
export type Verification =
  | { readonly ok: true; readonly first: number; readonly last: number }
  | { readonly ok: false; readonly sequence: number; readonly finding: AuditFinding; readonly message: string }

/**
 * `changed`: its hash does not follow (also where entries changed places); `missing`: there is a gap, or the log begins later than it should;
 * `cut-off`: the log ends before a head that was signed; `rewritten`: the chain holds, and is another one than the head was signed for.
 */
export type AuditFinding = 'changed' | 'missing' | 'cut-off' | 'rewritten'

/** What a log is held against. */
export interface VerifyOptions {
  /** The last entry that was forgotten on purpose. Default: none was. */
  readonly anchor?: AuditHead | undefined
  /** Heads that were kept elsewhere. Without one a cut end cannot be seen. Those before the anchor tell nothing any more. */
  readonly heads?: readonly AuditHead[]
  /** Hears now and then how far it has come. */
  readonly onProgress?: ((sequence: number) => void) | undefined
}

/** What is read and hashed in one turn of the event loop: a millisecond or two. */
const pageEntries = 250
/** Between two words about how far it has come. */
const progressEntries = 5_000

/** All entries of a log above a sequence, a page at a time. Others have their turn between two pages: neither reading nor hashing waits for anything. */
export async function* entriesOf(
  audit: Pick<AuditLog, 'read'>,
  after: number,
  signal?: AbortSignal,
): AsyncGenerator<AuditRecord, void, void> {
  const turns = new Turns()
  for (let last = after; ; await turns.next()) {
    signal?.throwIfAborted()
    const page = await audit.read({ after: last, limit: pageEntries })
    yield* page
    last = page.at(-1)?.sequence ?? last
    if (page.length < pageEntries) return
  }
}

/** Recomputes the chain over entries: those that follow the anchor, from the first to the last. */
export async function verifyAudit(
  entries: AsyncIterable<AuditRecord>,
  { anchor = beginning, heads = [], onProgress }: VerifyOptions = {},
): Promise<Verification> {
  const expected = new Map(heads.filter(head => head.sequence >= anchor.sequence).map(head => [head.sequence, head]))
  let before: AuditHead = anchor
  const differs = (): Verification | undefined => {
    const head = expected.get(before.sequence)
    if (head === undefined || head.hash === before.hash) return undefined
    return wrong(before.sequence, 'rewritten', `entry ${before.sequence} is not the one that the head was signed for`)
  }
  const atAnchor = differs()
  if (atAnchor) return atAnchor
  for await (const entry of entries) {
    const next = before.sequence + 1
    if (entry.sequence !== next) return wrong(next, 'missing', `entry ${next} is missing: ${entry.sequence} comes after ${before.sequence}`)
    if (entry.hash !== hashEntry(before.hash, entry)) return wrong(next, 'changed', `entry ${next} was changed, or the one before it`)
    before = { sequence: entry.sequence, hash: entry.hash }
    if (next % progressEntries === 0) onProgress?.(next)
    const differing = differs()
    if (differing) return differing
  }
  const farthest = Math.max(before.sequence, ...expected.keys())
  if (farthest > before.sequence)
    return wrong(
      before.sequence + 1,
      'cut-off',
      `the log ends with entry ${before.sequence}; a head was signed when there were ${farthest}`,
    )
  return { ok: true, first: anchor.sequence + 1, last: before.sequence }
}

function wrong(sequence: number, finding: AuditFinding, message: string): Verification {
  return { ok: false, sequence, finding, message }
}
