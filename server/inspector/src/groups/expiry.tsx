import { now } from '../state/clock.ts'
import { expiryOf } from '../values/certificate-rows.ts'
import { dayOf, distanceInWords } from '../values/moments.ts'

/** When a certificate expires, and how soon that is. `at`: UTC milliseconds since 1970; absent: nobody has seen it yet. */
export function Expiry({ at }: { at: number | undefined }) {
  if (at === undefined) return <span class="quiet">not known yet</span>
  const leftMs = at - now.value
  const words = leftMs > 0 ? `in ${distanceInWords(leftMs)}` : `${distanceInWords(leftMs)} ago`
  return (
    <span class={`expiry ${expiryOf(at, now.value)}`}>
      <time dateTime={new Date(at).toISOString()}>{dayOf(at)}</time> <span class="in-words">{leftMs > 0 ? words : `expired ${words}`}</span>
    </span>
  )
}
