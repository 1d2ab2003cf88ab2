import type { AgentSnapshot, ContractEntry } from '@halibut-gateway/schemas'

/** The agents with a service that a contract is for. One that has its own uses that instead, which only the gateway knows. */
export function usersOf({ service, agent }: Pick<ContractEntry, 'service' | 'agent'>, agents: Iterable<AgentSnapshot>): AgentSnapshot[] {
  const found: AgentSnapshot[] = []
  for (const each of agents) if ((agent === undefined || each.id === agent) && each.services.includes(service)) found.push(each)
  return found
}

/** How many agents have each service. */
export function serviceCounts(agents: Iterable<AgentSnapshot>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { services } of agents) for (const service of services) counts.set(service, (counts.get(service) ?? 0) + 1)
  return counts
}
