import { createPrivateKey, sign, verify, X509Certificate } from 'node:crypto'
import { HalibutError } from '../base/errors.ts'

/**
 * How far an audit log had come, signed: a text to be kept elsewhere, or pasted into a ticket. As transparency logs have it:
 *
 *     halibut-gateway 5FF6…        whose log it is: the thumbprint of the certificate that signs
 *     1042                         how many entries there were
 *     9f86d081884c7d65…            the hash of the last
 *                                  (an empty line)
 *     — halibut-gateway 5FF6… aGVsbG8…
 */
export interface SignedHead {
  /** SHA-1 of the certificate, upper-case hex. */
  readonly thumbprint: string
  readonly sequence: number
  readonly hash: string
  readonly signature: Buffer
}

/** A certificate and its key. */
export interface Signer {
  readonly certificatePem: string
  readonly keyPem: string
}

/** Signs how far a log has come. */
export function signHead({ sequence, hash }: { readonly sequence: number; readonly hash: string }, signer: Signer): string {
  const origin = `${name} ${thumbprintOf(new X509Certificate(signer.certificatePem))}`
  const text = `${origin}\n${sequence}\n${hash}\n`
  const signature = sign('sha256', Buffer.from(text), createPrivateKey(signer.keyPem))
  return `${text}\n— ${origin} ${signature.toString('base64')}\n`
}

/** A head as it goes to where it is kept: one line of JSON with nothing but ASCII, so that nothing on the way can break it. */
export function headMessage(head: string): string {
  return JSON.stringify({ head }).replaceAll(/[^\x20-\x7e]/g, each => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Reads such a text, or the line of JSON that has it. Throws `invalid_argument` where it is none. */
export function parseHead(text: string): SignedHead {
  const match = pattern.exec(textOf(text).replaceAll('\r\n', '\n').trim())
  if (!match)
    throw new HalibutError('invalid_argument', 'this is not the signed head of an audit log: three lines, an empty one, and a signature')
  const [, thumbprint = '', size = '', hash = '', signature = ''] = match
  return { thumbprint, sequence: Number(size), hash, signature: Buffer.from(signature, 'base64') }
}

/** Whether a head was signed with the key of a certificate. */
export function isSignedBy(head: SignedHead, certificatePem: string): boolean {
  const certificate = new X509Certificate(certificatePem)
  if (thumbprintOf(certificate) !== head.thumbprint) return false
  const text = `${name} ${head.thumbprint}\n${head.sequence}\n${head.hash}\n`
  return verify('sha256', Buffer.from(text), certificate.publicKey, head.signature)
}

const name = 'halibut-gateway'
const pattern = /^halibut-gateway ([0-9A-F]{40})\n([1-9][0-9]{0,14})\n([0-9a-f]{64})\n\n— halibut-gateway \1 ([A-Za-z0-9+/]{1,1400}={0,2})$/

function thumbprintOf({ fingerprint }: X509Certificate): string {
  return fingerprint.replaceAll(':', '')
}

/** Whatever stands before the JSON, as a collector of logs puts there, is no matter. */
function textOf(given: string): string {
  const [json] = /\{"head":"[^"]+"\}/.exec(given) ?? []
  return json === undefined ? given : (JSON.parse(json) as { readonly head: string }).head
}
