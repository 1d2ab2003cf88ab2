import type { AgentChange } from '@halibut-gateway/schemas'
import { useSignal } from '@preact/signals'
import { AgentLink } from '../../elements/agent-link.tsx'
import { RelativeTime } from '../../elements/relative-time.tsx'
import { StateBadge } from '../../elements/state-badge.tsx'
import { fleetChanges } from '../../page.ts'

const shownAtOnce = 10

/** Agents that came, went or entered another state, the newest first. */
export function Changes() {
  const known = fleetChanges.value
  const most = useSignal(shownAtOnce)
  const changes = known?.changes ?? []
  return (
    <section aria-label="What changed" class="panel changes">
      <h2>What changed</h2>
      {!known && <p class="hint">Asking the gateway.</p>}
      {known && changes.length === 0 && <p class="hint">No agent came, went or entered another state since the gateway started.</p>}
      <ol>
        {changes.slice(0, most.value).map(change => (
          <Change key={`${change.at} ${change.agent} ${change.to}`} change={change} />
        ))}
      </ol>
      {changes.length > most.value && (
        <button
          type="button"
          class="small"
          onClick={() => {
            most.value += 4 * shownAtOnce
          }}
        >
          Show more of {changes.length.toLocaleString('en')}
          {known?.isCut ? ' that are remembered' : ''}
        </button>
      )}
    </section>
  )
}

function Change({ change: { at, agent, name, from, to, reason } }: { change: AgentChange }) {
  return (
    <li>
      <span class="quiet when">
        <RelativeTime at={at} />
      </span>
      <span class="what">
        {to ? <AgentLink id={agent}>{name}</AgentLink> : <b>{name}</b>}{' '}
        <span class="quiet">{to === undefined ? 'was removed' : from === undefined ? 'came, and is' : `was ${from}, and is`}</span>{' '}
        {to && <StateBadge state={to} />}
        {reason !== undefined && <span class="quiet why">{reason}</span>}
      </span>
    </li>
  )
}
