import type { CallSnapshot } from '@halibut-gateway/schemas'
import { gatewayLimits } from '../base/limits.ts'
import type { Agent, AgentDirectory } from '../fleet/agent-directory.ts'
import type { Mesh } from '../fleet/mesh.ts'
import type { WaitingCalls } from '../runtime/waiting-calls.ts'
import type { CallRegistry, OpenCall } from './call-registry.ts'

/** Why a call waits, as its caller may know it. */
export type CallWait = NonNullable<CallSnapshot['waiting']>

/** One agent’s calls at one moment. */
interface AgentCalls {
  readonly agent: Agent
  readonly line: WaitingCalls
  /** The places in the line, by activity id. */
  readonly places: ReadonlyMap<string, number>
  readonly running: readonly OpenCall[]
}

/** What the open calls wait for, as one look at the agents’ lines tells it. */
export class CallWaits {
  readonly #byActivity = new Map<string, OpenCall>()
  readonly #running = new Map<string, OpenCall[]>()
  readonly #agents = new Map<string, AgentCalls | undefined>()
  readonly #directory: AgentDirectory
  readonly #mesh: Pick<Mesh, 'waiting'>

  constructor(registry: CallRegistry, directory: AgentDirectory, mesh: Pick<Mesh, 'waiting'>) {
    this.#directory = directory
    this.#mesh = mesh
    for (const call of registry.calls()) {
      this.#byActivity.set(call.activityId, call)
      if (call.isWaiting) continue
      const { agent } = call.subject
      const running = this.#running.get(agent)
      if (running) running.push(call)
      else this.#running.set(agent, [call])
    }
  }

  /** Its place in its agent’s line, the next one 0; `undefined`: it is in none. */
  placeOf(call: OpenCall): number | undefined {
    return this.#of(call)?.places.get(call.activityId)
  }

  /** Why a call waits; `undefined` where it does not, or its agent is gone. `maySee`: whether its caller may know of another call. */
  of(call: OpenCall, maySee: (other: OpenCall) => boolean): CallWait | undefined {
    const calls = call.isWaiting ? this.#of(call) : undefined
    if (!calls) return undefined
    const { agent, line, running } = calls
    const place = calls.places.get(call.activityId)
    const before = line.calls.slice(0, place ?? 0)
    // One that this gateway’s callers have not made is counted.
    const ahead = [...running, ...before.map(id => this.#byActivity.get(id))]
    const seen = ahead.filter(other => other !== undefined && maySee(other)).slice(0, gatewayLimits.callsAhead) as OpenCall[]
    const limit = limitOf(line)
    return {
      reason: reasonOf(agent, line, place),
      ...(place === undefined ? {} : { place: place + 1 }),
      running: running.length,
      ...(limit === undefined ? {} : { limit }),
      ahead: seen.map(toldOf),
      hidden: ahead.length - seen.length,
    }
  }

  #of({ subject: { agent: id } }: OpenCall): AgentCalls | undefined {
    if (this.#agents.has(id)) return this.#agents.get(id)
    const agent = this.#directory.get(id)
    const line = agent && this.#mesh.waiting(agent.endpoint)
    const calls =
      agent && line
        ? { agent, line, places: new Map(line.calls.map((each, i) => [each, i])), running: this.#running.get(id) ?? [] }
        : undefined
    this.#agents.set(id, calls)
    return calls
  }
}

function limitOf({ busy, idle, limit }: WaitingCalls): CallWait['limit'] {
  if (limit !== undefined) return { name: 'maxConnectionsPerAgent', value: limit }
  return busy + idle > 0 ? { name: 'connections of the agent', value: busy + idle } : undefined
}

function reasonOf({ mode, state }: Agent, { busy, idle, limit }: WaitingCalls, place: number | undefined): string {
  const { at, sinceMs, reason } = state
  const away = at === 'connected' ? '' : `; the agent is ${at} since ${new Date(sinceMs).toISOString()}: ${reason}`
  if (place === undefined) return `a connection to the agent is being opened${away}`
  if (mode === 'listening') return `all ${limit ?? busy} connections to the agent are in use`
  if (busy > 0) return `${busy === 1 ? 'the only connection' : `all ${busy} connections`} of the agent ${busy === 1 ? 'is' : 'are'} busy`
  if (idle > 0) return `the agent’s connection shows another certificate than the pinned one${away}`
  return `no connection of the agent is there${away}`
}

function toldOf(call: OpenCall): CallWait['ahead'][number] {
  const { activityId, service, method, principal } = call.subject
  return { activityId, service, method, principal, state: call.isWaiting ? 'queued' : 'running', since: call.since }
}
