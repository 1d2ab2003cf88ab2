import type { History, HistoryEvent, HistoryRange, HistoryStep, MethodResult } from '@halibut-gateway/schemas'
import type { Access } from '../../access/access.ts'
import { AgentSight } from '../agent-sight.ts'
import { ParamsError } from '../params-error.ts'
import type { Handlers } from '../run.ts'
import { type ItemSource, WatchFeed } from '../watch-feed.ts'

const defaultMinutes = 15

/** UTC milliseconds since 1970. */
interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/** What was counted of all calls and agents, step by step. */
export interface HistoryReader {
  /** The time of the last minutes. */
  spanOf(minutes: number): Span
  /** `afterMs`: steps that began before are left out. */
  read(span: Span, afterMs?: number): Omit<History, 'seesAll'>
  /** The step that ended last; before one has, what the first one has so far. */
  newest(): HistoryStep
  /** Calls `listener` when there is a new step; gives a function that ends this. */
  onStep(listener: () => void): () => void
}

const longAgo = new Date(0).toISOString()

/** Of whoever counts nothing. */
export const noHistory: HistoryReader = {
  spanOf: () => ({ fromMs: 0, toMs: 0 }),
  read: () => ({ stepMs: 1, since: longAgo, steps: [], whole: { calls: 0, errors: [] } }),
  newest: () => ({
    ...{ at: longAgo, ms: 0, calls: 0, errors: [], queued: 0, running: 0, changes: 0 },
    agents: { connected: 0, suspect: 0, offline: 0, untrusted: 0, disabled: 0 },
  }),
  onStep: () => () => undefined,
}

/** What the methods about numbers of the past work with. */
export interface MetricsMethodsOptions {
  readonly history: HistoryReader
  readonly access: Access
}

/** The methods that tell numbers of the past. They are of all agents, as `/metrics` is. */
export function metricsMethods({ history, access }: MetricsMethodsOptions): Pick<Handlers, 'metrics.history' | 'metrics.watch'> {
  return {
    'metrics.history': (range, { principal }): MethodResult<'metrics.history'> => ({
      ...history.read(spanOf(history, range), range.after === undefined ? undefined : timeOf('/after', range.after)),
      seesAll: new AgentSight(access, principal).isWhole,
    }),
    'metrics.watch': async (_params, context) => {
      const source = new NewestStep(history)
      try {
        return await source.feed.run(context)
      } finally {
        source.close()
      }
    },
  }
}

function spanOf(history: HistoryReader, { minutes = defaultMinutes, from, to }: HistoryRange): Span {
  const last = history.spanOf(minutes)
  return {
    fromMs: from === undefined ? last.fromMs : timeOf('/from', from),
    toMs: to === undefined ? last.toMs : timeOf('/to', to),
  }
}

function timeOf(path: string, text: string): number {
  const ms = Date.parse(text)
  if (!Number.isNaN(ms)) return ms
  throw new ParamsError(`${path}: there is no such time`, [{ path, expected: 'RFC 3339', got: JSON.stringify(text) }])
}

/** The newest step, at first and each time that one has ended. */
class NewestStep implements ItemSource {
  readonly feed = new WatchFeed(this)
  readonly #history: HistoryReader
  readonly #stop: () => void
  #isNew = true

  constructor(history: HistoryReader) {
    this.#history = history
    this.#stop = history.onStep(() => {
      this.#isNew = true
      this.feed.wake()
    })
  }

  get ready(): boolean {
    return this.#isNew
  }

  close(): void {
    this.#stop()
  }

  next(): HistoryEvent {
    this.#isNew = false
    return { type: 'step', step: this.#history.newest() }
  }
}
