import type { AgentStore } from '../fleet/agent-manager.ts'
import type { Store } from '../store/store.ts'

/** The agents as the store keeps them. What is kept of one alone goes with it, in one change: its contracts, and which of our certificates it accepts. */
export function keptAgents(store: Store): AgentStore {
  return {
    all: () => store.agents.all(),
    put: agent => store.agents.put(agent),
    remove: id =>
      store.change(draft => {
        for (const contract of draft.contracts.all()) if (contract.agent === id) draft.contracts.remove(contract.id)
        draft.acceptances.remove(id)
        return draft.agents.remove(id)
      }),
  }
}
