import { HalibutError } from '../base/errors.ts'
import type { AuditRecord } from '../store/records.ts'
import type { AuditHead } from '../store/store.ts'
import { isSignedBy, parseHead, type SignedHead, type Signer, signHead } from './signed-head.ts'
import { type Verification, verifyAudit } from './verify.ts'

/** An audit log without its gateway: that of a state folder, whoever has it, of a backup, or one that was exported. */
export interface AuditCopy {
  /** All certificates that its gateway ever had, as PEM: one of them has signed. */
  readonly certificates: readonly string[]
  /** The signed head of the last entry that was forgotten on purpose. */
  readonly anchor: string | undefined
  /** Its last entry, where that is known before they are read. */
  readonly last: AuditHead | undefined
  /** Signs for it, where the key is there too. */
  readonly signer: Signer | undefined
  /** Entries above the anchor. An export is read once. */
  entries(): AsyncIterable<AuditRecord>
  /** The signed head that came along; known when the entries have been read. */
  readonly ownHead: () => string | undefined
  close(): Promise<void>
}

/** What reading a copy fails with whose end is missing. */
export class CutOffCopy extends Error {
  /** The last entry that is there. */
  readonly last: number

  constructor(last: number) {
    super(`the log ends with entry ${last}, and what stands behind the last one is missing`)
    this.last = last
  }
}

/** The signed head of a copy: its own, or one that is signed for its last entry. `undefined`: there is no entry. Throws `invalid_argument` where nobody can sign. */
export async function headOf(copy: AuditCopy): Promise<string | undefined> {
  const { last, signer } = copy
  if (!last) {
    for await (const _ of copy.entries());
    return copy.ownHead()
  }
  if (signer) return signHead(last, signer)
  throw new HalibutError('invalid_argument', 'the key is not there that signs heads of this log', {
    advice: 'ask the gateway that runs: its certificate is in a file of its own',
  })
}

/** What came of looking through a copy. */
export interface CopyVerification {
  readonly verification: Verification
  /** How many heads it was held against: without one a cut end cannot be seen. */
  readonly heads: number
  /** The thumbprints of the certificates that have signed them. A copy brings its own along: whose gateway they are, only who knows that can tell. */
  readonly signers: readonly string[]
}

/** Looks through a copy, and holds it against signed heads that were kept elsewhere. Rejects with `invalid_argument` for a head that is none of its gateway’s. */
export async function verifyCopy(copy: AuditCopy, signedHeads: readonly string[]): Promise<CopyVerification> {
  const read = (text: string): SignedHead => {
    const head = parseHead(text)
    if (copy.certificates.some(pem => isSignedBy(head, pem))) return head
    throw new HalibutError(
      'invalid_argument',
      `the head of ${head.sequence} entries names ${head.thumbprint}, and no certificate of this log’s gateway has signed it`,
      { advice: 'name a head of this gateway; where it is one, somebody has changed the certificates in the log' },
    )
  }
  const heads = signedHeads.map(read)
  const anchor = copy.anchor === undefined ? undefined : read(copy.anchor)
  let verification: Verification
  let lastHash: string | undefined
  async function* entries(): AsyncGenerator<AuditRecord, void, void> {
    for await (const entry of copy.entries()) {
      lastHash = entry.hash
      yield entry
    }
  }
  try {
    verification = await verifyAudit(entries(), { anchor, heads })
  } catch (why) {
    if (!(why instanceof CutOffCopy)) throw why
    verification = { ok: false, sequence: why.last + 1, finding: 'cut-off', message: why.message }
  }
  const text = copy.ownHead()
  const own = verification.ok && text !== undefined ? read(text) : undefined
  const all = own ? [...heads, own] : heads
  return {
    verification: own && verification.ok ? heldAgainst(own, verification, lastHash) : verification,
    heads: all.length,
    signers: [...new Set(all.map(({ thumbprint }) => thumbprint))],
  }
}

/** The head that came along must be that of the last entry. */
function heldAgainst(
  { sequence, hash }: SignedHead,
  found: Verification & { readonly ok: true },
  lastHash: string | undefined,
): Verification {
  if (sequence !== found.last) return cutOff(found.last, sequence)
  if (lastHash === undefined || lastHash === hash) return found
  return { ok: false, sequence, finding: 'rewritten', message: `entry ${sequence} is not the one that the head was signed for` }
}

function cutOff(last: number, signed: number): Verification {
  const message = `the log ends with entry ${last}; its own head was signed when there were ${signed}`
  return { ok: false, sequence: Math.min(last, signed) + 1, finding: 'cut-off', message }
}
