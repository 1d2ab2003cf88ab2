import { backoffDelayMs } from './backoff.ts'
import { openConnection } from './connection.ts'
import { timer } from './deadlines.ts'
import { closedError, type GatewayError, lost } from './errors.ts'
import type { Link } from './link.ts'
import type { ResolvedOptions } from './options.ts'
import type { ClientState, Outage } from './state.ts'

const nothing = (): void => undefined

/** Makes the connection of a link when somebody needs it, and again after it was lost. */
export class Reconnecting {
  readonly #options: ResolvedOptions
  readonly #link: Link
  readonly #onState: (state: ClientState) => void
  #state: ClientState = { at: 'idle' }
  /** When that began. */
  #sinceMs = 0
  /** Gives back what it holds: its timer, or its connection, which is held from the attempt to its end. */
  #leave = nothing
  /** To connect, since a connection has lasted. */
  #attempts = 0
  #outage: Outage | undefined

  /** After `idle` and `failed` nothing will connect by itself. */
  constructor(options: ResolvedOptions, link: Link, onState: (state: ClientState) => void) {
    this.#options = options
    this.#link = link
    this.#onState = onState
  }

  get state(): ClientState {
    return this.#state
  }

  /** Why there is no connection; `undefined` where there is one, or none was needed yet. */
  get outage(): Outage | undefined {
    return this.#outage
  }

  /** The same in words, behind those that say what came of it. */
  get trouble(): string {
    const state = this.#state
    if (!this.#outage) return ''
    const next = state.at === 'waiting' ? `, the next at ${state.nextAt.toISOString()}` : ''
    return `; no connection since ${this.#outage.since.toISOString()} (${this.#attempts} attempts${next}): ${this.#outage.why.message}`
  }

  /** Somebody waits for a connection. */
  need(): void {
    const { at } = this.#state
    if (at === 'idle' && this.#outage && this.#attempts > 0) this.#wait(this.#outage, performance.now() - this.#sinceMs)
    else if (at === 'idle' || at === 'failed') this.#connect()
  }

  /** Tries at once, also after the gateway refused. */
  now(): void {
    const { at } = this.#state
    if (at === 'closed' || at === 'connecting' || at === 'connected') return
    this.#attempts = 0
    this.#connect()
  }

  /** For ever. Idempotent. */
  close(): void {
    this.#enter({ at: 'closed' })
    this.#link.end(closedError('unknown'), closedError())
  }

  #connect(): void {
    const close = openConnection(this.#options, this.#link.resume, {
      onOpen: (socket, welcome) => {
        if (this.#link.attach(socket, welcome)) {
          const after = this.#outage
          this.#outage = undefined
          this.#enter({ at: 'connected', welcome, after }, close)
        } else this.#connect()
      },
      onFrame: frame => this.#link.receive(frame),
      onOver: why => this.#over(why),
    })
    this.#enter({ at: 'connecting', attempt: ++this.#attempts, ...this.#outage }, close)
  }

  /** An attempt failed, or the connection has ended. */
  #over(why: GatewayError): void {
    const { backoff, reconnect } = this.#options
    const hadOne = this.#state.at === 'connected'
    if (hadOne && performance.now() - this.#sinceMs >= backoff.maxMs) this.#attempts = 0
    const outage: Outage = { why, since: this.#outage?.since ?? new Date() }
    this.#outage = outage
    const goesOn = why.retryable && reconnect
    if (goesOn) this.#link.cut(why.message)
    else this.#link.end(lost(why.message, why), why)
    if (goesOn && (!hadOne || this.#link.isNeeded)) this.#wait(outage)
    else this.#enter({ at: hadOne && why.retryable ? 'idle' : 'failed', ...outage })
  }

  /** `passedMs` of the pause are over. */
  #wait(outage: Outage, passedMs = 0): void {
    const attempt = this.#attempts + 1
    const delayMs = Math.max(0, backoffDelayMs(attempt, this.#options.backoff, Math.random) - passedMs)
    const late = timer(() => this.#connect(), delayMs)
    this.#enter({ at: 'waiting', attempt, delayMs, nextAt: new Date(Date.now() + delayMs), ...outage }, () => clearTimeout(late))
  }

  /** The one way from state to state: what the one before holds is given back. None leads out of `closed`, where a hook closes meanwhile. */
  #enter(state: ClientState, leave = nothing): void {
    if (this.#state.at === 'closed') {
      leave()
      return
    }
    if (leave !== this.#leave) this.#leave()
    this.#leave = leave
    this.#state = state
    this.#sinceMs = performance.now()
    this.#onState(state)
  }
}
