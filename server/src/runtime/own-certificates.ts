import { HalibutError } from '../base/errors.ts'
import { type Certificate, checkCertificate } from './certificates.ts'
import type { Endpoint } from './endpoint.ts'

/**
 * Who we are to those that we dial: mostly one certificate. While one takes the place of another there are several, and Halibut has no way to say so:
 * the newest is presented, and an agent that ends the connection instead of saying who it is gets the next one, before anything was asked of it.
 */
export class OwnCertificates {
  #all: readonly [Certificate, ...Certificate[]]
  /** What messages say. */
  #text = ''
  /** While there are several: which one was accepted last, by the key of the endpoint. */
  readonly #accepted = new Map<string, Certificate>()
  readonly #onAccepted: (endpoint: Endpoint, own: string) => void

  /** `onAccepted`: an endpoint accepts another one than before. */
  constructor(certificate: Certificate, onAccepted: (endpoint: Endpoint, own: string) => void) {
    this.#all = [certificate]
    this.#text = certificate.thumbprint
    this.#onAccepted = onAccepted
  }

  /** The one that we are known by. */
  get first(): Certificate {
    return this.#all[0]
  }

  /** The thumbprints as a message names them. */
  get text(): string {
    return this.#text
  }

  /** The newest first. Throws `invalid_argument` where there is none, or one is no certificate. */
  present(certificates: readonly Certificate[]): void {
    const [first, ...others] = certificates
    if (!first) throw new HalibutError('invalid_argument', 'No certificate was provided.')
    for (const each of certificates) checkCertificate(each)
    this.#all = [first, ...others]
    this.#text = certificates.map(({ thumbprint }) => thumbprint).join(' or ')
    this.#accepted.clear()
  }

  /** Those to present to an endpoint, one after another: first the one that it accepted last; `newest`: whatever it accepted, to learn whether that has changed. */
  order({ key }: Endpoint, newest = false): readonly Certificate[] {
    const known = newest || this.#all.length === 1 ? undefined : this.#accepted.get(key)
    return known ? [known, ...this.#all.filter(each => each !== known)] : this.#all
  }

  /** An endpoint has accepted one of several. */
  accepted(endpoint: Endpoint, certificate: Certificate): void {
    if (this.#all.length === 1 || this.#accepted.get(endpoint.key) === certificate) return
    this.#accepted.set(endpoint.key, certificate)
    this.#onAccepted(endpoint, certificate.thumbprint)
  }
}

/** Whether an agent that was dialled may not trust the certificate that it saw: it says nothing, and ends the connection. */
export function mayBeDistrust(why: unknown): boolean {
  return why instanceof HalibutError && (why.kind === 'connection_lost' || (why.kind === 'tls_failed' && why.phase === 'tls'))
}
