import { setImmediate as turn } from 'node:timers/promises'
import { dataStream, int64, method, service } from '@halibut-gateway/schemas/contract'
import { deferred } from '../../server/src/base/deferred.ts'
import { HalibutError } from '../../server/src/base/errors.ts'
import { DataStream } from '../../server/src/codec/data-stream.ts'
import type { Mesh } from '../../server/src/fleet/mesh.ts'
import type { LogEvent } from '../../server/src/runtime/event-log.ts'
import type { HalibutRuntime } from '../../server/src/runtime/runtime.ts'
import { idleMesh } from './idle-mesh.ts'

/** What the agent of a schedule hosts. Each call says which entry of the schedule it is. */
export const scheduleService = service('IScheduleService', {
  Add: method([['entry', int64]], int64),
  /** Answers when it is told to. */
  Hold: method([['entry', int64]], int64),
  /** The same, but may run as often as one likes. */
  Read: method([['entry', int64]], int64, { idempotent: true }),
  Download: method([['entry', int64]], dataStream),
  /** The length of the content. */
  Upload: method(
    [
      ['entry', int64],
      ['content', dataStream],
    ],
    int64,
  ),
})

/** What the call of an entry is, always the same. */
export interface Plan {
  readonly method: 'Add' | 'Hold' | 'Read' | 'Download' | 'Upload'
  /** Whether the agent goes on only when it is told to; an upload is not taken before. */
  readonly held: boolean
  /** Of its content, in bytes. The credit of a data stream is 262,144. */
  readonly length: number
  /** Whether the length of an upload is told. */
  readonly sized: boolean
}

const small = { held: false, length: 0, sized: true } as const
const plans: readonly Plan[] = [
  { ...small, method: 'Add' },
  { ...small, method: 'Add' },
  { ...small, method: 'Hold', held: true },
  { ...small, method: 'Hold', held: true },
  { ...small, method: 'Hold', held: true },
  { ...small, method: 'Read', held: true },
  { ...small, method: 'Download', length: 70_000 },
  { ...small, method: 'Download', length: 600_000 },
  { ...small, method: 'Upload', length: 70_000 },
  { ...small, method: 'Upload', length: 600_000, held: true },
  { ...small, method: 'Upload', length: 300_000, sized: false },
]

/** Entries of one schedule; those of the next begin behind them. */
export const entriesOfSchedule = plans.length

export function planOf(entry: number): Plan {
  return plans[entry % plans.length] as Plan
}

const pattern = new Uint8Array(700_000)
for (let i = 0, state = 1; i < pattern.length; i++) {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  pattern[i] = state >>> 24
}

/** The bytes of an entry’s content; no two places and no two entries are alike. */
export function contentOf(entry: number, from: number, to: number): Uint8Array<ArrayBuffer> {
  const shift = (entry % 97) * 1_009
  return pattern.subarray(shift + from, shift + Math.min(to, planOf(entry).length))
}

/** Whether a piece of content is that of the entry at this place. */
export function isContentOf(entry: number, from: number, piece: Uint8Array): boolean {
  return Buffer.compare(piece, contentOf(entry, from, from + piece.byteLength)) === 0
}

/** Where an upload breaks off the gateway ends the connection with END, as the reference does, and the agent takes that for content. */
function isBrokenOff(entry: number, from: number, piece: Uint8Array): boolean {
  const expected = contentOf(entry, from, from + piece.byteLength)
  const good = piece.findIndex((byte, i) => byte !== expected[i])
  return 'END\r\n'.includes(Buffer.from(piece.subarray(good)).toString('latin1'))
}

interface Running {
  readonly entry: number
  readonly told: ReturnType<typeof deferred<void>>
}

/** An agent that keeps a journal, and whose held calls go on when they are told to: behind a real runtime, or in the place of one. */
export class ScheduleAgent {
  /** How often each entry was begun. */
  readonly journal = new Map<number, number>()
  /** Entries whose call was given up from outside while it ran. */
  readonly abandoned = new Set<number>()
  /** Entries that were told to fail. */
  readonly failed = new Set<number>()
  readonly faults: string[] = []
  /** Calls that were begun. */
  begun = 0
  /** Data streams that are not over. */
  streams = 0
  /** Log events so far; the text of each is its number. */
  logged = 0
  readonly #running = new Set<Running>()
  readonly #listeners = new Set<(event: LogEvent) => void>()

  /** Entries whose call runs, one for each time. */
  get running(): number[] {
    return [...this.#running].map(each => each.entry)
  }

  isRunning(entry: number): boolean {
    return [...this.#running].some(each => each.entry === entry)
  }

  /** Lets the call that waits longest go on. */
  finish(fails: boolean): void {
    const [first] = [...this.#running].filter(each => planOf(each.entry).held)
    if (!first) return
    this.#running.delete(first)
    if (fails) this.failed.add(first.entry)
    if (fails) first.told.reject(new Error('it failed'))
    else first.told.resolve()
  }

  /** The gateway’s process has ended, and its connections with it. */
  loseConnections(): void {
    const lost = new HalibutError('connection_lost', 'the connection ended', { phase: 'response', delivery: 'unknown' })
    for (const each of this.#running) each.told.reject(lost)
    this.#running.clear()
  }

  /** Lets that many things happen on the connections. */
  log(count: number): void {
    for (let i = 0; i < count; i++) {
      const message = String(++this.logged)
      const event: LogEvent = { type: 'Diagnostic', endpoint: 'https://127.0.0.1:1/', message, error: undefined, at: Date.now() }
      for (const listener of this.#listeners) listener(event)
    }
  }

  /** Listens to {@link log}, as the mesh does; gives a function that ends this. */
  readonly on: Mesh['on'] = (type, listener) => {
    if (type !== 'log') return () => undefined
    this.#listeners.add(listener as never)
    return () => void this.#listeners.delete(listener as never)
  }

  /** Answers a call. */
  async serve(entry: number, content: DataStream | undefined, signal: AbortSignal | undefined): Promise<unknown> {
    const plan = planOf(entry)
    const running: Running = { entry, told: deferred() }
    running.told.promise.catch(() => undefined)
    const onAbort = (): void => {
      this.abandoned.add(entry)
      this.#running.delete(running)
      running.told.reject(new HalibutError('cancelled', 'cancelled', { phase: 'response', delivery: 'unknown' }))
    }
    this.begun++
    this.journal.set(entry, (this.journal.get(entry) ?? 0) + 1)
    this.#running.add(running)
    signal?.addEventListener('abort', onAbort)
    try {
      if (plan.held) await running.told.promise
      if (content) return await this.#take(entry, content)
      return plan.method === 'Download' ? this.#contentOf(entry) : BigInt(entry)
    } finally {
      signal?.removeEventListener('abort', onAbort)
      this.#running.delete(running)
    }
  }

  async #take(entry: number, content: DataStream): Promise<bigint> {
    let at = 0
    let isOver = false
    this.streams++
    try {
      await content.pump(chunk => {
        if (isOver || !isContentOf(entry, at, chunk)) {
          if (isOver || !isBrokenOff(entry, at, chunk)) this.faults.push(`the upload of entry ${entry} is wrong at ${at}`)
          isOver = true
        }
        at += chunk.byteLength
        // A slow taker: the browser’s side has to wait for credit.
        return turn()
      })
    } finally {
      this.streams--
    }
    if (isOver) this.faults.push(`the upload of entry ${entry} broke off, and ended well`)
    return BigInt(at)
  }

  #contentOf(entry: number): DataStream {
    const { length } = planOf(entry)
    this.streams++
    let over = false
    const end = (): void => {
      if (!over) this.streams--
      over = true
    }
    return new DataStream(length, {
      stable: true,
      discard: end,
      pump: async sink => {
        try {
          for (let at = 0; at < length; at += 50_000) {
            await sink(contentOf(entry, at, at + 50_000))
            await turn()
          }
        } finally {
          end()
        }
      },
    })
  }

  /** The agent as the gateway sees it, without a connection between them. */
  readonly mesh: Mesh = {
    ...idleMesh,
    call: async ({ args, signal, onSending }) => {
      const entry = Number(args[0])
      // It is queued for a while, and can be taken back there.
      for (let i = 0; i < entry % 3; i++) await turn()
      if (signal?.aborted) throw new HalibutError('cancelled', 'cancelled', { phase: 'queue' })
      onSending?.()
      try {
        return await this.serve(entry, args[1] as DataStream | undefined, signal)
      } catch (why) {
        // What fails once it has left may have run, whatever failed.
        if (why instanceof HalibutError) throw new HalibutError(why.kind, why.message, { phase: 'response', delivery: 'unknown' })
        throw new HalibutError('service_failed', String(why), { phase: 'response', delivery: 'executed' })
      }
    },
    probe: async () => ({ roundTripMs: 1 }),
    on: this.on,
  }
}

/** Hosts the agents of many schedules in one runtime; `agentOf` gives the one that an entry belongs to. */
export function hostSchedules(runtime: HalibutRuntime, agentOf: (entry: number) => ScheduleAgent): void {
  const serve = (entry: bigint, content: DataStream | undefined, signal: AbortSignal): Promise<never> =>
    agentOf(Number(entry)).serve(Number(entry), content, signal) as Promise<never>
  runtime.addService(scheduleService, {
    Add: (entry, { signal }) => serve(entry, undefined, signal),
    Hold: (entry, { signal }) => serve(entry, undefined, signal),
    Read: (entry, { signal }) => serve(entry, undefined, signal),
    Download: (entry, { signal }) => serve(entry, undefined, signal),
    Upload: (entry, content, { signal }) => serve(entry, content, signal),
  })
}
