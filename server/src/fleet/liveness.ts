import { HalibutError } from '../base/errors.ts'
import { defaultLimits, gatewayLimits } from '../base/limits.ts'
import type { SubscriberEvent } from '../runtime/events.ts'
import type { Agent, AgentDirectory } from './agent-directory.ts'
import type { Mesh } from './mesh.ts'

/** How often agents are looked after. Milliseconds. */
export interface LivenessOptions {
  /** Between two probes of a listening agent, give or take a tenth. Default `agentProbeIntervalMs`. */
  readonly probeIntervalMs?: number
  /** For one probe. Default `probeTimeoutMs` of the library. */
  readonly probeTimeoutMs?: number
  /** Of all agents together. Default `agentProbesPerSecond`. */
  readonly probesPerSecond?: number
  /** How long a polling agent may be without any connection before it counts as offline. Default `pollingGraceMs`. */
  readonly pollingGraceMs?: number
  /** 0 to 1. Default `Math.random`. */
  readonly random?: () => number
}

/**
 * Keeps the directory’s states true: probes listening agents (dial, identify, end) and counts the connections of polling ones. A polling
 * agent that loses its last connection is suspect at once and offline after a grace, since it may only be reconnecting.
 */
export class Liveness {
  readonly #mesh: Mesh
  readonly #directory: AgentDirectory
  readonly #options: Required<LivenessOptions>
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>()
  readonly #connections = new Map<string, number>()
  readonly #stops: (() => void)[] = []
  readonly #closing = new AbortController()
  /** By `performance.now()`: a clock that is set back must not stop the probes. */
  #nextSlotMs = 0

  constructor(mesh: Mesh, directory: AgentDirectory, options: LivenessOptions = {}) {
    this.#mesh = mesh
    this.#directory = directory
    this.#options = {
      probeIntervalMs: gatewayLimits.agentProbeIntervalMs,
      probeTimeoutMs: defaultLimits.probeTimeoutMs,
      probesPerSecond: gatewayLimits.agentProbesPerSecond,
      pollingGraceMs: gatewayLimits.pollingGraceMs,
      random: Math.random,
      ...options,
    }
  }

  /** Begins with the agents that are there; those added later are noticed. */
  start(): void {
    this.#stops.push(
      this.#mesh.on('subscriberConnected', event => this.#onSubscriber(event, 1)),
      this.#mesh.on('subscriberDisconnected', event => this.#onSubscriber(event, -1)),
      this.#directory.onChange(change => {
        const id = change.type === 'removed' ? change.id : change.agent.id
        const agent = this.#directory.get(id)
        if (!agent || agent.state.at === 'disabled') this.#clear(id)
        else this.#begin(agent)
      }),
    )
    for (const agent of this.#directory.list()) this.#begin(agent)
  }

  /** Ends probes and timers. */
  close(): void {
    this.#closing.abort()
    for (const stop of this.#stops.splice(0)) stop()
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
  }

  #begin(agent: Agent): void {
    const { id } = agent.definition
    if (agent.mode === 'polling' || agent.state.at === 'disabled' || this.#timers.has(id) || this.#closing.signal.aborted) return
    this.#schedule(id, 0)
  }

  #clear(id: string): void {
    clearTimeout(this.#timers.get(id))
    this.#timers.delete(id)
  }

  #schedule(id: string, delayMs: number): void {
    const now = performance.now()
    const slotMs = Math.max(now + delayMs, this.#nextSlotMs)
    if (delayMs === 0) this.#nextSlotMs = slotMs + 1_000 / this.#options.probesPerSecond
    // One that was removed and added again while it was probed has a timer already.
    clearTimeout(this.#timers.get(id))
    this.#timers.set(
      id,
      setTimeout(() => this.#due(id, delayMs), slotMs - now),
    )
  }

  #due(id: string, delayMs: number): void {
    // A probe that comes due in a busy second takes the next free slot, as a first one does.
    if (delayMs > 0) this.#schedule(id, 0)
    else void this.#probe(id)
  }

  async #probe(id: string): Promise<void> {
    const agent = this.#directory.get(id)
    if (!agent || agent.state.at === 'disabled') {
      this.#clear(id)
      return
    }
    const { probeIntervalMs, probeTimeoutMs, random } = this.#options
    const { endpoint } = agent
    const isStillIt = (): boolean => this.#directory.get(id)?.endpoint === endpoint
    try {
      const { roundTripMs } = await this.#mesh.probe(endpoint, { timeoutMs: probeTimeoutMs, signal: this.#closing.signal })
      if (!isStillIt()) return
      this.#directory.report(id, { type: 'reached', how: 'answers probes' }, { roundTripMs: Math.round(roundTripMs * 10) / 10 })
    } catch (error) {
      if (this.#closing.signal.aborted || !isStillIt()) return
      this.#directory.report(id, newsOf(error))
    }
    if (this.#timers.has(id) && !this.#closing.signal.aborted) this.#schedule(id, Math.max(1, probeIntervalMs * (0.9 + random() / 5)))
  }

  #onSubscriber(event: SubscriberEvent, change: 1 | -1): void {
    const agent = this.#directory.bySubscription(event.subscription)
    if (!agent) return
    const { id } = agent.definition
    const connections = Math.max(0, (this.#connections.get(id) ?? 0) + change)
    if (connections > 0) this.#connections.set(id, connections)
    else this.#connections.delete(id)
    this.#clear(id)
    if (connections > 0) {
      this.#directory.report(id, { type: 'reached', how: 'polls this gateway' }, { connections })
      return
    }
    this.#directory.report(id, { type: 'missed', why: 'its last connection ended' }, { connections })
    this.#timers.set(
      id,
      setTimeout(() => {
        this.#clear(id)
        this.#directory.report(id, { type: 'gone', why: 'it has no connection to this gateway' })
      }, this.#options.pollingGraceMs),
    )
  }
}

/** What a failed probe or call tells about an agent. */
export function newsOf(error: unknown): { type: 'missed' | 'gone' | 'refused'; why: string } {
  if (!(error instanceof HalibutError)) return { type: 'missed', why: String(error) }
  switch (error.kind) {
    case 'thumbprint_mismatch':
      return { type: 'refused', why: error.message }
    case 'connect_refused':
    case 'host_not_found':
      return { type: 'gone', why: error.message }
    default:
      return { type: 'missed', why: error.message }
  }
}
