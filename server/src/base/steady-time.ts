/**
 * The time of day, in whole milliseconds, as a clock tells it that nobody sets: what this process began with, plus the time since. For what is both
 * told to people and waited for.
 */
export function steadyTime(): number {
  return Math.floor(performance.timeOrigin + performance.now())
}
