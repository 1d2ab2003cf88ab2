import type { AgentSnapshot } from '@halibut-gateway/schemas'
import { choose, chosen } from '../call-state.ts'
import { agents } from '../gateway-state.ts'
import { RelativeTime } from './relative-time.tsx'

/** The agents with their live state; one of them is the one to call. */
export function AgentList() {
  const list = [...(agents.value?.values() ?? [])]
  return (
    <section class="agents" aria-label="Agents">
      <h2>Agents</h2>
      <ul>
        {list.map(agent => (
          <li key={agent.id}>
            <AgentCard agent={agent} selected={agent.id === chosen.value?.agent} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function AgentCard({ agent, selected }: { agent: AgentSnapshot; selected: boolean }) {
  return (
    <button
      type="button"
      class="card agent"
      aria-pressed={selected}
      data-agent={agent.id}
      data-state={agent.state}
      onClick={() => choose({ agent: agent.id })}
    >
      <span class="row">
        <i class={`dot ${agent.state}`} />
        <strong>{agent.name}</strong>
        <span class="spacer" />
        <span class={`state ${agent.state}`}>{agent.state}</span>
      </span>
      <span class="reason">
        {agent.reason} · <RelativeTime at={Date.parse(agent.since)} />
      </span>
      <dl>
        <dt>{agent.mode === 'polling' ? 'polls' : 'listens'}</dt>
        <dd class="mono">{agent.uri}</dd>
        <dt>pin</dt>
        <dd class="mono" title={agent.thumbprint}>
          {agent.thumbprint.slice(0, 8)}…{agent.thumbprint.slice(-8)}
        </dd>
        {agent.mode === 'polling' ? (
          <>
            <dt>links</dt>
            <dd>{agent.connections === 1 ? '1 connection' : `${agent.connections} connections`}</dd>
          </>
        ) : (
          <>
            <dt>probe</dt>
            <dd>{agent.roundTripMs === undefined ? 'none yet' : `${agent.roundTripMs} ms`}</dd>
          </>
        )}
      </dl>
    </button>
  )
}
