const ticksPerMs = 10_000n
const ticksPerSecond = 10_000_000n
const maxTicks = 2n ** 63n - 1n
const pattern = /^(-)?(?:(\d{1,8})\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,7}))?)?$|^(-)?(\d{1,8})$/

/** .NET’s constant TimeSpan text of a number of 100 ns ticks: `[-][d.]hh:mm:ss[.fffffff]` (spec §4.6.3). */
export function formatTimeSpanTicks(ticks: bigint): string {
  const magnitude = ticks < 0n ? -ticks : ticks
  const fraction = magnitude % ticksPerSecond
  const seconds = magnitude / ticksPerSecond
  const days = seconds / 86_400n
  const clock = [(seconds / 3_600n) % 24n, (seconds / 60n) % 60n, seconds % 60n].map(part => String(part).padStart(2, '0')).join(':')
  return `${ticks < 0n ? '-' : ''}${days > 0n ? `${days}.` : ''}${clock}${fraction > 0n ? `.${String(fraction).padStart(7, '0')}` : ''}`
}

/**
 * Ticks of a TimeSpan text: the constant form, and what .NET’s reader takes besides (`1:2` is hours and minutes, `2` is days).
 * `undefined` for anything else.
 */
export function parseTimeSpanTicks(text: string): bigint | undefined {
  const match = pattern.exec(text.trim())
  if (!match) return undefined
  const [, sign, days = '0', hours = '0', minutes = '0', seconds = '0', fraction = '', wholeSign, wholeDays] = match
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined
  const wholeSeconds = ((BigInt(wholeDays ?? days) * 24n + BigInt(hours)) * 60n + BigInt(minutes)) * 60n + BigInt(seconds)
  const ticks = wholeSeconds * ticksPerSecond + BigInt(fraction.padEnd(7, '0'))
  const negative = (sign ?? wholeSign) !== undefined
  if (ticks > (negative ? maxTicks + 1n : maxTicks)) return undefined
  return negative ? -ticks : ticks
}

/** .NET’s constant TimeSpan text of milliseconds, as it stands in error messages: 120,000 is `00:02:00`, 1,500 is `00:00:01.5000000`. */
export function formatTimeSpan(ms: number): string {
  return formatTimeSpanTicks(BigInt(Math.round(ms * Number(ticksPerMs))))
}

/** Milliseconds of a TimeSpan text (with a fraction where it has ticks); `undefined` when it is none. */
export function parseTimeSpan(text: string): number | undefined {
  const ticks = parseTimeSpanTicks(text)
  return ticks === undefined ? undefined : Number(ticks) / Number(ticksPerMs)
}
