import type { AgentSnapshot } from '@halibut-gateway/schemas'
import type { Access } from '../access/access.ts'
import type { Principal } from '../access/principal.ts'
import { HalibutError } from '../base/errors.ts'
import { type Agent, type AgentDefinition, type AgentDirectory, noAgent, snapshotOf } from '../fleet/agent-directory.ts'
import { ContractDirectory } from '../fleet/contract-directory.ts'
import { agentTarget } from './rule-target.ts'

/** Which agents one principal sees, and what of them, by the rules as they are at each moment. */
export class AgentSight {
  readonly #access: Access
  readonly #principal: Principal
  readonly #contracts: ContractDirectory

  constructor(access: Access, principal: Principal, contracts: ContractDirectory = new ContractDirectory()) {
    this.#access = access
    this.#principal = principal
    this.#contracts = contracts
  }

  /** It sees every agent that there is or will be, as long as the rules stay as they are. */
  get isWhole(): boolean {
    return this.#access.seesAll(this.#principal)
  }

  /** It sees all of every agent, whatever the rules say. */
  get isUnlimited(): boolean {
    return this.#principal.role === 'admin'
  }

  /** Also one that is not there any more. */
  sees({ definition: { id, tags } }: { readonly definition: Pick<AgentDefinition, 'id' | 'tags'> }): boolean {
    return this.#access.decide(this.#principal, 'agents.read', { agent: { id, tags } }).allowed
  }

  /** Throws `agent_not_found` where there is no such agent, and the same where it may not be seen. */
  find(directory: AgentDirectory, id: string): Agent {
    const agent = directory.get(id)
    if (agent && this.sees(agent)) return agent
    throw noAgent(id)
  }

  /** An agent as it is shown; throws as {@link find} does. */
  require(directory: AgentDirectory, id: string): AgentSnapshot {
    return this.snapshot(this.find(directory, id))
  }

  /** Whether there is something to see at an agent beside itself. */
  hasServices({ definition: { id, services = [] } }: Agent): boolean {
    return services.length > 0 || this.#contracts.servicesOf(id).length > 0
  }

  /** An agent that is seen, with those of its services that are. */
  snapshot(agent: Agent): AgentSnapshot {
    const { id, tags, services = [] } = agent.definition
    const own = this.#contracts.servicesOf(id)
    const all = own.length === 0 ? services : [...new Set([...services, ...own])]
    if (this.isUnlimited) return snapshotOf(agent, all)
    const target = { id, tags }
    return snapshotOf(
      agent,
      all.filter(service => this.#access.decide(this.#principal, 'agents.read', { agent: target, service }).allowed),
    )
  }

  /** Calls `listener` after each change of the rules; gives a function that ends this. */
  onChange(listener: () => void): () => void {
    return this.#access.onChange(listener)
  }

  /** Calls `listener` after each change of contracts, with whom it concerns; gives a function that ends this. */
  onContracts(listener: (concerns: (agent: Agent) => boolean) => void): () => void {
    return this.#contracts.onChange(({ agent: only, json: { contract } }) => {
      const names = new Set([contract.service, ...(contract.aliases ?? [])])
      listener(({ definition: { id, services } }) =>
        only === undefined ? (services ?? []).some(service => names.has(service)) : id === only,
      )
    })
  }
}

/**
 * Throws where a principal may not call a method of an agent: `agent_not_found` where it may not see the agent either, so that it does not learn
 * that there is one; else `forbidden`, with the reason.
 */
export function requireCall(
  access: Access,
  principal: Principal,
  directory: AgentDirectory,
  { agent: id, service, method }: { readonly agent: string; readonly service: string; readonly method: string },
): void {
  const agent = agentTarget(directory, id)
  const { allowed, reason } = access.decide(principal, 'agents.call', { agent, service, method })
  if (allowed) return
  if (!directory.get(id) || !access.decide(principal, 'agents.read', { agent }).allowed) throw noAgent(id)
  throw new HalibutError('forbidden', reason, { advice: 'ask an admin for a rule that allows it' })
}
