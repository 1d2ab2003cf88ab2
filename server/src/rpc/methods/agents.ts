import type { AgentSnapshot } from '@halibut-gateway/schemas'
import { inTurns } from '../../base/in-turns.ts'
import { gatewayLimits } from '../../base/limits.ts'
import { type AgentDirectory, snapshotOf } from '../../fleet/agent-directory.ts'
import { changedAgents } from '../changed-agents.ts'
import type { Handlers } from '../run.ts'

/** The methods about the agents themselves. */
export function agentsMethods(
  directory: AgentDirectory,
  changesMs: number = gatewayLimits.agentChangesMs,
): Pick<Handlers, 'agents.list' | 'agents.get' | 'agents.watch'> {
  return {
    'agents.list': async () => ({ agents: await inTurns(snapshots(directory)) }),
    'agents.get': ({ agent }) => ({ agent: snapshotOf(directory.require(agent)) }),
    'agents.watch': async (_params, context) => {
      const agents = changedAgents(directory, changesMs)
      try {
        return await agents.feed.run(context)
      } finally {
        agents.close()
      }
    },
  }
}

/** So many take far less than a slice. */
const agentsAtOnce = 256

/** Tens of thousands of agents take longer than others should wait. */
function* snapshots(directory: AgentDirectory): Generator<undefined, AgentSnapshot[], undefined> {
  const found: AgentSnapshot[] = []
  for (const id of directory.ids()) {
    const agent = directory.get(id)
    if (agent) found.push(snapshotOf(agent))
    if (found.length % agentsAtOnce === 0) yield
  }
  return found
}
