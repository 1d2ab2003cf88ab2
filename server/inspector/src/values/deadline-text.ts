const longestSeconds = 86_400

/** A time in seconds as somebody types it, in milliseconds; `undefined` where there is none. */
export function readSeconds(typed: string): number | undefined | 'invalid' {
  const text = typed.trim().replace(',', '.')
  if (text === '') return undefined
  const seconds = Number(text)
  return seconds > 0 && seconds <= longestSeconds ? Math.ceil(Math.round(seconds * 1_000_000) / 1_000) : 'invalid'
}

/** The same in reverse. */
export function formatSeconds(ms: number | undefined): string {
  return ms === undefined ? '' : String(ms / 1_000)
}
