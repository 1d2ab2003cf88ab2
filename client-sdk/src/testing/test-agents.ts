import { type Contract, checkContract, type ServiceImplementation } from '@halibut-gateway/schemas/contract'
import { type AgentEvent, type AgentSnapshot, type ContractJson, contractJson } from '@halibut-gateway/schemas/wire'
import type { SharedCall } from './shared-call.ts'
import { TestError } from './test-error.ts'

/** What a test agent’s method hears beside its arguments. */
export interface TestCallContext {
  /** Aborted when the call is given up: killed by its client, or beyond its deadline. */
  readonly signal: AbortSignal
}

/** What stands for an agent’s service: a function for each method of the contract. A data stream is its bytes, both ways. */
export type TestImplementation<C extends Contract> = ServiceImplementation<C, Uint8Array, TestCallContext>

/** An agent of a test. */
export interface TestAgent {
  /** Adds a service. Throws where the contract is not acceptable. */
  service<const C extends Contract>(contract: C, implementation: TestImplementation<C>): TestAgent
  /**
   * Changes what `agents.list` and `agents.watch` tell. Calls to an agent that is `disabled` fail, those to one that is polling wait until it
   * is `connected`.
   */
  set(changes: Partial<Pick<AgentSnapshot, 'name' | 'mode' | 'state' | 'reason' | 'connections' | 'roundTripMs'>>): TestAgent
  /** Takes the agent away. */
  remove(): void
}

/** A service of an agent, as it is called. */
export interface TestService {
  readonly json: ContractJson
  readonly implementation: Readonly<Record<string, (...args: unknown[]) => unknown>>
}

interface Agent {
  snapshot: AgentSnapshot
  readonly services: Map<string, TestService>
  /** Calls that wait for it. */
  readonly waiting: Set<() => void>
}

/** The agents of a gateway in memory. */
export class TestAgents {
  readonly #tell: (event: AgentEvent) => void
  readonly #agents = new Map<string, Agent>()

  constructor(tell: (event: AgentEvent) => void) {
    this.#tell = tell
  }

  /** Adds an agent. Throws where the id is taken. */
  add(id: string): TestAgent {
    if (this.#agents.has(id)) throw new Error(`there is an agent ${id} already`)
    const agent: Agent = { snapshot: firstSnapshot(id), services: new Map(), waiting: new Set() }
    this.#agents.set(id, agent)
    this.#tell({ type: 'changed', agents: [agent.snapshot] })
    const handle: TestAgent = {
      service: (contract, implementation) => {
        const check = checkContract(contract)
        if (!check.ok)
          throw new Error(`the contract is not acceptable: ${check.issues.map(issue => `${issue.place} ${issue.message}`).join('; ')}`)
        const json = contractJson(contract)
        agent.services.set(contract.service, { json, implementation: implementation as unknown as TestService['implementation'] })
        return handle.set({})
      },
      set: changes => {
        agent.snapshot = { ...agent.snapshot, ...changes, services: [...agent.services.keys()], since: new Date().toISOString() }
        this.#tell({ type: 'changed', agents: [agent.snapshot] })
        for (const wake of [...agent.waiting]) wake()
        return handle
      },
      remove: () => {
        this.#agents.delete(id)
        this.#tell({ type: 'removed', ids: [id] })
      },
    }
    return handle
  }

  snapshots(): AgentSnapshot[] {
    return [...this.#agents.values()].map(({ snapshot }) => snapshot)
  }

  /** An agent. Throws `agent_not_found`. */
  snapshot(id: string): AgentSnapshot {
    return this.#require(id).snapshot
  }

  /** A service of an agent. Throws where there is none, or the agent is disabled. */
  service(id: string, name: string): TestService {
    const agent = this.#require(id)
    if (agent.snapshot.state === 'disabled') throw new TestError('agent_unavailable', `the agent ${id} is disabled`, 'not_sent', false)
    const service = find(agent.services, name)
    if (!service) throw new TestError('service_not_found', `the agent ${id} has no service ${name}`, 'not_sent')
    return service
  }

  /** The contract of a service, whichever agent has it. Throws `service_not_found`. */
  contract(name: string): Contract {
    for (const { services } of this.#agents.values()) {
      const service = find(services, name)
      if (service) return service.json.contract
    }
    throw new TestError('service_not_found', `no contract is known for ${name}`, 'not_sent')
  }

  /** Resolves when the agent takes a request. */
  async taken(id: string, call: SharedCall<unknown>): Promise<void> {
    const agent = this.#require(id)
    while (agent.snapshot.mode === 'polling' && agent.snapshot.state !== 'connected') {
      let wake: () => void = () => undefined
      const changed = new Promise<void>(resolve => {
        wake = resolve
      })
      agent.waiting.add(wake)
      try {
        await call.unlessStopped(changed)
      } finally {
        agent.waiting.delete(wake)
      }
    }
  }

  #require(id: string): Agent {
    const agent = this.#agents.get(id)
    if (!agent) throw new TestError('agent_not_found', `there is no agent ${id}`, 'not_sent')
    return agent
  }
}

/** By its name, or a further one. */
function find(services: ReadonlyMap<string, TestService>, name: string): TestService | undefined {
  return services.get(name) ?? [...services.values()].find(({ json }) => json.contract.aliases?.includes(name))
}

function firstSnapshot(id: string): AgentSnapshot {
  return {
    id,
    name: id,
    mode: 'listening',
    uri: 'https://test.invalid:10933/',
    thumbprint: '0'.repeat(40),
    state: 'connected',
    since: new Date().toISOString(),
    reason: 'it is a test',
    connections: 1,
    services: [],
    tags: [],
    version: '0',
    readOnly: false,
  }
}
