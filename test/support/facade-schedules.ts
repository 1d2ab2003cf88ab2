import fc from 'fast-check'
import { expect } from 'vitest'
import { type GatewayClient, GatewayError } from '../../client-sdk/src/index.ts'
import { entriesOfSchedule, type ScheduleAgent } from './facade-schedule-agent.ts'
import { ScheduledCalls } from './facade-schedule-calls.ts'
import { type AgentHistory, ScheduledWatches, type WatchName, watchNames } from './facade-schedule-watches.ts'
import type { SocketRecord } from './facade-socket-record.ts'

/** A step of a schedule. */
export type Step =
  /** Makes call `entry`; with `keyed` under an idempotency key, again where it was made before. `mode`: what becomes of it if cancelled. */
  | { readonly do: 'call'; readonly entry: number; readonly keyed: boolean; readonly mode: 'kill' | 'skip' }
  /** Cancels one of the calls that have not ended. */
  | { readonly do: 'cancel'; readonly which: number }
  /** The agent goes on with what waits for that longest. */
  | { readonly do: 'finish'; readonly fails: boolean }
  /** So many chunks of one of the open data streams are read or given. */
  | { readonly do: 'move'; readonly which: number; readonly chunks: number }
  /** The browser gives one of them up. */
  | { readonly do: 'drop'; readonly which: number }
  | { readonly do: 'change' }
  /** So many things happen on the connections. */
  | { readonly do: 'log'; readonly count: number }
  | { readonly do: 'read'; readonly watch: WatchName; readonly items: number }
  | { readonly do: 'leave'; readonly watch: WatchName }
  /** Cuts the socket; `noticed`: the gateway notices too. */
  | { readonly do: 'cut'; readonly noticed: boolean }
  /** The gateway starts anew, after closing its sockets or as if it had crashed. */
  | { readonly do: 'restart'; readonly graceful: boolean }
  | { readonly do: 'turns'; readonly count: number }
  /** Waits until a client that wants to be connected is. */
  | { readonly do: 'online' }

const entry = fc.nat({ max: entriesOfSchedule - 1 })
const which = fc.nat({ max: 7 })
const watch = fc.constantFrom(...watchNames)
const mode = fc.constantFrom('kill' as const, 'skip' as const)

function weighed<D extends Step['do']>(weight: number, act: D, parts: object): fc.WeightedArbitrary<Step> {
  return { weight, arbitrary: fc.record({ do: fc.constant(act), ...parts }) as unknown as fc.Arbitrary<Step> }
}

const step: fc.Arbitrary<Step> = fc.oneof(
  weighed(50, 'call', { entry, keyed: fc.boolean(), mode }),
  weighed(20, 'cancel', { which }),
  weighed(25, 'finish', { fails: fc.boolean() }),
  weighed(25, 'move', { which, chunks: fc.integer({ min: 1, max: 12 }) }),
  weighed(4, 'drop', { which }),
  weighed(12, 'change', {}),
  weighed(6, 'log', { count: fc.integer({ min: 1, max: 5 }) }),
  weighed(1, 'log', { count: fc.integer({ min: 300, max: 400 }) }),
  weighed(18, 'read', { watch, items: fc.integer({ min: 1, max: 4 }) }),
  weighed(3, 'leave', { watch }),
  weighed(20, 'cut', { noticed: fc.boolean() }),
  weighed(6, 'restart', { graceful: fc.boolean() }),
  weighed(60, 'turns', { count: fc.integer({ min: 1, max: 8 }) }),
  weighed(30, 'online', {}),
)

/** Schedules of up to 50 steps. */
export const schedules: fc.Arbitrary<Step[]> = fc.noBias(fc.array(step, { minLength: 1, maxLength: 50, size: 'max' }))

/** What a schedule acts on. */
export interface ScheduleWorld {
  readonly client: GatewayClient
  readonly agent: ScheduleAgent
  readonly record: SocketRecord
  readonly history: AgentHistory
  /** The number of the schedule’s entry 0. */
  readonly firstEntry: number
  change(): void
  cut(noticed: boolean): void
  restart(graceful: boolean): void
  /** Lets something else happen. */
  turn(): Promise<void>
  /** After how many turns, and not before how many milliseconds, nobody may still have to wait. */
  readonly patience: { readonly turns: number; readonly ms: number }
}

/** What happened in a schedule, by the words for it. */
export type Tally = Readonly<Record<string, number>>

/** Runs a schedule to its end, and holds what came of it against what may. */
export async function runSchedule(world: ScheduleWorld, steps: readonly Step[]): Promise<Tally> {
  const calls = new ScheduledCalls(world)
  const watches = new ScheduledWatches(world)
  for (const each of steps) await act(world, calls, watches, each)
  await settle(world, calls, watches)
  calls.check()
  const faults = [...calls.faults, ...watches.faults, ...world.record.faults, ...world.agent.faults]
  expect(faults).toEqual([])
  const { resumed, lost, credits } = world.record
  return {
    ...calls.tally,
    'sessions that went on': resumed,
    'sessions lost': lost,
    'credits for downloads': credits,
    'items of watches': watches.items,
    gaps: watches.gaps,
  }
}

async function act(world: ScheduleWorld, calls: ScheduledCalls, watches: ScheduledWatches, each: Step): Promise<void> {
  switch (each.do) {
    case 'call':
      return calls.call(world.firstEntry + each.entry, each.keyed, each.mode)
    case 'cancel':
      return calls.cancel(each.which)
    case 'finish':
      return world.agent.finish(each.fails)
    case 'move':
      return calls.move(each.which, each.chunks)
    case 'drop':
      return calls.drop(each.which)
    case 'change':
      return world.change()
    case 'log':
      return world.agent.log(each.count)
    case 'read':
      return watches.read(each.watch, each.items)
    case 'leave':
      return watches.stop(each.watch)
    case 'cut':
      return world.cut(each.noticed)
    case 'restart':
      return world.restart(each.graceful)
    case 'turns':
      for (let i = 0; i < each.count; i++) await world.turn()
      return
    case 'online':
      await turnsWhile(world, () => isOnItsWay(world.client))
  }
}

/** Brings everything to its end, without further cuts. */
async function settle(world: ScheduleWorld, calls: ScheduledCalls, watches: ScheduledWatches): Promise<void> {
  const { agent, record } = world
  watches.readToEnd()
  // Whatever was sent before has come to the gateway when this is answered: the first time for what goes on, the second time for watches
  // that had to begin anew.
  await reach(world.client)
  await reach(world.client)
  await until(world, 'calls that everybody had killed run on', () => calls.stillRunning())
  world.change()
  agent.log(1)
  await until(world, 'not everything ended', () => {
    calls.moveAll()
    agent.finish(false)
    // What was skipped still runs, for nobody.
    return [...calls.open(), ...agent.running]
  })
  await until(world, 'watches did not tell everything', () => watches.behind())
  watches.stopAll()
  await reach(world.client)
  await until(world, 'requests were not answered', () => record.unanswered())
  await until(world, 'data streams are open at the agent', () => (agent.streams > 0 ? [agent.streams] : []))
}

function isOnItsWay({ state }: GatewayClient): boolean {
  return state.at === 'connecting' || state.at === 'waiting'
}

async function reach(client: GatewayClient): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await client.agents()
      return
    } catch (error) {
      if (!(error instanceof GatewayError && error.kind === 'connection_lost') || attempt > 5) throw error
    }
  }
}

async function until(world: ScheduleWorld, what: string, left: () => readonly unknown[]): Promise<void> {
  await turnsWhile(world, () => left().length > 0)
  expect(left(), what).toEqual([])
}

async function turnsWhile({ turn, patience }: ScheduleWorld, lasts: () => boolean): Promise<void> {
  const began = performance.now()
  for (let i = 0; lasts() && (i < patience.turns || performance.now() - began < patience.ms); i++) await turn()
}
