import { now } from '../state/clock.ts'
import { ageInWords } from '../values/format.ts'

/** How long ago, in words that change as time goes by; the exact time on hover. `at`: RFC 3339, or milliseconds since 1970. */
export function RelativeTime(props: { at: string | number; before?: string; after?: string }) {
  const date = new Date(props.at)
  const words = ageInWords(now.value - date.getTime())
  return (
    <time dateTime={date.toISOString()} title={date.toLocaleString()}>
      {words === 'just now' ? words : `${props.before ?? ''}${words}${props.after ?? ''}`}
    </time>
  )
}
