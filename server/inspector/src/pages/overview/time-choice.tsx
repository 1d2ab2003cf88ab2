import { type LookBack, lookBacks, type TimeRange, usualRange } from '../../address/route.ts'
import { Link } from '../../elements/link.tsx'
import { past, router } from '../../page.ts'

const names: Readonly<Record<LookBack, string>> = { 5: '5 minutes', 15: '15 minutes', 60: '1 hour', 360: '6 hours' }

/** Of which time the charts are. It stands in the address, so that it can be linked to. */
export function TimeChoice() {
  const route = router.route.value
  const range: TimeRange = (route.page === 'overview' ? route.range : undefined) ?? usualRange
  const steps = past.history.value?.steps ?? []
  const [first, last] = [steps[0], steps.at(-1)]
  return (
    <div class="row wrap time-choice">
      <h2>{'from' in range ? `${momentOf(range.from)} to ${momentOf(range.to)}` : `The last ${names[range.minutes]}`}</h2>
      <span class="spacer" />
      <nav class="tabs" aria-label="Time">
        {lookBacks.map(minutes => (
          <Link key={minutes} to={{ page: 'overview', range: { minutes } }} current={'minutes' in range && range.minutes === minutes}>
            {names[minutes]}
          </Link>
        ))}
      </nav>
      {first && last && 'minutes' in range && (
        <button
          type="button"
          class="small"
          title="Keeps the charts at this time, so that the address can be given to somebody"
          onClick={() =>
            router.go({ page: 'overview', range: { from: first.at, to: new Date(Date.parse(last.at) + last.ms).toISOString() } })
          }
        >
          Hold this time
        </button>
      )}
      {'minutes' in range && <p class="hint">Draw over a chart, or hold this time, to have it alone and to link to it.</p>}
    </div>
  )
}

function momentOf(at: string): string {
  return new Date(at).toLocaleString([], {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hour12: false,
  })
}
