import type { Principal } from '../../access/principal.ts'
import { HalibutError } from '../../base/errors.ts'
import { gatewayLimits } from '../../base/limits.ts'
import { timerMs } from '../../base/timer.ts'
import { drainingError } from '../draining-error.ts'
import type { TraceHeaders } from '../trace.ts'
import { HttpRequest } from './http-request.ts'

/** The methods that run for requests over HTTP: how many they may be, and how they end with the gateway. */
export class HttpRequests {
  readonly #running = new Set<HttpRequest>()
  readonly #ofPrincipal = new Map<string, number>()
  #isOpen = true
  #onEmpty: (() => void) | undefined

  /** Throws `too_many_calls`, and `draining` where nothing new is taken any more. */
  begin(principal: Principal, traced: TraceHeaders, params: unknown): HttpRequest {
    if (!this.#isOpen) throw drainingError('takes no request any more')
    const others = this.#ofPrincipal.get(principal.name) ?? 0
    if (others >= gatewayLimits.httpCallsInFlight) {
      throw new HalibutError('too_many_calls', `${others} requests of ${principal.name} are in flight over HTTP`)
    }
    const request = new HttpRequest(principal, traced, params)
    this.#running.add(request)
    this.#ofPrincipal.set(principal.name, others + 1)
    return request
  }

  /** It has been answered, or nobody waits for its answer. */
  end(request: HttpRequest): void {
    if (!this.#running.delete(request)) return
    const { name } = request.principal
    const left = (this.#ofPrincipal.get(name) ?? 1) - 1
    if (left > 0) this.#ofPrincipal.set(name, left)
    else this.#ofPrincipal.delete(name)
    if (this.#running.size === 0) this.#onEmpty?.()
  }

  /** Those of a sign-in that is over are given up. */
  signedOut(principal: Principal, why: HalibutError): void {
    for (const request of [...this.#running]) if (request.principal === principal) request.stop(why)
  }

  /** Takes nothing new. Resolves when all that runs has been answered; what is not done after `drainMs` ends as `closed`. */
  async drain(drainMs: number): Promise<void> {
    this.#isOpen = false
    if (this.#running.size === 0) return
    const emptied = new Promise<void>(resolve => {
      this.#onEmpty = resolve
    })
    let timer = setTimeout(() => {
      this.close()
      timer = setTimeout(() => this.#onEmpty?.(), gatewayLimits.closeGraceMs)
    }, timerMs(drainMs))
    await emptied
    clearTimeout(timer)
  }

  /** Ends what runs, and takes nothing new. */
  close(): void {
    this.#isOpen = false
    const why = new HalibutError('closed', 'the gateway is stopping, and this was not done in time')
    for (const request of [...this.#running]) request.stop(why)
  }
}
