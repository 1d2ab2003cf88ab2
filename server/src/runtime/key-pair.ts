import type { KeyObject, X509Certificate } from 'node:crypto'
import { HalibutError } from '../base/errors.ts'

/** A certificate and the key that it was made with. */
export interface KeyPair {
  readonly certificate: X509Certificate
  readonly key: KeyObject
}

/** A certificate with its key and a long chain takes a quarter of it. */
const maxFileBytes = 64 * 1024

/** The certificate that belongs to one of the keys. `where` names the place in the error. */
export function pairOf(keys: readonly KeyObject[], certificates: readonly X509Certificate[], where: string): KeyPair {
  for (const key of keys) {
    const certificate = certificates.find(one => one.checkPrivateKey(key))
    if (certificate) return { certificate, key }
  }
  throw invalid(where, 'the private key does not belong to the certificate', 'supply the key that the certificate was made with')
}

/** Parsing what is much larger than a certificate would hold everything else up. */
export function checkSize(bytes: number, where: string): void {
  if (bytes > maxFileBytes) throw invalid(where, `it has ${bytes} bytes`, `supply a certificate file; those have at most ${maxFileBytes}`)
}

export function invalid(where: string, reason: string, advice: string, cause?: unknown): HalibutError {
  return new HalibutError('certificate_invalid', `${where}: ${reason}; ${advice}`, { advice, cause })
}
