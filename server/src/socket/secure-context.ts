import { constants } from 'node:crypto'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import { HalibutError } from '../base/errors.ts'

/** A certificate and its private key, PEM, as TLS takes them. */
export interface TlsIdentity {
  readonly certificatePem: string
  readonly keyPem: string
}

/**
 * How we speak TLS in both roles: 1.2 and 1.3, no session tickets. The peer’s certificate is its only identity, and a resumed session
 * does not always carry one.
 */
export const tlsOptions: SecureContextOptions = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3', secureOptions: constants.SSL_OP_NO_TICKET }

const contexts = new WeakMap<TlsIdentity, SecureContext>()
let anonymous: SecureContext | undefined

/**
 * The one context with which all dials of an identity are made; making one for each dial halves the handshake rate. Without an identity:
 * the one that presents no certificate (discovery).
 * @throws {HalibutError} `certificate_invalid` when TLS can’t use the pair.
 */
export function secureContextOf(identity: TlsIdentity | undefined): SecureContext {
  if (!identity) {
    anonymous ??= createSecureContext(tlsOptions)
    return anonymous
  }
  const known = contexts.get(identity)
  if (known) return known
  const made = usable(() => createSecureContext({ ...tlsOptions, cert: identity.certificatePem, key: identity.keyPem }))
  contexts.set(identity, made)
  return made
}

/** Runs what hands a certificate to OpenSSL, and turns its refusal into our error. */
export function usable<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new HalibutError('certificate_invalid', `TLS cannot use the certificate with its key: ${reason}`, { cause: error })
  }
}
