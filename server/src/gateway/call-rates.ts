import { HalibutError } from '../base/errors.ts'
import { gatewayLimits } from '../base/limits.ts'

const { socketRateMs, ratedCallers } = gatewayLimits

/** How many requests over sockets are taken in `socketRateMs`. */
export interface CallLimits {
  readonly socketCallsPerAddress: number
  readonly socketCallsPerToken: number
}

/** How much one caller may ask for still. A request costs a comparison and a sum. */
export class Allowance {
  readonly #max: number
  readonly #whose: string
  #sinceMs = Number.NEGATIVE_INFINITY
  #used = 0

  constructor(max: number, whose: string) {
    this.#max = max
    this.#whose = whose
  }

  /** Takes one request; the error where there is too much. `nowMs`: by `performance.now()`. */
  take(nowMs: number): HalibutError | undefined {
    if (nowMs - this.#sinceMs >= socketRateMs) {
      this.#sinceMs = nowMs
      this.#used = 0
    }
    if (++this.#used <= this.#max) return undefined
    return new HalibutError('too_many_calls', `more than ${this.#max} requests in ${socketRateMs / 1_000} s ${this.#whose}`, {
      retryAfterMs: this.#sinceMs + socketRateMs - nowMs,
      advice: 'wait, and ask more rarely from then on',
    })
  }
}

/** The allowances of those who were heard of last. One that is forgotten goes on for the sockets that have it. */
export class CallRates {
  readonly #limits: CallLimits
  readonly #allowances = new Map<string, Allowance>()

  constructor(limits: CallLimits = gatewayLimits) {
    this.#limits = limits
  }

  ofAddress(network: string): Allowance {
    return this.#of(`address ${network}`, () => new Allowance(this.#limits.socketCallsPerAddress, 'from this address'))
  }

  ofPrincipal(name: string): Allowance {
    return this.#of(`principal ${name}`, () => new Allowance(this.#limits.socketCallsPerToken, 'with this sign-in'))
  }

  #of(key: string, create: () => Allowance): Allowance {
    const allowance = this.#allowances.get(key) ?? create()
    this.#allowances.delete(key)
    this.#allowances.set(key, allowance)
    const [oldest] = this.#allowances.keys()
    if (this.#allowances.size > ratedCallers && oldest !== undefined) this.#allowances.delete(oldest)
    return allowance
  }
}
