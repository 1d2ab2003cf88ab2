const today: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }
const formats = {
  short: new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', ...today }),
  full: new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' }),
  day: new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' }),
}

/** A moment of RFC 3339 by the reader’s clock, without the year. */
export function shortMoment(time: string): string {
  return formats.short.format(new Date(time))
}

/** The same with the year and the zone. */
export function fullMoment(time: string): string {
  return formats.full.format(new Date(time))
}

/** Its day. */
export function dayOf(time: string | number): string {
  return formats.day.format(new Date(time))
}

/** How long it is until then, or since, in words of one unit. */
export function distanceInWords(ms: number): string {
  const days = Math.floor(Math.abs(ms) / 86_400_000)
  if (days >= 730) return `${Math.floor(days / 365)} years`
  if (days >= 2) return `${days} days`
  const hours = Math.floor(Math.abs(ms) / 3_600_000)
  return hours >= 2 ? `${hours} hours` : hours === 1 ? 'an hour' : 'less than an hour'
}
