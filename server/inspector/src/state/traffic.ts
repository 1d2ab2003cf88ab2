import type { GatewayClient } from '@halibut-gateway/client'
import type { CallEvent, CallSnapshot } from '@halibut-gateway/schemas'
import { follow } from './open-calls.ts'

/** Seconds that are looked back on. */
const secondsKept = 120
/** Of so many calls, the newest, it is told how long they took. */
const samplesKept = 1_000

/** What is going on between callers and agents, since somebody looks. */
export interface Traffic {
  readonly waiting: number
  readonly running: number
  /** Calls that ended in each of the last seconds, the newest last. */
  readonly perSecond: readonly number[]
  /** How many failed of each kind, the most first. */
  readonly errors: readonly (readonly [kind: string, count: number])[]
  readonly ended: number
  /** Milliseconds: half of the calls, 95 and 99 of a hundred took at most so long. */
  readonly took: readonly number[]
  /** The same of how long they waited for their agent. */
  readonly waited: readonly number[]
}

/** Counts calls as a watch tells of them. */
export class TrafficCount {
  readonly #open = new Map<string, CallSnapshot>()
  readonly #errors = new Map<string, number>()
  readonly #took: number[] = []
  readonly #waited: number[] = []
  #perSecond: number[] = []
  #second: number | undefined
  #ended = 0

  /** `second`: since any beginning. */
  take(event: CallEvent, second: number): void {
    this.#turn(second)
    follow(this.#open, event)
    if (event.type === 'finished') this.#finish(event.call)
  }

  /** As it is at a second. */
  at(second: number): Traffic {
    this.#turn(second)
    let waiting = 0
    for (const { state } of this.#open.values()) if (state === 'queued') waiting++
    return {
      waiting,
      running: this.#open.size - waiting,
      perSecond: [...this.#perSecond],
      errors: [...this.#errors].sort(([, one], [, other]) => other - one),
      ended: this.#ended,
      took: percentiles(this.#took),
      waited: percentiles(this.#waited),
    }
  }

  #finish({ error, durationMs, queuedMs }: CallSnapshot): void {
    this.#ended++
    this.#perSecond[secondsKept - 1] = (this.#perSecond[secondsKept - 1] ?? 0) + 1
    if (error) this.#errors.set(error.kind, (this.#errors.get(error.kind) ?? 0) + 1)
    if (durationMs !== undefined) keep(this.#took, durationMs)
    if (queuedMs !== undefined) keep(this.#waited, queuedMs)
  }

  #turn(second: number): void {
    const passed = Math.min(secondsKept, second - (this.#second ?? second - secondsKept))
    this.#second = second
    if (passed > 0) this.#perSecond = [...this.#perSecond, ...Array.from({ length: passed }, () => 0)].slice(-secondsKept)
  }
}

/** Watches the calls until `signal` aborts; `tell` hears of what is going on, each second. */
export async function watchTraffic(client: GatewayClient, signal: AbortSignal, tell: (traffic: Traffic) => void): Promise<void> {
  const count = new TrafficCount()
  const second = (): number => Math.floor(performance.now() / 1_000)
  const timer = setInterval(() => tell(count.at(second())), 1_000)
  tell(count.at(second()))
  try {
    for await (const event of client.watchCalls({ signal })) count.take(event, second())
  } finally {
    clearInterval(timer)
  }
}

function keep(samples: number[], sample: number): void {
  samples.push(sample)
  if (samples.length > samplesKept) samples.shift()
}

function percentiles(samples: readonly number[]): readonly number[] {
  const sorted = samples.toSorted((one, other) => one - other)
  return [0.5, 0.95, 0.99].map(part => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN)
}
