import { offAbort, onAbort } from '../base/abort-listeners.ts'
import { HalibutError } from '../base/errors.ts'

/** How long a call may wait and run, whose it is, and who may cancel it. Milliseconds; `undefined`: no limit of its own. */
export interface CallTimes {
  readonly signal?: AbortSignal | undefined
  /** From the moment the request is handed to a connection. */
  readonly timeoutMs?: number | undefined
  /** Until then: in the queue of a polling agent, or while connecting to a listening one. */
  readonly queueTimeoutMs?: number | undefined
  /** Whose call it is: where calls wait for a polling agent, callers are served in turn. Default: all calls are one caller’s. */
  readonly caller?: string | undefined
  /** Called when the request is about to leave on a connection, again where it is tried on another one: from then on it may run. */
  readonly onSending?: (() => void) | undefined
}

/**
 * One signal out of the caller’s own and the two deadlines of a call. Waiting and executing are timed apart, so that a call that was
 * collected late still has its full time.
 */
export class CallDeadline {
  readonly #times: CallTimes
  readonly #controller = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #expired: 'waiting' | 'executing' | undefined

  constructor(times: CallTimes, timesWaiting: boolean) {
    this.#times = times
    const { signal, queueTimeoutMs } = times
    if (signal?.aborted) this.#controller.abort(signal.reason)
    if (signal) onAbort(signal, this.#cancelled)
    if (timesWaiting && queueTimeoutMs !== undefined) this.#timer = setTimeout(this.#expire, queueTimeoutMs, 'waiting')
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** The request has been handed to a connection. */
  begun(): void {
    clearTimeout(this.#timer)
    const { timeoutMs } = this.#times
    if (timeoutMs !== undefined) this.#timer = setTimeout(this.#expire, timeoutMs, 'executing')
  }

  /** The call is over: no timer, no listener stays. */
  end(): void {
    clearTimeout(this.#timer)
    const { signal } = this.#times
    if (signal) offAbort(signal, this.#cancelled)
  }

  /** A cancellation that was ours is told as the deadline it was. */
  told(why: unknown): unknown {
    if (!this.#expired || !(why instanceof HalibutError) || why.kind !== 'cancelled') return why
    const { timeoutMs, queueTimeoutMs } = this.#times
    const message =
      this.#expired === 'waiting'
        ? `no connection took the request within its queueTimeoutMs of ${queueTimeoutMs} ms`
        : `the request did not finish within its timeoutMs of ${timeoutMs} ms`
    return new HalibutError('deadline_exceeded', message, { phase: why.phase, delivery: why.delivery, endpoint: why.endpoint, cause: why })
  }

  readonly #cancelled = (): void => this.#controller.abort(this.#times.signal?.reason)

  readonly #expire = (what: 'waiting' | 'executing'): void => {
    this.#expired = what
    this.#controller.abort()
  }
}
