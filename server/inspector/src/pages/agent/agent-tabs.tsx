import type { AgentTab } from '../../address/route.ts'
import { AgentLink } from '../../elements/agent-link.tsx'

const names: readonly (readonly [tab: AgentTab | undefined, name: string])[] = [
  [undefined, 'Call'],
  ['activity', 'Activity'],
  ['connections', 'Connections'],
  ['health', 'Health'],
  ['contracts', 'Contracts'],
  ['change', 'Change'],
]

/** What of an agent can be looked at, each with an address of its own. */
export function AgentTabs({ agent, tab }: { agent: string; tab: AgentTab | undefined }) {
  return (
    <nav class="tabs agent-tabs" aria-label="What of this agent">
      {names.map(([each, name]) => (
        <AgentLink key={name} id={agent} tab={each} current={each === tab}>
          {name}
        </AgentLink>
      ))}
    </nav>
  )
}
