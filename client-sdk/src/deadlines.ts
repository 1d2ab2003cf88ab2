import { GatewayError } from './errors.ts'

/** The times of a request. Milliseconds; `undefined`: none. */
export interface Times {
  /** All of it. */
  readonly timeoutMs?: number | undefined
  /** The part that waits to be sent. */
  readonly queueTimeoutMs?: number | undefined
}

/** A longer timer would end at once. */
export const longestTimerMs = 2 ** 31 - 1

/** How much longer than its deadline a request that is with the gateway is waited for: the gateway’s own error tells more. */
const answerGraceMs = 1_000

/** Throws `invalid_argument` for what is no time. */
export function checkTime(name: string, ms: number | undefined, mayBeNone = false): void {
  if (ms === undefined || ms > 0 || (mayBeNone && ms === 0)) return
  throw new GatewayError('invalid_argument', `${name} must be a number of milliseconds, not ${ms}`)
}

/** `setTimeout`, for any time. */
export function timer(run: () => void, ms: number): ReturnType<typeof setTimeout> {
  return setTimeout(run, Math.min(ms, longestTimerMs))
}

/** A time as it travels: whole milliseconds, or none where it never passes. */
export function wireTime(ms: number | undefined): number | undefined {
  return ms === undefined || ms === Number.POSITIVE_INFINITY ? undefined : Math.max(1, Math.ceil(ms))
}

/**
 * Calls `giveUp` with the time that has passed: before the request is sent after the shorter of both. One that is sent has until `timeoutMs`, and
 * a little longer where the gateway minds that itself and can be heard. Gives what ends this.
 */
export function watchTimes(
  { timeoutMs = Number.POSITIVE_INFINITY, queueTimeoutMs = timeoutMs }: Times,
  isSent: () => boolean,
  isMinded: () => boolean,
  giveUp: (ms: number) => void,
): () => void {
  const beganMs = performance.now()
  let running: ReturnType<typeof setTimeout> | undefined
  const look = (): void => {
    const limitMs = isSent() ? timeoutMs : Math.min(timeoutMs, queueTimeoutMs)
    let leftMs = limitMs - (performance.now() - beganMs)
    if (leftMs <= 0 && isSent() && isMinded()) leftMs += answerGraceMs
    if (leftMs <= 0) giveUp(limitMs)
    else if (leftMs < Number.POSITIVE_INFINITY) running = timer(look, leftMs)
  }
  look()
  return () => clearTimeout(running)
}
