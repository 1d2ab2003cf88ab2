/** What `setTimeout` takes; it fires at once for anything longer. */
const longestMs = 2 ** 31 - 1

/** A time for `setTimeout`: one beyond its range (24.8 days) becomes the longest that it has. */
export function timerMs(ms: number): number {
  return Math.min(ms, longestMs)
}
