import type { Phase } from '@halibut-gateway/schemas/wire'
import { offAbort, onAbort } from '../base/abort-listeners.ts'
import { argumentText, checkArgument } from '../base/argument.ts'
import { HalibutError } from '../base/errors.ts'
import type { MemoryCharge } from '../base/memory-charge.ts'
import { timerMs } from '../base/timer.ts'
import type { AnswerStreams } from '../exchange/answer.ts'

/** How long a call may wait and run, whose it is, and who may cancel it. Milliseconds; `undefined`: no limit of its own. */
export interface CallTimes {
  readonly signal?: AbortSignal | undefined
  /** The whole call, to its answer; data streams that follow the answer have limits of their own. */
  readonly timeoutMs?: number | undefined
  /**
   * The part of it that waits for a connection: in the queue of a polling agent, or until one to a listening agent is ready. Default: what is
   * left of `timeoutMs`; without that, what the limits say.
   */
  readonly queueTimeoutMs?: number | undefined
  /** Whose call it is: where calls wait for a polling agent, callers are served in turn. Default: all calls are one caller’s. */
  readonly caller?: string | undefined
  /**
   * Takes over the memory that the values of a large result are charged with: to be released when the result is let go. Default: it is released
   * as soon as the call is answered.
   */
  readonly onCharge?: ((charge: MemoryCharge) => void) | undefined
  /** Called when the request is about to leave on a connection, again where it is tried on another one: from then on it may run. */
  readonly onSending?: (() => void) | undefined
  /** Hears how far the call is beside that; see {@link CallStep}. */
  readonly onStep?: OnCallStep | undefined
}

/**
 * - `connect`: an attempt to open a connection begins, of a call to a listening agent
 * - `failed`: it failed, and another one follows after a pause; with its error
 * - `execute`: the request has left whole, with its data streams
 * - `response`: the answer has come, and is read
 */
export type CallStep = 'connect' | 'failed' | 'execute' | 'response'

/** Hears of a step of a call; `why` with `failed`. */
export type OnCallStep = (step: CallStep, why?: HalibutError) => void

/** Throws `invalid_argument` for times that are no times, and for a signal or a caller that is none. Any length is fine. */
export function checkTimes({ timeoutMs, queueTimeoutMs, signal, caller }: CallTimes): void {
  if (signal !== undefined) checkArgument(signal, 'signal', 'signal')
  if (caller !== undefined) checkArgument(caller, 'caller', 'text')
  checkTime('timeoutMs', timeoutMs)
  checkTime('queueTimeoutMs', queueTimeoutMs)
}

/** Throws `invalid_argument` for what is no time. */
export function checkTime(name: string, ms: number | undefined): void {
  // Callers without types may give anything.
  if (ms === undefined || (typeof ms === 'number' && ms > 0)) return
  throw new HalibutError('invalid_argument', `${name} must be a number of milliseconds above 0, not ${argumentText(ms)}`)
}

/** One signal out of the caller’s own and the two deadlines of a call. */
export class CallDeadline {
  readonly #times: Pick<CallTimes, 'signal' | 'timeoutMs'>
  readonly #controller = new AbortController()
  readonly #whole: NodeJS.Timeout | undefined
  readonly #wait: NodeJS.Timeout | undefined
  #expired: Expired | undefined

  /** `wait`: for the part that waits, where that is to be timed here. */
  constructor(times: Pick<CallTimes, 'signal' | 'timeoutMs'>, wait: Expired | undefined) {
    this.#times = times
    const { signal, timeoutMs } = times
    if (signal?.aborted) this.#controller.abort(signal.reason)
    else if (signal) onAbort(signal, this.#cancelled)
    if (timeoutMs !== undefined) this.#whole = setTimeout(this.#expire, timerMs(timeoutMs), { name: 'timeoutMs', ms: timeoutMs })
    if (wait && !(timeoutMs !== undefined && timeoutMs <= wait.ms)) this.#wait = setTimeout(this.#expire, timerMs(wait.ms), wait)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** The request has been handed to a connection. */
  begun(): void {
    clearTimeout(this.#wait)
  }

  /** The answer is there: only the caller’s own signal may still end what follows it. */
  answered(): void {
    clearTimeout(this.#wait)
    clearTimeout(this.#whole)
  }

  /** The call is over: no timer, no listener stays. */
  end(): void {
    this.answered()
    const { signal } = this.#times
    if (signal) offAbort(signal, this.#cancelled)
  }

  /** A cancellation that was ours is told as the deadline it was. */
  told(why: unknown): unknown {
    return this.#expired && why instanceof HalibutError && why.kind === 'cancelled' ? deadlineError(this.#expired, why) : why
  }

  readonly #cancelled = (): void => this.#controller.abort(this.#times.signal?.reason)

  readonly #expire = (what: Expired): void => {
    this.#expired = what
    this.#controller.abort()
  }
}

/** A time that has passed: a call’s own, or the limit where it has none. */
export interface Expired {
  readonly name: 'timeoutMs' | 'queueTimeoutMs' | 'connectWaitMs'
  readonly ms: number
}

/** The error of a call that was given up since its time had passed, with what is known of the reason. */
export function deadlineError({ name, ms }: Expired, why: HalibutError): HalibutError {
  const { phase, delivery, endpoint = 'the agent', cause } = why
  const within = `within its ${name} of ${ms} ms`
  const isUnsent = delivery === 'not_sent'
  const reason = why.reason ?? (isUnsent && phase ? underWay[phase] : undefined)
  const what = isUnsent
    ? `the request was not sent to ${endpoint} ${within}`
    : `the request was sent to ${endpoint}, but no answer came ${within}`
  return new HalibutError('deadline_exceeded', reason ? `${what}: ${reason}` : what, {
    phase,
    delivery,
    endpoint: why.endpoint,
    reason,
    cause: cause ?? why,
  })
}

/** Makes a call within its times; `wait`: of the part that waits, where that is to be timed here. */
export async function callWithin(
  times: Pick<CallTimes, 'signal' | 'timeoutMs'>,
  wait: Expired | undefined,
  run: (signal: AbortSignal, onBegun: () => void) => Promise<AnswerStreams | undefined>,
): Promise<AnswerStreams | undefined> {
  const deadline = new CallDeadline(times, wait)
  let streaming = false
  try {
    const streams = await run(deadline.signal, () => deadline.begun())
    deadline.answered()
    if (streams) {
      streaming = true
      streams.done.then(
        () => deadline.end(),
        () => deadline.end(),
      )
    }
    return streams
  } catch (why) {
    throw deadline.told(why)
  } finally {
    if (!streaming) deadline.end()
  }
}

/** What it waited for, where nobody knows better. */
const underWay: { readonly [P in Phase]?: string } = {
  connect: 'the connection was still being opened',
  tls: 'the TLS handshake was still under way',
  identify: 'the connection was still being made ready',
}
