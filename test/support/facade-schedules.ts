import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { expect } from 'vitest'
import { createClient, type GatewayClient, GatewayError } from '../../client-sdk/src/index.ts'
import { HalibutError } from '../../server/src/base/errors.ts'
import type { Mesh } from '../../server/src/fleet/mesh.ts'
import { flowService } from './flow-service.ts'

/** A step of a schedule. */
export type Step =
  /** Makes call `entry`; with `keyed` under an idempotency key, again where it was made before. */
  | { readonly do: 'call'; readonly entry: number; readonly keyed: boolean }
  | { readonly do: 'cancel'; readonly entry: number; readonly mode: 'kill' | 'skip' }
  /** The agent answers what it runs, the oldest call first. */
  | { readonly do: 'finish'; readonly fails: boolean }
  /** An agent changes; a watch, where there is one, reads so many items. */
  | { readonly do: 'change' }
  | { readonly do: 'read'; readonly items: number }
  | { readonly do: 'cut' }
  | { readonly do: 'restart' }
  | { readonly do: 'turns'; readonly count: number }

const entries = fc.nat({ max: 7 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('call' as const), entry: entries, keyed: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('cancel' as const), entry: entries, mode: fc.constantFrom('kill' as const, 'skip' as const) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('finish' as const), fails: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('change' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('read' as const), items: fc.nat({ max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cut' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('turns' as const), count: fc.nat({ max: 6 }) }) },
)

/** Schedules of up to 40 steps. */
export const schedules: fc.Arbitrary<Step[]> = fc.array(step, { minLength: 1, maxLength: 40 })

/** What a schedule acts on. */
export interface ScheduleWorld {
  readonly client: GatewayClient
  /** How often the agent has begun each entry. */
  readonly journal: Map<number, number>
  finish(fails: boolean): void
  change(): void
  cut(): void
  restart(): void
  turn(): Promise<void>
}

type Outcome = { readonly value: bigint } | { readonly error: GatewayError }

interface Made {
  readonly entry: number
  readonly keyed: boolean
  readonly stop: AbortController
  outcome: Outcome | undefined
}

/** Runs a schedule to its end, and holds what came of it against what may. */
export async function runSchedule(world: ScheduleWorld, steps: readonly Step[]): Promise<void> {
  const { client, journal } = world
  const made: Made[] = []
  const endings: Promise<void>[] = []
  const events = client.watchAgents()
  const call = (entry: number, keyed: boolean): void => {
    // An entry is one request: it is made once, or under its key as often as one likes.
    if (made.some(each => each.entry === entry && !(keyed && each.keyed))) return
    const call: Made = { entry, keyed, stop: new AbortController(), outcome: undefined }
    made.push(call)
    const mode = entry % 2 === 0 ? 'kill' : 'skip'
    const options = { signal: call.stop.signal, cancel: mode, ...(keyed ? { idempotencyKey: `entry ${entry}` } : {}) } as const
    const answer = client.agent('a').service(flowService).Add(BigInt(entry), 0n, options)
    endings.push(
      answer.then(
        value => settle(call, { value }),
        (error: unknown) => settle(call, { error: error as GatewayError }),
      ),
    )
  }
  const act = async (each: Step): Promise<void> => {
    switch (each.do) {
      case 'call':
        return call(each.entry, each.keyed)
      case 'cancel':
        for (const one of made) if (one.entry === each.entry) one.stop.abort()
        return
      case 'finish':
        return world.finish(each.fails)
      case 'change':
        return world.change()
      case 'read':
        // A read that nothing comes for is left waiting; the end of the schedule ends it.
        for (let i = 0; i < each.items; i++) void events.next().catch(() => undefined)
        return
      case 'cut':
        return world.cut()
      case 'restart':
        return world.restart()
      case 'turns':
        for (let i = 0; i < each.count; i++) await world.turn()
        return
    }
  }
  for (const each of steps) await act(each)
  let open = endings.length
  const over = Promise.all(endings).then(() => {
    open = 0
  })
  for (let i = 0; open > 0 && i < 20_000; i++) {
    world.finish(false)
    await world.turn()
  }
  expect(open, 'a call never ended').toBe(0)
  await over
  for (const one of made) check(one, made, journal)
}

function settle(call: Made, outcome: Outcome): void {
  expect(call.outcome, `call ${call.entry} ended twice`).toBeUndefined()
  call.outcome = outcome
}

function check({ entry, outcome }: Made, made: readonly Made[], journal: ReadonlyMap<number, number>): void {
  const ran = journal.get(entry) ?? 0
  expect(ran, `entry ${entry} ran ${ran} times`).toBeLessThanOrEqual(1)
  if (!outcome) throw new Error('an outcome is missing')
  if ('value' in outcome) {
    expect([outcome.value, ran]).toEqual([BigInt(entry), 1])
    return
  }
  expect(outcome.error).toBeInstanceOf(GatewayError)
  // Another call under the same key may have run it.
  const alone = made.filter(each => each.entry === entry).length === 1
  const { delivery, kind } = outcome.error
  if (delivery === 'not_sent' && alone) expect(ran, `entry ${entry} ran, and its error says not_sent (${kind})`).toBe(0)
  if (delivery === 'executed') expect(ran, `entry ${entry} did not run, and its error says executed (${kind})`).toBe(1)
}

/** An agent whose calls run until they are finished, and that keeps a journal. */
export class PretendAgent {
  readonly journal = new Map<number, number>()
  readonly #running: ((fails: boolean) => void)[] = []

  finish(fails: boolean): void {
    this.#running.shift()?.(fails)
  }

  readonly mesh: Mesh = {
    call: async ({ args, signal, onSending }) => {
      const entry = Number(args[0])
      // It is queued for a while, and can be taken back there.
      for (let i = 0; i < entry % 3; i++) await turn()
      if (signal?.aborted) throw new HalibutError('cancelled', 'cancelled', { phase: 'queue' })
      onSending?.()
      this.journal.set(entry, (this.journal.get(entry) ?? 0) + 1)
      return new Promise((resolve, reject) => {
        const onAbort = (): void => reject(new HalibutError('cancelled', 'cancelled', { phase: 'response', delivery: 'unknown' }))
        signal?.addEventListener('abort', onAbort)
        this.#running.push(fails => {
          signal?.removeEventListener('abort', onAbort)
          if (fails) reject(new HalibutError('service_failed', 'it failed', { phase: 'response', delivery: 'executed' }))
          else resolve(args[0])
        })
      })
    },
    probe: async () => ({ roundTripMs: 1 }),
    trust: () => undefined,
    removeTrust: () => undefined,
    on: () => () => undefined,
  }
}

/** A client with quick reconnects. */
export function scheduleClient(
  webSocket: NonNullable<Parameters<typeof createClient>[0]['webSocket']>,
  url = 'http://gateway.test/',
): GatewayClient {
  return createClient({ url, webSocket, backoff: { firstMs: 0, maxMs: 1 } })
}
