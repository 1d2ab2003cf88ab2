/** A duration in the unit that reads best. */
export function formatMs(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`
  if (ms < 1_000) return `${Math.round(ms)} ms`
  return `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`
}

/** A size for people. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_024) return `${bytes} bytes`
  const [unit, size] = bytes < 1_048_576 ? ['KiB', 1_024] : bytes < 1_073_741_824 ? ['MiB', 1_048_576] : ['GiB', 1_073_741_824]
  return `${(bytes / Number(size)).toFixed(1)} ${unit}`
}

/** How long something took or is ago, in one unit. */
export function ageInWords(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  if (seconds < 2) return 'just now'
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

/** A count with its noun. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`
}

/** How long something lasts, in one unit. */
export function durationInWords(ms: number): string {
  return ms < 2_000 ? formatMs(Math.max(0, ms)) : ageInWords(ms)
}
