import type { AgentSnapshot } from '@halibut-gateway/schemas'
import { type AgentDirectory, snapshotOf } from '../fleet/agent-directory.ts'
import { ChangedItems } from './changed-items.ts'

/** About what the JSON of a snapshot has beside its texts. */
const frameChars = 340

/** The agents of which a reader of `agents.watch` has not been told yet. */
export function changedAgents(directory: AgentDirectory, changesMs: number): ChangedItems<AgentSnapshot> {
  return new ChangedItems(
    {
      ids: () => directory.ids(),
      get: id => {
        const agent = directory.get(id)
        return agent && snapshotOf(agent)
      },
      chars: ({ name, uri, reason, services, tags }) =>
        frameChars + name.length + uri.length + reason.length + services.join().length + tags.join().length,
      item: (type, agents) => ({ type, agents }),
      onChange: listener => directory.onChange(listener),
    },
    changesMs,
  )
}
