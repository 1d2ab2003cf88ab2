import type { AgentStateName, History, HistoryStep } from '@halibut-gateway/schemas'
import { type ErrorKind, errorTable } from '@halibut-gateway/schemas/wire'
import type { HalibutError } from '../base/errors.ts'
import { gatewayLimits } from '../base/limits.ts'
import { steadyTime } from '../base/steady-time.ts'
import type { FleetChanges } from '../fleet/fleet-changes.ts'
import type { CallRegistry, OpenCall } from '../rpc/call-registry.ts'
import { bucketCount, bucketOf, percentile } from './latency-buckets.ts'
import { type Step, StepRing } from './step-ring.ts'

const { historyStepMs, historyLongStepMs, historySteps } = gatewayLimits

const kinds = Object.keys(errorTable) as ErrorKind[]
const states: readonly AgentStateName[] = ['connected', 'suspect', 'offline', 'untrusted', 'disabled']

// A step is two rows of numbers.
const callsAt = 0
const changesAt = 1
const errorsAt = 2
const tookAt = errorsAt + kinds.length
const waitedAt = tookAt + bucketCount
const counterCount = waitedAt + bucketCount
const queuedAt = 0
const runningAt = 1
const agentsAt = 2
const gaugeCount = agentsAt + states.length

/** By kind the place of its counter. */
const placeOfKind = new Map<ErrorKind, number>(kinds.map((kind, i) => [kind, errorsAt + i]))

/** What is looked at when a step ends. */
export interface HistorySources {
  readonly calls: Pick<CallRegistry, 'counts'>
  readonly changes: Pick<FleetChanges, 'counts' | 'total'>
  /** UTC milliseconds since 1970. */
  readonly now?: () => number
}

/** Of which time: UTC milliseconds since 1970. */
export interface HistorySpan {
  readonly fromMs: number
  readonly toMs: number
}

/**
 * What was counted of all calls and agents, for who comes and looks at it later: the last minutes in short steps, the last hours in longer ones, in
 * memory that is taken once. It is of the whole gateway, as metrics are: nothing in it belongs to an agent.
 */
export class TrafficHistory {
  readonly #sources: HistorySources
  readonly #now: () => number
  readonly #short = new StepRing(historySteps, counterCount, gaugeCount)
  readonly #long = new StepRing(historySteps, counterCount, gaugeCount)
  /** The steps that have not ended: what is counted, and of the long one what the short ones before counted. */
  readonly #counters = new Uint32Array(counterCount)
  readonly #longCounters = new Uint32Array(counterCount)
  readonly #gauges = new Uint32Array(gaugeCount)
  readonly #bornMs: number
  #fromMs: number
  #longFromMs: number
  #changesBefore: number
  readonly #listeners = new Set<() => void>()
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(sources: HistorySources) {
    this.#sources = sources
    this.#now = sources.now ?? steadyTime
    this.#changesBefore = sources.changes.total
    this.#bornMs = this.#fromMs = this.#longFromMs = this.#now()
    this.#look()
  }

  /** Ends a step from time to time. */
  start(): void {
    this.#timer = setInterval(() => this.step(), historyStepMs)
    this.#timer.unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** A call to an agent has ended. */
  readonly callEnded = (call: OpenCall, durationMs: number, error: HalibutError | undefined): void => {
    this.#count(callsAt)
    this.#count(tookAt + bucketOf(durationMs))
    this.#count(waitedAt + bucketOf(call.queuedMs))
    if (error) this.#count(placeOfKind.get(error.kind) ?? errorsAt)
  }

  /** The step that is counted ends, however long it was. */
  step(): void {
    const now = this.#now()
    if (now <= this.#fromMs) return
    const { total } = this.#sources.changes
    this.#counters[changesAt] = total - this.#changesBefore
    this.#changesBefore = total
    this.#look()
    this.#short.push({ fromMs: this.#fromMs, ms: now - this.#fromMs, counters: this.#counters, gauges: this.#gauges })
    add(this.#longCounters, this.#counters)
    this.#counters.fill(0)
    this.#fromMs = now
    // Whose end comes nearest to the length.
    if (now - this.#longFromMs >= historyLongStepMs - historyStepMs / 2) {
      this.#long.push(this.#longStep())
      this.#longCounters.fill(0)
      this.#longFromMs = now
    }
    for (const listener of this.#listeners) listener()
  }

  /** Calls `listener` when there is something new; gives a function that ends this. */
  onStep(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** The time of the last minutes. */
  spanOf(minutes: number): HistorySpan {
    const toMs = this.#now()
    return { fromMs: toMs - minutes * 60_000, toMs }
  }

  /** The step that ended last; before one has, what the first one has so far. */
  newest(): HistoryStep {
    const [step] = this.#short.between(this.#fromMs - 1, this.#fromMs)
    return told(step ?? { fromMs: this.#fromMs, ms: this.#now() - this.#fromMs, counters: this.#counters, gauges: this.#gauges })
  }

  /** What was counted in a time; short steps where all of it is remembered in such. `afterMs`: steps that began before are left out. */
  read(span: HistorySpan, afterMs = Number.NEGATIVE_INFINITY): Omit<History, 'seesAll'> {
    // Back from the last end, so that it is the same whenever between two ends somebody asks.
    const isShort = span.fromMs >= this.#fromMs - historySteps * historyStepMs
    const steps: HistoryStep[] = []
    const whole = new Uint32Array(counterCount)
    for (const step of isShort ? this.#short.between(span.fromMs, span.toMs) : this.#longSteps(span)) {
      if (step.fromMs >= afterMs) steps.push(told(step))
      add(whole, step.counters)
    }
    const sinceMs = (isShort ? this.#short : this.#long).sinceMs ?? this.#bornMs
    return {
      stepMs: isShort ? historyStepMs : historyLongStepMs,
      since: new Date(sinceMs).toISOString(),
      steps,
      whole: endedCalls(whole),
    }
  }

  *#longSteps({ fromMs, toMs }: HistorySpan): Generator<Step> {
    yield* this.#long.between(fromMs, toMs)
    const growing = this.#longStep()
    if (growing.ms > 0 && growing.fromMs < toMs && growing.fromMs + growing.ms > fromMs) yield growing
  }

  /** As far as it has come. */
  #longStep(): Step {
    return { fromMs: this.#longFromMs, ms: this.#fromMs - this.#longFromMs, counters: this.#longCounters, gauges: this.#gauges }
  }

  #look(): void {
    const { queued, running } = this.#sources.calls.counts()
    const { counts } = this.#sources.changes
    this.#gauges.set([queued, running, ...states.map(state => counts[state])])
  }

  #count(place: number): void {
    this.#counters[place] = (this.#counters[place] ?? 0) + 1
  }
}

function add(to: Uint32Array, counters: Uint32Array): void {
  for (let i = 0; i < counterCount; i++) to[i] = (to[i] ?? 0) + (counters[i] ?? 0)
}

function told({ fromMs, ms, counters, gauges }: Step): HistoryStep {
  const agents = Object.fromEntries(states.map((state, i) => [state, gauges[agentsAt + i] ?? 0])) as Record<AgentStateName, number>
  return {
    at: new Date(fromMs).toISOString(),
    ms,
    ...endedCalls(counters),
    queued: gauges[queuedAt] ?? 0,
    running: gauges[runningAt] ?? 0,
    agents,
    changes: counters[changesAt] ?? 0,
  }
}

function endedCalls(counters: Uint32Array): History['whole'] {
  const calls = counters[callsAt] ?? 0
  const errors = kinds
    .map((kind, i) => ({ kind, count: counters[errorsAt + i] ?? 0 }))
    .filter(({ count }) => count > 0)
    .sort((one, other) => other.count - one.count)
  if (calls === 0) return { calls, errors }
  return { calls, errors, took: percentiles(counters.subarray(tookAt, waitedAt)), waited: percentiles(counters.subarray(waitedAt)) }
}

function percentiles(counts: Uint32Array): NonNullable<History['whole']['took']> {
  return { p50: percentile(counts, 0.5) ?? 0, p95: percentile(counts, 0.95) ?? 0, p99: percentile(counts, 0.99) ?? 0 }
}
