const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/**
 * A moment as somebody writes it: a day, a time of the reader’s own clock, RFC 3339, or how long ago (`30m`, `2h`, `7d`); as RFC 3339, and
 * `undefined` where it is none.
 */
export function momentIn(text: string, nowMs: number): string | undefined {
  const tidy = text.trim()
  const [, count, unit = ''] = /^(\d{1,5})\s*([mhdw])$/i.exec(tidy) ?? []
  if (count !== undefined) return iso(nowMs - Number(count) * (units[unit.toLowerCase()] ?? 0))
  // A day by itself is a day of UTC to a browser, and of the reader’s clock to a person.
  if (/^\d{4}-\d\d-\d\d$/.test(tidy)) return iso(Date.parse(`${tidy}T00:00`))
  return /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/i.test(tidy)
    ? iso(Date.parse(tidy.replace(' ', 'T')))
    : undefined
}

function iso(ms: number): string | undefined {
  return Number.isNaN(ms) || Math.abs(ms) > 8.64e15 ? undefined : new Date(ms).toISOString()
}
