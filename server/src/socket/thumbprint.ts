import { hash, type X509Certificate } from 'node:crypto'
import type { CertificateNames } from '../base/byte-channel.ts'
import { HalibutError } from '../base/errors.ts'

/** SHA-1 and SHA-256 of a certificate’s DER bytes, upper-case hex without separators (spec §1.4). */
export interface Thumbprints {
  readonly thumbprint: string
  readonly thumbprint256: string
}

/** The thumbprints of a peer’s certificate, and until when it is valid: UTC milliseconds since 1970. Nobody is turned away for that. */
export interface PeerCertificate extends Thumbprints {
  readonly expiresMs: number
}

/** The thumbprints of a certificate given as DER. */
export function thumbprintsOf(certificateDer: Uint8Array): Thumbprints {
  return { thumbprint: digest('sha1', certificateDer), thumbprint256: digest('sha256', certificateDer) }
}

/**
 * What is kept of a peer’s certificate. The thumbprints are out of Node’s `AB:CD:…` fingerprints, joined anew: its DER would take 2 KiB of resident memory for
 * each connection, and what `replaceAll` gives keeps 20 pieces alive.
 */
export function factsOfPeer({ fingerprint, fingerprint256, validTo }: X509Certificate): PeerCertificate {
  const thumbprint = fingerprint.split(':').join('')
  return { thumbprint, thumbprint256: fingerprint256.split(':').join(''), expiresMs: Date.parse(validTo) }
}

/** The thumbprint (SHA-1) of a certificate given as DER: what the Halibut protocol calls its thumbprint. */
export function thumbprintOf(certificateDer: Uint8Array): string {
  return digest('sha1', certificateDer)
}

/**
 * A thumbprint as a person writes or pastes it (colons, spaces, dashes, lower case, the invisible mark of the Windows certificate
 * dialogue), as 40 (SHA-1) or 64 (SHA-256) upper-case hex digits. `where` names the place for the error.
 * @throws {HalibutError} `invalid_argument`, with the place and the reason.
 */
export function normaliseThumbprint(text: string, where = 'thumbprint'): string {
  const digits = text.replace(/[\s:\-\u200e\u200f\ufeff]/g, '').toUpperCase()
  const stranger = /[^0-9A-F]/u.exec(digits)
  if (stranger) throw new HalibutError('invalid_argument', `${where}: '${stranger[0]}' is not a hexadecimal digit in '${shorten(text)}'`)
  if (digits.length !== 40 && digits.length !== 64) {
    throw new HalibutError(
      'invalid_argument',
      `${where}: '${shorten(text)}' has ${digits.length} hexadecimal digits; SHA-1 has 40, SHA-256 has 64`,
    )
  }
  return digits
}

/** The certificate’s subject as .NET prints it: the most specific part first, on one line. */
export function subjectText(certificate: X509Certificate): string {
  return onOneLine(certificate.subject)
}

/** Whom a certificate names, for people: nothing in it moves their cursor or fills their screen. */
export function namesOf({ subject, issuer }: X509Certificate): CertificateNames {
  const safe = (name: string | undefined): string => shorten(onOneLine(name).replace(/\p{C}/gu, '\ufffd'), 199)
  return { subject: safe(subject), issuer: safe(issuer) }
}

function onOneLine(name: string | undefined): string {
  return (name ?? '').split('\n').reverse().join(', ')
}

function digest(algorithm: 'sha1' | 'sha256', bytes: Uint8Array): string {
  return hash(algorithm, bytes, 'hex').toUpperCase()
}

function shorten(text: string, chars = 100): string {
  return text.length > chars ? `${text.slice(0, chars)}…` : text
}
