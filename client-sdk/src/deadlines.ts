import { GatewayError } from './errors.ts'

/** The times of a request. Milliseconds; `undefined`: none. */
export interface Times {
  /** All of it. */
  readonly timeoutMs?: number | undefined
  /** The part that waits to be sent. */
  readonly queueTimeoutMs?: number | undefined
}

/** A longer timer would end at once. */
const longestTimerMs = 2 ** 31 - 1

/** How much longer than its deadline a request that is with the gateway is waited for: the gateway’s own error tells more. */
const answerGraceMs = 1_000

/** Throws `invalid_argument` for what is no time; `least` 1: nor may it be none. */
export function checkTime(name: string, ms: number | undefined, least: 0 | 1 = 1): void {
  if (ms === undefined || (least === 0 ? ms >= 0 : ms > 0)) return
  throw new GatewayError('invalid_argument', `${name} must be a number of milliseconds ${least === 0 ? 'from' : 'above'} 0, not ${ms}`)
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
  { timeoutMs, queueTimeoutMs }: Times,
  isSent: () => boolean,
  isMinded: () => boolean,
  giveUp: (ms: number) => void,
): () => void {
  const firstMs = Math.min(timeoutMs ?? Number.POSITIVE_INFINITY, queueTimeoutMs ?? Number.POSITIVE_INFINITY)
  let running: ReturnType<typeof setTimeout>
  const wait = (gone: number, until: number, run: (ms: number) => void): void => {
    running = timer(() => run(until), until - gone)
  }
  const onWhole = (whole: number): void => {
    if (isMinded()) wait(0, answerGraceMs, () => giveUp(whole))
    else giveUp(whole)
  }
  wait(0, firstMs, () => {
    if (!isSent()) giveUp(firstMs)
    else if (timeoutMs === firstMs) onWhole(timeoutMs)
    else if (timeoutMs !== undefined) wait(firstMs, timeoutMs, onWhole)
  })
  return () => clearTimeout(running)
}
