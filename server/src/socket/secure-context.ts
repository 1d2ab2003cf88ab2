import { constants } from 'node:crypto'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import { HalibutError } from '../base/errors.ts'
import { messageOf } from '../base/message-of.ts'

/** A certificate and its private key, PEM, as TLS takes them. */
export interface TlsIdentity {
  readonly certificatePem: string
  readonly keyPem: string
}

/** How we speak TLS in both roles. */
export const tlsVersions = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' } as const

/**
 * A dial never resumes a session, so it wants no ticket: the peer’s certificate is its only identity, and a resumed session does not
 * always carry one. (A listener does not set this: it would then keep each session in memory instead, see listen.ts.)
 */
const dialOptions: SecureContextOptions = { ...tlsVersions, secureOptions: constants.SSL_OP_NO_TICKET }

const contexts = new WeakMap<TlsIdentity, SecureContext>()
let anonymous: SecureContext | undefined

/**
 * The one context with which all dials of an identity are made; making one for each dial halves the handshake rate. Without an identity:
 * the one that presents no certificate (discovery).
 * @throws {HalibutError} `certificate_invalid` when TLS can’t use the pair.
 */
export function secureContextOf(identity: TlsIdentity | undefined): SecureContext {
  if (!identity) {
    anonymous ??= createSecureContext(dialOptions)
    return anonymous
  }
  const known = contexts.get(identity)
  if (known) return known
  const made = usable(() => createSecureContext({ ...dialOptions, cert: identity.certificatePem, key: identity.keyPem }))
  contexts.set(identity, made)
  return made
}

/** Runs what hands a certificate to OpenSSL, and turns its refusal into our error. */
export function usable<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    const reason = messageOf(error)
    throw new HalibutError('certificate_invalid', `TLS cannot use the certificate with its key: ${reason}`, { cause: error })
  }
}
