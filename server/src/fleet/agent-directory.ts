import type { AgentSnapshot } from '@halibut-gateway/schemas'
import { HalibutError } from '../base/errors.ts'
import { printSubscription } from '../runtime/endpoint.ts'
import { type AgentNews, type AgentState, initialState, nextState } from './agent-state.ts'

/** What an operator says about an agent. */
export interface AgentDefinition {
  readonly id: string
  /** For people. Default: the id. */
  readonly name?: string | undefined
  /** `https://host:port/` where it listens, `poll://name/` where it polls. */
  readonly uri: string
  /** The certificate it must show: SHA-1, 40 upper-case hex digits. */
  readonly thumbprint: string
  /** Names of the services that it hosts and whose contracts are known. */
  readonly services?: readonly string[] | undefined
  /** Default false. */
  readonly disabled?: boolean | undefined
}

/** An agent as the directory keeps it. */
export interface Agent {
  readonly definition: AgentDefinition
  /** Where it is; the same frozen object as long as the agent is known. */
  readonly endpoint: { readonly uri: string; readonly thumbprint: string }
  readonly mode: 'listening' | 'polling'
  readonly state: AgentState
  readonly connections: number
  readonly roundTripMs: number | undefined
}

/** What changed. */
export type DirectoryChange =
  | { readonly type: 'changed'; readonly agent: AgentSnapshot }
  | { readonly type: 'removed'; readonly id: string }

/** The agents the gateway knows, and in which state each is. The same for list, watch, metrics and calls. */
export class AgentDirectory {
  readonly #agents = new Map<string, Agent>()
  /** The ids of the polling ones, by subscription in its printed form. */
  readonly #polling = new Map<string, string>()
  readonly #listeners = new Set<(change: DirectoryChange) => void>()
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** Throws `invalid_argument` where the id, or the subscription of a polling agent, is taken. */
  add(definition: AgentDefinition): Agent {
    if (this.#agents.has(definition.id)) throw taken(`an agent with the id ${definition.id} exists already`)
    const mode = definition.uri.toLowerCase().startsWith('poll:') ? 'polling' : 'listening'
    const subscription = mode === 'polling' ? printSubscription(definition.uri) : undefined
    if (subscription !== undefined) {
      const owner = this.#polling.get(subscription)
      if (owner !== undefined) throw taken(`the subscription ${definition.uri} belongs to the agent ${owner} already`)
      this.#polling.set(subscription, definition.id)
    }
    const agent: Agent = {
      definition,
      endpoint: Object.freeze({ uri: definition.uri, thumbprint: definition.thumbprint }),
      mode,
      state: initialState(this.#now(), definition.disabled ?? false),
      connections: 0,
      roundTripMs: undefined,
    }
    this.#agents.set(definition.id, agent)
    this.#tell({ type: 'changed', agent: snapshotOf(agent) })
    return agent
  }

  remove(id: string): void {
    const agent = this.#agents.get(id)
    if (!agent) return
    this.#agents.delete(id)
    if (agent.mode === 'polling') this.#polling.delete(printSubscription(agent.definition.uri))
    this.#tell({ type: 'removed', id })
  }

  get(id: string): Agent | undefined {
    return this.#agents.get(id)
  }

  /** Throws `agent_not_found`. */
  require(id: string): Agent {
    const agent = this.#agents.get(id)
    if (!agent) throw new HalibutError('agent_not_found', `there is no agent ${id}`)
    return agent
  }

  /** The polling agent that owns a subscription in its printed form. */
  bySubscription(subscription: string): Agent | undefined {
    const id = this.#polling.get(subscription)
    return id === undefined ? undefined : this.#agents.get(id)
  }

  list(): Agent[] {
    return [...this.#agents.values()]
  }

  snapshots(): AgentSnapshot[] {
    return this.list().map(snapshotOf)
  }

  /** Takes news of an agent; unknown ids are ignored, since an agent may be removed while it is being probed. */
  report(id: string, news: AgentNews, facts: { readonly connections?: number; readonly roundTripMs?: number } = {}): void {
    const agent = this.#agents.get(id)
    if (!agent) return
    const next: Agent = {
      ...agent,
      state: nextState(agent.state, news, this.#now()),
      connections: facts.connections ?? agent.connections,
      roundTripMs: facts.roundTripMs ?? agent.roundTripMs,
    }
    if (next.state === agent.state && next.connections === agent.connections && next.roundTripMs === agent.roundTripMs) return
    this.#agents.set(id, next)
    this.#tell({ type: 'changed', agent: snapshotOf(next) })
  }

  /** Calls `listener` at each change; gives a function that ends this. */
  onChange(listener: (change: DirectoryChange) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #tell(change: DirectoryChange): void {
    for (const listener of this.#listeners) listener(change)
  }
}

/** An agent as the browser sees it. */
export function snapshotOf(agent: Agent): AgentSnapshot {
  const { definition, state } = agent
  return {
    id: definition.id,
    name: definition.name ?? definition.id,
    mode: agent.mode,
    uri: definition.uri,
    thumbprint: definition.thumbprint,
    state: state.at,
    since: new Date(state.sinceMs).toISOString(),
    reason: state.reason,
    connections: agent.connections,
    ...(agent.roundTripMs === undefined ? {} : { roundTripMs: agent.roundTripMs }),
    services: [...(definition.services ?? [])],
  }
}

function taken(message: string): HalibutError {
  return new HalibutError('invalid_argument', message)
}
