import { gatewayLimits } from '../base/limits.ts'
import { steadyTime } from '../base/steady-time.ts'
import type { Mesh } from './mesh.ts'

/** When the certificates of agents expire, of those that expire within about a year: most last for many, and nothing is kept of them. */
export class ExpiringCertificates {
  readonly #now: () => number
  readonly #expiresMs = new Map<string, number>()
  readonly #stops: readonly (() => void)[]

  constructor(mesh: Pick<Mesh, 'on'>, now: () => number = steadyTime) {
    this.#now = now
    this.#stops = [
      mesh.on('subscriberConnected', event => this.#see(event)),
      mesh.on('connectionOpened', event => event.direction === 'outgoing' && this.#see(event)),
    ]
  }

  get size(): number {
    return this.#expiresMs.size
  }

  /** UTC milliseconds since 1970. */
  of(thumbprint: string): number | undefined {
    return this.#expiresMs.get(thumbprint.toUpperCase())
  }

  close(): void {
    for (const stop of this.#stops) stop()
  }

  #see({ thumbprint, expiresMs }: { readonly thumbprint: string | undefined; readonly expiresMs?: number | undefined }): void {
    if (thumbprint === undefined || expiresMs === undefined || expiresMs > this.#now() + gatewayLimits.expiryKnownMs) return
    this.#expiresMs.set(thumbprint, expiresMs)
  }
}
