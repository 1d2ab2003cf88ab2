import { useSignal } from '@preact/signals'
import { useMedia } from '../../elements/use-media.ts'
import { agents, listView, session, table } from '../../page.ts'
import { NoAgents } from '../attach/no-agents.tsx'
import { AgentList } from './agent-list.tsx'
import { usualColumns } from './columns.tsx'
import { Filters } from './filters.tsx'
import { SelectionBar } from './selection-bar.tsx'

/** All agents, live. */
export function AgentsPage() {
  const compact = useMedia('(max-width: 60rem)')
  const isWide = useMedia('(min-width: 96rem)')
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
  const shown = listView.value.columns ?? usualColumns(isWide)
  return (
    <main class="agents-page" id="main" tabIndex={-1}>
      <h1>Agents</h1>
      <Filters compact={compact} {...(compact ? {} : { shown })} />
      {session.may('agents.write') && <SelectionBar />}
      <AgentList compact={compact} shown={shown} />
      <Nothing />
    </main>
  )
}

/** The list beside an agent’s page. */
export function AgentsBeside({ selected }: { selected: string }) {
  return (
    <aside class="beside" aria-label="Agents">
      <Filters compact />
      <AgentList compact current={selected} />
      <Nothing />
    </aside>
  )
}

function Nothing() {
  return table.count.value === 0 ? <p class="hint empty-list">No agent fits what you look for.</p> : null
}
