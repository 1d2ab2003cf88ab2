import { now } from '../gateway-state.ts'

/** How long ago, in words that change as time goes by; the exact time on hover. */
export function RelativeTime(props: { at: number }) {
  const seconds = Math.max(0, Math.round((now.value - props.at) / 1_000))
  const date = new Date(props.at)
  return (
    <time dateTime={date.toISOString()} title={date.toLocaleString()}>
      {inWords(seconds)}
    </time>
  )
}

function inWords(seconds: number): string {
  if (seconds < 2) return 'just now'
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}
