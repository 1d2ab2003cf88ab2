import { gatewayLimits } from '../base/limits.ts'
import { steadyTime } from '../base/steady-time.ts'
import type { AgentDirectory } from '../fleet/agent-directory.ts'
import type { CallRegistry, OpenCall } from './call-registry.ts'

/** Calls of one agent that have not ended. */
export interface OpenCalls {
  queued: number
  running: number
}

/** When each agent was called last, and how many calls it has open: one small object for each that was called since the start. */
export class AgentUse {
  readonly #registry: Pick<CallRegistry, 'calls'>
  readonly #directory: AgentDirectory
  readonly #now: () => number
  readonly #last = new Map<string, { atMs: number }>()
  readonly #listeners = new Set<(agent: string) => void>()
  readonly #stop: () => void

  constructor(registry: Pick<CallRegistry, 'calls'>, directory: AgentDirectory, now: () => number = steadyTime) {
    this.#registry = registry
    this.#directory = directory
    this.#now = now
    this.#stop = directory.onChange(id => {
      if (this.#last.size > 0 && !directory.get(id) && this.#last.delete(id)) this.#tell(id)
    })
  }

  /** A call to an agent has ended. */
  readonly callEnded = ({ subject: { agent } }: OpenCall): void => {
    const last = this.#last.get(agent)
    if (last) last.atMs = this.#now()
    else if (this.#directory.get(agent)) this.#last.set(agent, { atMs: this.#now() })
    if (this.#listeners.size > 0) this.#tell(agent)
  }

  /** Those that were called. */
  ids(): Iterable<string> {
    return this.#last.keys()
  }

  /** When a call to an agent ended last, in UTC milliseconds since 1970. */
  lastMs(agent: string): number | undefined {
    return this.#last.get(agent)?.atMs
  }

  /** The open calls of each agent that has some. */
  open(): Map<string, OpenCalls> {
    const found = new Map<string, OpenCalls>()
    for (const { subject, isWaiting } of this.#registry.calls()) {
      const calls = found.get(subject.agent) ?? { queued: 0, running: 0 }
      if (isWaiting) calls.queued++
      else calls.running++
      found.set(subject.agent, calls)
    }
    return found
  }

  /** Calls `listener` with each agent to which a call has ended, or that is gone; gives a function that ends this. */
  onChange(listener: (agent: string) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  close(): void {
    this.#stop()
  }

  #tell(agent: string): void {
    for (const listener of this.#listeners) listener(agent)
  }
}

/** The open calls as one reader knows them: looked at now and then, since beginnings and ends are too many to be told one by one. */
export class SeenOpenCalls {
  readonly #use: AgentUse
  readonly #timer: ReturnType<typeof setInterval>
  #open: Map<string, OpenCalls>

  /** `tell` hears of each agent that has more or fewer than at the look before. */
  constructor(use: AgentUse, tell: (agent: string) => void) {
    this.#use = use
    this.#open = use.open()
    this.#timer = setInterval(() => {
      const before = this.#open
      this.#open = use.open()
      for (const agent of new Set([...before.keys(), ...this.#open.keys()])) {
        const [was, is] = [before.get(agent), this.#open.get(agent)]
        if (was?.queued !== is?.queued || was?.running !== is?.running) tell(agent)
      }
    }, gatewayLimits.agentUseMs)
  }

  of(agent: string): OpenCalls {
    return this.#open.get(agent) ?? { queued: 0, running: 0 }
  }

  /** Agents that were called, or are. */
  ids(): string[] {
    return [...new Set([...this.#use.ids(), ...this.#open.keys()])]
  }

  close(): void {
    clearInterval(this.#timer)
  }
}
