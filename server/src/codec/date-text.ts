/** The instants that a .NET DateTime can hold, in milliseconds since 1970. */
export const minDateMs = -62_135_596_800_000
export const maxDateMs = 253_402_300_799_999

const iso = /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?([Zz]|[-+]\d{2}:?\d{2})?)?$/

/**
 * Milliseconds since 1970 of RFC 3339 text, cut toward 1970 as .NET cuts (spec §4.6.1); without an offset it is local time.
 * `undefined` when it is none, or outside the years 1 to 9999.
 */
export function parseDate(text: string): number | undefined {
  const match = iso.exec(text.trim())
  if (!match) return undefined
  const [, year = '', month = '', day = '', hour = '0', minute = '0', second = '0', fraction = '', zone] = match
  if (Number(month) < 1 || Number(month) > 12 || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  if (Number(day) < 1 || Number(day) > daysIn(Number(year), Number(month))) return undefined
  const at = new Date(0)
  if (zone === undefined) {
    at.setFullYear(Number(year), Number(month) - 1, Number(day))
    at.setHours(Number(hour), Number(minute), Number(second), 0)
  } else {
    at.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
    at.setUTCHours(Number(hour), Number(minute), Number(second), 0)
  }
  const ms = at.getTime() - offsetMs(zone)
  const nanoseconds = Number(fraction.padEnd(9, '0'))
  const cut = Math.floor(nanoseconds / 1e6) + (ms < 0 && nanoseconds % 1e6 > 0 ? 1 : 0)
  const total = ms + cut
  return total < minDateMs || total > maxDateMs ? undefined : total
}

function offsetMs(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2))
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000
}

function daysIn(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  return month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31
}

/** `2020-01-02` when it is a day of the calendar, else `undefined`. */
export function parseDateOnly(text: string): string | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)
  if (!match) return undefined
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])] as const
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month) ? text : undefined
}

/** A time of day as .NET writes it, a fraction without trailing zeros: `03:04:05.678`; `undefined` when it is none. */
export function parseTimeOnly(text: string): string | undefined {
  const match = /^(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,7}))?)?$/.exec(text)
  if (!match) return undefined
  const [, hour = '', minute = '', second = '00', fraction = ''] = match
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  const kept = fraction.replace(/0+$/, '')
  return `${hour}:${minute}:${second}${kept === '' ? '' : `.${kept}`}`
}

/** A date as .NET’s invariant culture prints it, in local time: `01/02/2020 13:04:05`. */
export function printDate(date: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0')
  const day = `${two(date.getMonth() + 1)}/${two(date.getDate())}/${String(date.getFullYear()).padStart(4, '0')}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}
