import { useSignal } from '@preact/signals'
import { useMedia } from '../../elements/use-media.ts'
import { agents, table } from '../../page.ts'
import { NoAgents } from '../attach/no-agents.tsx'
import { AgentList } from './agent-list.tsx'
import { Filters } from './filters.tsx'

/** All agents, live. */
export function AgentsPage() {
  const compact = useMedia('(max-width: 60rem)')
  const count = agents.all().size
  // Who attaches the first agent goes on until it is there.
  const isFirst = useSignal(count === 0)
  if (count === 0) isFirst.value = true
  if (isFirst.value) {
    return (
      <NoAgents
        count={count}
        onDone={() => {
          isFirst.value = false
        }}
      />
    )
  }
  return (
    <main class="agents-page" id="main" tabIndex={-1}>
      <h1>Agents</h1>
      <Filters compact={compact} />
      <AgentList compact={compact} />
      {table.rows.value.length === 0 && <p class="hint empty-list">No agent fits what you look for.</p>}
    </main>
  )
}

/** The list beside an agent’s page. */
export function AgentsBeside({ selected }: { selected: string }) {
  return (
    <aside class="beside" aria-label="Agents">
      <Filters compact />
      <AgentList compact selected={selected} />
      {table.rows.value.length === 0 && <p class="hint empty-list">No agent fits what you look for.</p>}
    </aside>
  )
}
