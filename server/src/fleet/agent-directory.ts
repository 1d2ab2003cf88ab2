import type { AgentLimits, AgentSnapshot } from '@halibut-gateway/schemas'
import { HalibutError, type PresentedCertificate } from '../base/errors.ts'
import { steadyTime } from '../base/steady-time.ts'
import { printSubscription } from '../runtime/endpoint.ts'
import { type AgentNews, type AgentState, initialState, nextState, presenceAt } from './agent-state.ts'
import { StateHistory } from './state-history.ts'
import { versionOf } from './version-of.ts'

/** What an operator says about an agent. */
export interface AgentDefinition {
  readonly id: string
  /** For people. Default: the id. */
  readonly name?: string | undefined
  /** `https://host:port/` where it listens, `poll://name/` where it polls. */
  readonly uri: string
  /** The certificate it must show: SHA-1, 40 upper-case hex digits. */
  readonly thumbprint: string
  /** A further certificate that is as good, while it takes the place of that one. */
  readonly nextThumbprint?: string | undefined
  /** Names of the services that it hosts and whose contracts are known. */
  readonly services?: readonly string[] | undefined
  /** What it is told apart by in lists and rules. */
  readonly tags?: readonly string[] | undefined
  /** Those of the runtime that it has otherwise than other agents. */
  readonly limits?: AgentLimits | undefined
  /** Default false. */
  readonly disabled?: boolean | undefined
  /** Why, for people. */
  readonly disabledReason?: string | undefined
}

/** An agent as the directory keeps it. */
export interface Agent {
  readonly definition: AgentDefinition
  /** Another one for each definition, and the same for the same, so that it outlives a restart. */
  readonly version: string
  /** It is not to be changed while the gateway runs. */
  readonly readOnly: boolean
  /** Where it is; the same frozen object as long as the agent is known. */
  readonly endpoint: { readonly uri: string; readonly thumbprint: string; readonly nextThumbprint?: string; readonly limits?: AgentLimits }
  readonly mode: 'listening' | 'polling'
  readonly state: AgentState
  /** Live ones, of a polling agent. */
  readonly connections: number
  /** The last probe of a listening agent, where there was one. */
  readonly probe: ProbeResult | undefined
  /** Dials of a listening agent that another certificate answers than the pinned one, as long as that is so. */
  readonly mismatch: Mismatch | undefined
}

/** Another certificate than the pinned one answers dials. Times are UTC milliseconds since 1970. */
export interface Mismatch {
  readonly presented: PresentedCertificate
  readonly count: number
  readonly firstSeenMs: number
  readonly lastSeenMs: number
}

/** What a probe told. */
export interface ProbeResult {
  /** When it ended, in UTC milliseconds since 1970. */
  readonly atMs: number
  /** That of the last one that was answered. */
  readonly roundTripMs: number | undefined
}

/** What was noticed of an agent beside news. */
export interface AgentFacts {
  /** How many there are now. */
  readonly connections?: number
  /** It was probed just now; with a round trip where it answered. */
  readonly probe?: { readonly roundTripMs?: number }
  /** Another certificate than the pinned one answered; `null`: the pinned one did. */
  readonly presented?: PresentedCertificate | null
}

/** The agents the gateway knows, and in which state each is. The same for list, watch, metrics and calls. No look and no change costs more where there are more. */
export class AgentDirectory {
  readonly #agents = new Map<string, Agent>()
  /** The ids of the polling ones, by subscription in its printed form. */
  readonly #polling = new Map<string, string>()
  readonly #listeners = new Set<(id: string) => void>()
  readonly #history = new StateHistory()
  readonly #now: () => number

  constructor(now: () => number = steadyTime) {
    this.#now = now
  }

  /** Throws `conflict` where the id, or the subscription of a polling agent, is taken. */
  add(definition: AgentDefinition, readOnly = false): Agent {
    if (this.#agents.has(definition.id)) throw taken(`an agent with the id ${definition.id} exists already`)
    const agent = this.#newAgent(definition, readOnly)
    this.#own(agent)
    return this.#put(agent)
  }

  /**
   * Puts another definition in the place of the one of the same id. It stays in its state where it is at the same place with the same certificate,
   * or one that it may have already; elsewhere it has not been seen yet. Throws `agent_not_found`, and `conflict` where the subscription is another agent’s.
   */
  update(definition: AgentDefinition): Agent {
    const before = this.require(definition.id)
    const fresh = this.#newAgent(definition, before.readOnly)
    if (this.#own(fresh) !== subscriptionOf(before)) this.#disown(before)
    if (!isOverlap(before.definition, definition)) return this.#put(fresh)
    const why = disabledWhy(definition)
    const news: AgentNews = why === undefined ? { type: 'enable' } : { type: 'disable', why }
    const endpoint =
      hasSameCertificates(before.definition, definition) && hasSameLimits(before.definition, definition) ? before.endpoint : fresh.endpoint
    return this.#put({ ...before, definition, endpoint, version: fresh.version, state: nextState(before.state, news, this.#now()) })
  }

  /** Forgets an agent; gives what it was. */
  remove(id: string): Agent | undefined {
    const agent = this.#agents.get(id)
    if (!agent) return undefined
    this.#agents.delete(id)
    this.#history.forget(id)
    this.#disown(agent)
    this.#tell(id)
    return agent
  }

  get(id: string): Agent | undefined {
    const agent = this.#agents.get(id)
    return agent?.state.next ? this.#present(agent) : agent
  }

  /** Throws `agent_not_found`. */
  require(id: string): Agent {
    const agent = this.get(id)
    if (!agent) throw noAgent(id)
    return agent
  }

  /** The states that it was in, as far as is remembered, the present one first. Throws `agent_not_found`. */
  states(id: string): AgentState[] {
    const agent = this.#agents.get(id)
    if (!agent) throw noAgent(id)
    return this.#history.of(id, agent.state, this.#now())
  }

  /** As it is now, whoever has noticed that already. */
  #present(agent: Agent): Agent {
    const state = presenceAt(agent.state, this.#now())
    return state === agent.state ? agent : { ...agent, state }
  }

  /** The polling agent that owns a subscription in its printed form. */
  bySubscription(subscription: string): Agent | undefined {
    const id = this.#polling.get(subscription)
    return id === undefined ? undefined : this.get(id)
  }

  ids(): string[] {
    return [...this.#agents.keys()]
  }

  /** Takes news of an agent, if any, and facts; unknown ids are ignored, since an agent may be removed while it is being probed. */
  report(id: string, news: AgentNews | undefined, facts: AgentFacts = {}): void {
    const agent = this.#agents.get(id)
    if (!agent) return
    const { connections, probe, presented } = facts
    const roundTripMs = probe?.roundTripMs ?? agent.probe?.roundTripMs
    const next: Agent = {
      ...agent,
      state: news ? nextState(agent.state, news, this.#now()) : agent.state,
      connections: connections ?? agent.connections,
      probe: probe ? { atMs: this.#now(), roundTripMs } : agent.probe,
      mismatch: presented === undefined ? agent.mismatch : presented === null ? undefined : this.#mismatch(agent, presented),
    }
    if (next.state !== agent.state || next.connections !== agent.connections || next.probe !== agent.probe) this.#put(next)
  }

  #mismatch({ mismatch: before }: Agent, presented: PresentedCertificate): Mismatch {
    const now = this.#now()
    const isSame = before?.presented.thumbprint256 === presented.thumbprint256
    return { presented, count: isSame ? before.count + 1 : 1, firstSeenMs: isSame ? before.firstSeenMs : now, lastSeenMs: now }
  }

  /** Calls `listener` with the id of each agent that was added, changed or removed; gives a function that ends this. */
  onChange(listener: (id: string) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #newAgent(definition: AgentDefinition, readOnly: boolean): Agent {
    const { uri, thumbprint, nextThumbprint, limits } = definition
    const mode = uri.toLowerCase().startsWith('poll:') ? 'polling' : 'listening'
    return {
      definition,
      version: definitionVersion(definition),
      readOnly,
      endpoint: Object.freeze({ uri, thumbprint, ...(nextThumbprint !== undefined && { nextThumbprint }), ...(limits && { limits }) }),
      mode,
      state: initialState(mode, this.#now(), disabledWhy(definition)),
      connections: 0,
      probe: undefined,
      mismatch: undefined,
    }
  }

  #put(agent: Agent): Agent {
    const { id } = agent.definition
    const before = this.#agents.get(id)
    if (before && before.state !== agent.state) this.#history.changed(id, before.state, agent.state, this.#now())
    this.#agents.set(id, agent)
    this.#tell(id)
    return agent
  }

  /** Gives an agent its subscription, where it has one. */
  #own(agent: Agent): string | undefined {
    const subscription = subscriptionOf(agent)
    if (subscription === undefined) return undefined
    const { id, uri } = agent.definition
    const owner = this.#polling.get(subscription) ?? id
    if (owner !== id) throw taken(`the subscription ${uri} belongs to the agent ${owner} already`)
    this.#polling.set(subscription, id)
    return subscription
  }

  #disown(agent: Agent): void {
    const subscription = subscriptionOf(agent)
    if (subscription !== undefined) this.#polling.delete(subscription)
  }

  #tell(id: string): void {
    for (const listener of this.#listeners) listener(id)
  }
}

/** The certificates that an agent may have. */
export function certificatesOf({ thumbprint, nextThumbprint }: Pick<AgentDefinition, 'thumbprint' | 'nextThumbprint'>): string[] {
  return nextThumbprint === undefined ? [thumbprint] : [thumbprint, nextThumbprint]
}

/** Whether an agent may have the same certificates by two definitions, in the same order. */
export function hasSameCertificates(one: AgentDefinition, other: AgentDefinition): boolean {
  return one.thumbprint === other.thumbprint && one.nextThumbprint === other.nextThumbprint
}

function hasSameLimits({ limits: one = {} }: AgentDefinition, { limits: other = {} }: AgentDefinition): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]) as Set<keyof AgentLimits>
  return [...names].every(name => one[name] === other[name])
}

/** Whether a definition leaves an agent where it is, with a certificate that it may have by the one before. */
export function isOverlap(before: AgentDefinition, after: AgentDefinition): boolean {
  const its = certificatesOf(before)
  return before.uri === after.uri && certificatesOf(after).some(each => its.includes(each))
}

/** The error of whoever names an agent that is not there, or that they may not see. */
export function noAgent(id: string): HalibutError {
  return new HalibutError('agent_not_found', `there is no agent ${id}`)
}

/** An agent as the browser sees it, with these services. */
export function snapshotOf(agent: Agent, services: readonly string[] = agent.definition.services ?? []): AgentSnapshot {
  const { definition, state, probe, mismatch } = agent
  return {
    id: definition.id,
    name: definition.name ?? definition.id,
    mode: agent.mode,
    uri: definition.uri,
    thumbprint: definition.thumbprint,
    ...(definition.nextThumbprint === undefined ? {} : { nextThumbprint: definition.nextThumbprint }),
    state: state.at,
    since: new Date(state.sinceMs).toISOString(),
    reason: state.reason,
    ...(state.advice === undefined ? {} : { advice: state.advice }),
    connections: agent.connections,
    ...(probe === undefined ? {} : { probed: new Date(probe.atMs).toISOString() }),
    ...(probe?.roundTripMs === undefined ? {} : { roundTripMs: probe.roundTripMs }),
    ...(mismatch === undefined ? {} : { mismatch: toldMismatch(mismatch) }),
    services: [...services],
    tags: [...(definition.tags ?? [])],
    ...(definition.limits && { limits: definition.limits }),
    version: agent.version,
    readOnly: agent.readOnly,
  }
}

function toldMismatch({ presented, count, firstSeenMs, lastSeenMs }: Mismatch): NonNullable<AgentSnapshot['mismatch']> {
  const { thumbprint, thumbprint256, subject, issuer } = presented
  const [firstSeen, lastSeen] = [new Date(firstSeenMs).toISOString(), new Date(lastSeenMs).toISOString()]
  return { thumbprint, thumbprint256, subject, issuer, count, firstSeen, lastSeen }
}

function definitionVersion(definition: AgentDefinition): string {
  const { id, name, uri, thumbprint, nextThumbprint, services = [], tags = [], limits } = definition
  return versionOf([
    id,
    name ?? id,
    uri,
    thumbprint,
    services,
    tags,
    disabledWhy(definition),
    ...(nextThumbprint === undefined ? [] : [nextThumbprint]),
    ...(limits ? [limits] : []),
  ])
}

function disabledWhy({ disabled, disabledReason }: AgentDefinition): string | undefined {
  return disabled ? (disabledReason ?? 'disabled') : undefined
}

function subscriptionOf({ mode, definition }: Agent): string | undefined {
  return mode === 'polling' ? printSubscription(definition.uri) : undefined
}

function taken(message: string): HalibutError {
  return new HalibutError('conflict', message)
}
