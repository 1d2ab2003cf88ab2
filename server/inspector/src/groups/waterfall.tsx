import { formatMs } from '../values/format.ts'
import { type PhaseBar, phaseWords } from '../values/phase-bars.ts'

/** What a call did and does, one below the other, as long as it took. */
export function Waterfall({ bars }: { bars: readonly PhaseBar[] }) {
  if (bars.length === 0) return null
  const endMs = Math.max(1, ...bars.map(({ toMs }) => toMs))
  return (
    <table class="waterfall" aria-label="What took how long">
      <tbody>
        {bars.map((bar, i) => {
          const { phase, attempt, fromMs, toMs, failed } = bar
          const { name, about } = phaseWords[bar.isPause ? 'pause' : phase]
          const x = (fromMs / endMs) * 100
          return (
            <tr key={i} class={failed ? 'failed' : phase} data-phase={phase} title={failed ? failed.message : about}>
              <th scope="row">
                {name}
                {attempt !== undefined && ` ${attempt}`}
              </th>
              <td class="part">
                <svg width="100%" height="12" aria-hidden="true" focusable="false">
                  <rect x={`${x}%`} y="1" width={`${Math.max(0.6, ((toMs - fromMs) / endMs) * 100)}%`} height="10" rx="2" />
                </svg>
              </td>
              <td class="time">
                {failed && <span class="problem">{failed.kind} </span>}
                {formatMs(toMs - fromMs)}
                {bar.isRunning && ' …'}
              </td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}
