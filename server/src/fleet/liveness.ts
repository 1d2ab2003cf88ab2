import { HalibutError } from '../base/errors.ts'
import { defaultLimits, gatewayLimits } from '../base/limits.ts'
import type { SubscriberEvent } from '../runtime/events.ts'
import { type Agent, type AgentDirectory, type AgentFacts, certificatesOf, isOverlap } from './agent-directory.ts'
import { type AgentNews, awayFromUs } from './agent-state.ts'
import type { Mesh, MeshAnswer } from './mesh.ts'
import { ProbeQueue } from './probe-queue.ts'
import { explainFailure, howOften } from './refusal.ts'

/** Hears of the answer of a listening agent that was probed. */
export type AnswerListener = (id: string, answer: MeshAnswer) => void

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
 * A listening agent that is looked after.
 *
 * - `queued`: its next probe is due
 * - `probing`: dial, identify, end
 * - `resting`: until its next probe is due
 */
type Probed = { readonly endpoint: Agent['endpoint'] } & (
  | { readonly at: 'queued' }
  | { readonly at: 'probing'; readonly stop: AbortController }
  | { readonly at: 'resting'; readonly timer: ReturnType<typeof setTimeout> }
)

/**
 * Keeps the directory’s states true: probes listening agents (dial, identify, end) and counts the connections of polling ones. A polling
 * agent that loses its last connection is suspect at once and offline after a grace, since it may only be reconnecting.
 */
export class Liveness {
  readonly #mesh: Pick<Mesh, 'probe' | 'on'>
  readonly #directory: AgentDirectory
  readonly #options: Required<LivenessOptions>
  readonly #queue: ProbeQueue
  readonly #probed = new Map<string, Probed>()
  /** Of polling agents that have just lost their last connection. */
  readonly #graces = new Map<string, ReturnType<typeof setTimeout>>()
  /** By subscription and certificate, whoever has these now: those of an agent that was removed end after it. */
  readonly #connections = new Map<string, number>()
  readonly #stops: (() => void)[] = []
  readonly #answerListeners = new Set<AnswerListener>()

  constructor(mesh: Pick<Mesh, 'probe' | 'on'>, directory: AgentDirectory, options: LivenessOptions = {}) {
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
    this.#queue = new ProbeQueue(this.#options.probesPerSecond, id => void this.#probe(id))
  }

  /** Begins with the agents that are there; those added later are noticed. */
  start(): void {
    this.#stops.push(
      this.#mesh.on('subscriberConnected', event => this.#onSubscriber(event, 1)),
      this.#mesh.on('subscriberDisconnected', event => this.#onSubscriber(event, -1)),
      this.#directory.onChange(id => this.#look(id)),
    )
    for (const id of this.#directory.ids()) this.#look(id)
  }

  onAnswer(listener: AnswerListener): () => void {
    this.#answerListeners.add(listener)
    return () => void this.#answerListeners.delete(listener)
  }

  /** Ends probes and timers. */
  close(): void {
    for (const stop of this.#stops.splice(0)) stop()
    for (const id of [...this.#probed.keys()]) this.#leave(id)
    this.#queue.close()
    for (const timer of this.#graces.values()) clearTimeout(timer)
    this.#graces.clear()
  }

  /** Begins to look after an agent, or ends it, where it has just become one to be looked after, or is none any more. */
  #look(id: string): void {
    const agent = this.#directory.get(id)
    const endpoint = agent?.mode === 'listening' && agent.state.at !== 'disabled' ? agent.endpoint : undefined
    if (this.#probed.get(id)?.endpoint === endpoint) return
    this.#leave(id)
    if (endpoint) this.#enqueue(id, endpoint, true)
  }

  #leave(id: string): void {
    const probed = this.#probed.get(id)
    this.#probed.delete(id)
    if (probed?.at === 'queued') this.#queue.delete(id)
    else if (probed?.at === 'probing') probed.stop.abort()
    else if (probed?.at === 'resting') clearTimeout(probed.timer)
  }

  #enqueue(id: string, endpoint: Agent['endpoint'], urgent: boolean): void {
    this.#probed.set(id, { at: 'queued', endpoint })
    this.#queue.add(id, urgent)
  }

  async #probe(id: string): Promise<void> {
    const endpoint = this.#probed.get(id)?.endpoint
    if (!endpoint) return
    const { probeIntervalMs, probeTimeoutMs, random } = this.#options
    const stop = new AbortController()
    const probing: Probed = { at: 'probing', endpoint, stop }
    this.#probed.set(id, probing)
    let news: AgentNews
    let facts: AgentFacts = { probe: {} }
    let answer: MeshAnswer | undefined
    try {
      answer = await this.#mesh.probe(endpoint, { timeoutMs: probeTimeoutMs, signal: stop.signal })
      facts = { probe: { roundTripMs: Math.round(answer.roundTripMs * 10) / 10 }, presented: null }
      news = { type: 'reached', how: 'answers probes' }
    } catch (error) {
      const agent = this.#directory.get(id)
      const failed = newsOf(error, agent?.probe?.roundTripMs !== undefined)
      const presented = error instanceof HalibutError ? error.presented : undefined
      if (presented) facts = { probe: {}, presented }
      const before = agent?.mismatch
      const isSame = before !== undefined && before.presented.thumbprint256 === presented?.thumbprint256
      news = isSame ? { ...failed, why: `${failed.why}${howOften(before.count + 1, before.firstSeenMs)}` } : failed
    }
    // The agent is not the one any more that was probed.
    if (this.#probed.get(id) !== probing) return
    const timer = setTimeout(
      () => {
        // Whether it is there is not known where one probe was not answered, so that the next one is not to wait for all others.
        this.#enqueue(id, endpoint, this.#directory.get(id)?.state.at === 'suspect')
      },
      probeIntervalMs * (0.9 + random() / 5),
    )
    this.#probed.set(id, { at: 'resting', endpoint, timer })
    this.#directory.report(id, news, facts)
    if (answer) for (const listener of this.#answerListeners) listener(id, answer)
  }

  #onSubscriber({ subscription, thumbprint }: SubscriberEvent, change: 1 | -1): void {
    const key = `${thumbprint} ${subscription}`
    const connections = Math.max(0, (this.#connections.get(key) ?? 0) + change)
    if (connections > 0) this.#connections.set(key, connections)
    else this.#connections.delete(key)
    const agent = this.#directory.bySubscription(subscription)
    if (!agent) return
    const { id } = agent.definition
    const its = certificatesOf(agent.definition)
    const all = its.reduce((sum, each) => sum + (this.#connections.get(`${each} ${subscription}`) ?? 0), 0)
    if (its.includes(thumbprint)) this.#onConnections(agent, all, change)
    // One of a certificate that it has no more says nothing about it.
    else this.#directory.report(id, undefined, { connections: all })
  }

  #onConnections(agent: Agent, connections: number, change: 1 | -1): void {
    const { id } = agent.definition
    clearTimeout(this.#graces.get(id))
    this.#graces.delete(id)
    if (connections > 0) {
      this.#directory.report(id, change > 0 ? { type: 'reached', how: 'polls this gateway' } : undefined, { connections })
      return
    }
    const graceMs = this.#options.pollingGraceMs
    this.#directory.report(id, { type: 'left', why: 'its last connection ended', graceMs }, { connections })
    // From then on it is offline for whoever looks; those who watch are told.
    const onGrace = (): void => {
      this.#graces.delete(id)
      const now = this.#directory.get(id)
      if (!now || !isOverlap(now.definition, agent.definition) || now.state.at === 'untrusted') return
      this.#directory.report(id, { type: 'gone', ...awayFromUs })
    }
    this.#graces.set(id, setTimeout(onGrace, graceMs))
  }
}

/** What a failed probe or call tells about an agent; `wasSeen`: it was answered before. */
export function newsOf(error: unknown, wasSeen: boolean): { type: 'missed' | 'gone' | 'refused'; why: string; advice?: string } {
  if (!(error instanceof HalibutError)) return { type: 'missed', why: String(error) }
  const what = { why: explainFailure(error, wasSeen), advice: error.advice }
  switch (error.kind) {
    case 'thumbprint_mismatch':
      return { type: 'refused', ...what }
    case 'connect_refused':
    case 'host_not_found':
    case 'invalid_argument':
      return { type: 'gone', ...what }
    default:
      return { type: 'missed', ...what }
  }
}
