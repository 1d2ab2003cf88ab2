import { formatTimeSpanTicks, parseTimeSpanTicks } from '../base/time-span.ts'

const iso = /^(-)?P(?:(\d{1,8})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,11})M)?(?:(\d{1,13})(?:\.(\d{1,7})\d*)?S)?)?$/
/** .NET reads shorter forms too, where `5` means five days: nobody means that. */
const constant = /^-?(?:\d+\.)?\d\d:\d\d:\d\d(?:\.\d{1,7})?$/
const maxTicks = 2n ** 63n - 1n

/** Ticks (100 ns) of an ISO 8601 duration of days and smaller parts; `undefined` for anything else, or what a TimeSpan cannot hold. */
export function parseDuration(text: string): bigint | undefined {
  const match = iso.exec(text)
  if (!match || text.endsWith('P') || text.endsWith('T')) return undefined
  const [, sign, days = '0', hours = '0', minutes = '0', seconds = '0', fraction = ''] = match
  const wholeSeconds = ((BigInt(days) * 24n + BigInt(hours)) * 60n + BigInt(minutes)) * 60n + BigInt(seconds)
  const ticks = wholeSeconds * 10_000_000n + BigInt(fraction.padEnd(7, '0'))
  if (ticks > (sign ? maxTicks + 1n : maxTicks)) return undefined
  return sign ? -ticks : ticks
}

/** The ISO 8601 duration of ticks: `PT2M`, `P1DT0.5S`, `-PT5S`, `PT0S`. */
export function formatDuration(ticks: bigint): string {
  const magnitude = ticks < 0n ? -ticks : ticks
  const fraction = magnitude % 10_000_000n
  const total = magnitude / 10_000_000n
  const days = total / 86_400n
  const hours = (total / 3_600n) % 24n
  const minutes = (total / 60n) % 60n
  const seconds = total % 60n
  const fractionText = fraction > 0n ? `.${String(fraction).padStart(7, '0').replace(/0+$/, '')}` : ''
  const secondsText = seconds > 0n || fraction > 0n ? `${seconds}${fractionText}S` : ''
  const time = `${hours > 0n ? `${hours}H` : ''}${minutes > 0n ? `${minutes}M` : ''}${secondsText}`
  if (days === 0n && time === '') return 'PT0S'
  return `${ticks < 0n ? '-' : ''}P${days > 0n ? `${days}D` : ''}${time === '' ? '' : `T${time}`}`
}

/** An ISO 8601 duration, or what has .NET’s constant format already, as .NET’s constant format; `undefined` when it is none. */
export function durationToTimeSpan(text: string): string | undefined {
  const ticks = parseDuration(text) ?? (constant.test(text) ? parseTimeSpanTicks(text) : undefined)
  return ticks === undefined ? undefined : formatTimeSpanTicks(ticks)
}

/** A .NET TimeSpan text as an ISO 8601 duration; `undefined` when it is none. */
export function timeSpanToDuration(text: string): string | undefined {
  const ticks = parseTimeSpanTicks(text)
  return ticks === undefined ? undefined : formatDuration(ticks)
}
