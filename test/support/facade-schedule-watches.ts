import type { AgentEvent, AgentSnapshot, CallEvent, InspectEvent } from '@halibut-gateway/schemas/wire'
import type { GatewayClient } from '../../client-sdk/src/index.ts'
import { type AgentDirectory, snapshotOf } from '../../server/src/fleet/agent-directory.ts'
import type { ScheduleAgent } from './facade-schedule-agent.ts'
import type { SocketRecord } from './facade-socket-record.ts'

/** The watches of a schedule. */
export const watchNames = ['agents', 'calls', 'mesh'] as const
export type WatchName = (typeof watchNames)[number]

/** What a watch may tell, and what it must have told in the end. */
interface WatchModel<T> {
  /** Throws where the item is not what comes next. */
  take(item: T): void
  /** Whether it has told everything there is. */
  isCurrent(): boolean
}

/** What the models know of the world. */
export interface WatchedWorld {
  readonly client: GatewayClient
  readonly agent: ScheduleAgent
  readonly record: SocketRecord
  readonly history: AgentHistory
}

/** Everything that was ever true of an agent, in order. */
export class AgentHistory {
  readonly states: string[]
  readonly #stop: () => void

  constructor(directory: AgentDirectory) {
    const stateOf = (id: string): string => JSON.stringify(snapshotOf(directory.require(id)))
    this.states = directory.ids().map(stateOf)
    this.#stop = directory.onChange(id => this.states.push(stateOf(id)))
  }

  close(): void {
    this.#stop()
  }
}

/** Counts what may happen only as often as a session was lost. */
class LostSessions {
  readonly #record: SocketRecord
  readonly #before: number
  #used = 0

  constructor(record: SocketRecord) {
    this.#record = record
    this.#before = record.lost
  }

  use(what: string): void {
    if (++this.#used > this.#record.lost - this.#before) throw new Error(`${what}, and no session was lost`)
  }
}

/** `agents.watch`: a snapshot, then only newer states, each one that was true; the last one in the end. */
function agentsModel({ history, record }: WatchedWorld): WatchModel<AgentEvent> {
  const lost = new LostSessions(record)
  let last = -1
  const at = (agent: AgentSnapshot | undefined, from: number): number => {
    const index = history.states.indexOf(JSON.stringify(agent), from)
    if (index < 0) throw new Error(`agents.watch told a state that is not one after state ${from}: ${JSON.stringify(agent)}`)
    return index
  }
  return {
    take(item) {
      if (item.type !== 'removed' && item.agents.length !== 1) throw new Error(`there are ${item.agents.length} agents in an item`)
      if (item.type === 'snapshot') {
        if (last >= 0) lost.use('agents.watch began anew')
        last = at(item.agents[0], Math.max(0, last))
      } else if (item.type === 'removed' || last < 0) throw new Error(`agents.watch told ${item.type} out of place`)
      else last = at(item.agents[0], last + 1)
    },
    // A state that came back within a millisecond is the one before it, too.
    isCurrent: () => history.states[last] === history.states.at(-1),
  }
}

/** `calls.watch`: what runs, then each beginning and each end; a gap and a new snapshot only where a session was lost. */
function callsModel({ agent, record }: WatchedWorld): WatchModel<CallEvent> {
  const lost = new LostSessions(record)
  const running = new Set<string>()
  let state: 'awaiting-snapshot' | 'telling' = 'awaiting-snapshot'
  let told = 0
  let begunBefore = 0
  return {
    take(item) {
      switch (item.type) {
        case 'gap':
          if (item.missed !== undefined) throw new Error(`calls.watch missed ${item.missed} items, and there were not that many`)
          lost.use('calls.watch has a gap')
          state = 'awaiting-snapshot'
          return
        case 'snapshot':
          if (state === 'telling') throw new Error('calls.watch began anew without a gap')
          state = 'telling'
          running.clear()
          for (const { activityId } of item.calls) running.add(activityId)
          told = running.size
          begunBefore = agent.begun
          return
        case 'started':
          if (state !== 'telling' || running.has(item.call.activityId)) throw new Error('calls.watch told a beginning out of place')
          running.add(item.call.activityId)
          told++
          return
        case 'finished':
          if (state !== 'telling' || !running.delete(item.call.activityId)) throw new Error('calls.watch told an end without its beginning')
      }
    },
    // Each call that the agent began after the snapshot was read was either in it or told.
    isCurrent: () => state === 'telling' && running.size === 0 && told >= agent.begun - begunBefore,
  }
}

/** `inspect.watch`: numbered events in order; what is missing was told by a gap, to the number, or a session was lost. */
function meshModel({ agent, record }: WatchedWorld): WatchModel<InspectEvent> {
  const lost = new LostSessions(record)
  let next: number | undefined
  let last = 0
  return {
    take(item) {
      if (item.type === 'gap') {
        if (item.missed === undefined) lost.use('inspect.watch has a gap')
        next = next === undefined || item.missed === undefined ? undefined : next + item.missed
        return
      }
      if (item.type !== 'log') throw new Error(`inspect.watch told ${item.type}`)
      const number = Number(item.message)
      if (number <= last || number !== (next ?? number)) throw new Error(`inspect.watch told event ${number} and not ${next}`)
      last = number
      next = number + 1
    },
    isCurrent: () => last === agent.logged,
  }
}

interface Running {
  readonly stop: AbortController
  read(): void
  readToEnd(): void
  isCurrent(): boolean
  ended: boolean
}

/** At most one watch of each kind, read as the schedule says, each item held against the model. */
export class ScheduledWatches {
  readonly faults: string[] = []
  items = 0
  gaps = 0
  readonly #world: WatchedWorld
  readonly #running = new Map<WatchName, Running>()

  constructor(world: WatchedWorld) {
    this.#world = world
  }

  /** Reads so many items, from a watch that begins with the first. A read that nothing comes for goes on waiting. */
  read(name: WatchName, items: number): void {
    const running = this.#running.get(name) ?? this.#start(name)
    for (let i = 0; i < items; i++) running.read()
  }

  /** Leaves the watch. */
  stop(name: WatchName): void {
    this.#running.get(name)?.stop.abort()
    this.#running.delete(name)
  }

  /** From now on everything is read as it comes. */
  readToEnd(): void {
    for (const each of this.#running.values()) each.readToEnd()
  }

  /** The watches that have not told everything yet. */
  behind(): WatchName[] {
    return [...this.#running].filter(([, each]) => !each.isCurrent()).map(([name]) => name)
  }

  stopAll(): void {
    for (const name of watchNames) this.stop(name)
  }

  #start(name: WatchName): Running {
    const stop = new AbortController()
    const { client } = this.#world
    const options = { signal: stop.signal }
    const running =
      name === 'agents'
        ? this.#follow(name, stop, client.watchAgents(options), agentsModel(this.#world))
        : name === 'calls'
          ? this.#follow(name, stop, client.watchCalls(options), callsModel(this.#world))
          : this.#follow(name, stop, client.watchMesh(options), meshModel(this.#world))
    this.#running.set(name, running)
    return running
  }

  #follow<T extends { readonly type: string }>(
    name: WatchName,
    stop: AbortController,
    events: AsyncGenerator<T, void, void>,
    model: WatchModel<T>,
  ): Running {
    let reads = Promise.resolve()
    const take = async (): Promise<void> => {
      const next = await events.next()
      if (next.done) {
        running.ended = true
        return
      }
      this.items++
      if (next.value.type === 'gap') this.gaps++
      model.take(next.value)
    }
    const queue = (read: () => Promise<void>): void => {
      reads = reads.then(async () => {
        if (running.ended) return
        await read().catch((why: unknown) => {
          running.ended = true
          this.faults.push(`${name}: ${String(why)}`)
        })
      })
    }
    const running: Running = {
      stop,
      ended: false,
      read: () => queue(take),
      readToEnd: () =>
        queue(async () => {
          while (!running.ended) await take()
        }),
      isCurrent: () => running.ended || model.isCurrent(),
    }
    return running
  }
}
