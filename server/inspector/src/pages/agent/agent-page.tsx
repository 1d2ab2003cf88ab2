import type { AgentSnapshot } from '@halibut-gateway/schemas'
import { useEffect } from 'preact/hooks'
import type { Route } from '../../address/route.ts'
import { Link } from '../../elements/link.tsx'
import { Notice } from '../../elements/notice.tsx'
import { useMedia } from '../../elements/use-media.ts'
import { agents, contracts, listView } from '../../page.ts'
import { AgentsBeside } from '../agents/agents-page.tsx'
import { Activity } from './activity.tsx'
import { AgentHead } from './agent-head.tsx'
import { AgentTabs } from './agent-tabs.tsx'
import { CallTab } from './call-tab.tsx'
import { Change } from './change.tsx'
import { Connections } from './connections.tsx'
import { AgentContracts } from './contracts.tsx'
import { Health } from './health.tsx'

/** One agent: how it is, a form to call it, what goes on there and what went on. */
export function AgentPage({ route }: { route: Route & { page: 'agent' } }) {
  const { agent: id } = route
  const isNarrow = useMedia('(max-width: 60rem)')
  const agent = agents.get(id)
  // The gateway tells of an agent anew when one of its contracts has changed.
  useEffect(() => contracts.refresh(id), [id, agent])
  if (!agent) {
    return (
      <Notice title={`There is no agent ${id}`}>
        <p>It was removed, its name is written otherwise, or you may not see it.</p>
        <Link to={{ page: 'agents', list: listView.value }} class="button">
          See all agents
        </Link>
      </Notice>
    )
  }
  return (
    <div class="columns">
      {!isNarrow && <AgentsBeside selected={id} />}
      <main class="agent-page" id="main" tabIndex={-1}>
        {isNarrow && (
          <Link to={{ page: 'agents', list: listView.value }} class="back">
            ‹ All agents
          </Link>
        )}
        {/* What was asked, answered or ticked there is about this agent, and goes with it. */}
        <AgentHead key={id} agent={agent} />
        <AgentTabs agent={id} tab={route.tab} />
        <Tab key={`${id} ${route.tab ?? ''}`} route={route} agent={agent} />
      </main>
    </div>
  )
}

function Tab({ route, agent }: { route: Route & { page: 'agent' }; agent: AgentSnapshot }) {
  switch (route.tab) {
    case undefined:
      return <CallTab agent={agent} />
    case 'activity':
      return <Activity agent={agent} explained={route.explain} />
    case 'connections':
      return <Connections agent={agent} />
    case 'health':
      return <Health agent={agent} />
    case 'contracts':
      return <AgentContracts agent={agent} />
    case 'change':
      return <Change agent={agent} />
  }
}
