import type { AgentStateName } from '@halibut-gateway/schemas'
import { gatewayLimits } from '../base/limits.ts'
import { steadyTime } from '../base/steady-time.ts'
import type { Agent, AgentDefinition, AgentDirectory } from './agent-directory.ts'

/** An agent that came, went or entered another state. */
export interface FleetChange {
  /** UTC milliseconds since 1970. */
  readonly atMs: number
  /** What was said about the agent then. */
  readonly definition: AgentDefinition
  /** `undefined`: it came. */
  readonly from: AgentStateName | undefined
  /** `undefined`: it is gone. */
  readonly to: AgentStateName | undefined
  readonly reason: string | undefined
}

interface Known {
  readonly state: AgentStateName
  readonly definition: AgentDefinition
}

/** Notices what happens to agents: how many are in each state, and the newest changes of it, so many of all agents together. */
export class FleetChanges {
  readonly #directory: AgentDirectory
  readonly #now: () => number
  readonly #known = new Map<string, Known>()
  readonly #counts: Record<AgentStateName, number> = { connected: 0, suspect: 0, offline: 0, untrusted: 0, disabled: 0 }
  readonly #newest: FleetChange[] = []
  readonly #listeners = new Set<(change: FleetChange, agent: Agent | undefined) => void>()
  readonly #stop: () => void
  #total = 0

  /** Those that are there already have not come. */
  constructor(directory: AgentDirectory, now: () => number = steadyTime) {
    this.#directory = directory
    this.#now = now
    for (const id of directory.ids()) {
      const agent = directory.get(id)
      if (!agent) continue
      this.#known.set(id, { state: agent.state.at, definition: agent.definition })
      this.#counts[agent.state.at]++
    }
    this.#stop = directory.onChange(id => this.#look(id))
  }

  /** How many agents are in each state. */
  get counts(): Readonly<Record<AgentStateName, number>> {
    return this.#counts
  }

  /** How many changes there ever were. */
  get total(): number {
    return this.#total
  }

  /** The number of the oldest one that is remembered; the first of all has the number 0. */
  get first(): number {
    return this.#total - this.#newest.length
  }

  /** The one of a number, where it is remembered. */
  get(number: number): FleetChange | undefined {
    return this.#newest[number - this.first]
  }

  /** Calls `listener` with each change, and the agent where it is there; gives a function that ends this. */
  onChange(listener: (change: FleetChange, agent: Agent | undefined) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  close(): void {
    this.#stop()
  }

  #look(id: string): void {
    const agent = this.#directory.get(id)
    const before = this.#known.get(id)
    const from = before?.state
    const to = agent?.state.at
    if (!agent) this.#known.delete(id)
    else if (from !== to || before?.definition !== agent.definition) {
      this.#known.set(id, { state: agent.state.at, definition: agent.definition })
    }
    const definition = agent?.definition ?? before?.definition
    if (from === to || !definition) return
    if (from) this.#counts[from]--
    if (to) this.#counts[to]++
    const change: FleetChange = { atMs: this.#now(), definition, from, to, reason: agent?.state.reason }
    this.#newest.push(change)
    if (this.#newest.length > gatewayLimits.rememberedChanges) this.#newest.shift()
    this.#total++
    for (const listener of this.#listeners) listener(change, agent)
  }
}
