import type { AgentEvent } from '@halibut-gateway/schemas'
import { type AgentDirectory, snapshotOf } from '../../fleet/agent-directory.ts'
import type { Handlers } from '../run.ts'
import { WatchFeed } from '../watch-feed.ts'

/** The methods about the agents themselves. */
export function agentsMethods(directory: AgentDirectory): Pick<Handlers, 'agents.list' | 'agents.get' | 'agents.watch'> {
  return {
    'agents.list': () => ({ agents: directory.snapshots() }),
    'agents.get': ({ agent }) => ({ agent: snapshotOf(directory.require(agent)) }),
    'agents.watch': async (_params, context) => {
      // The newest change of each agent: a slow reader gets fewer of them, never a wrong last one.
      const feed = new WatchFeed<AgentEvent>(agentOf)
      const stop = directory.onChange(change => feed.push(change))
      try {
        return await feed.run({ type: 'snapshot', agents: directory.snapshots() }, context)
      } finally {
        stop()
      }
    },
  }
}

function agentOf(event: AgentEvent): string | undefined {
  if (event.type === 'snapshot') return undefined
  return event.type === 'removed' ? event.id : event.agent.id
}
