import type { CallSnapshot } from '@halibut-gateway/schemas'
import type { HalibutError } from '../base/errors.ts'
import type { CallStep } from '../runtime/call-deadline.ts'
import { CallPhases } from './call-phases.ts'
import type { CallSubject, CallWay } from './call-subject.ts'
import { RecentCalls } from './recent-calls.ts'
import type { CallSpans } from './request-spans.ts'

/** Something that happened to a call. */
export interface CallChange {
  readonly type: 'started' | 'changed' | 'finished'
  readonly call: CallSnapshot
  readonly of: OpenCall
}

/** Hears of each call when it has ended, after how many milliseconds and with which error. */
export type CallMeter = (call: OpenCall, durationMs: number, error: HalibutError | undefined) => void

/** What the calls of a registry share. */
interface Shared {
  readonly open: Set<OpenCall>
  readonly listeners: Set<(change: CallChange) => void>
  readonly meter: CallMeter | undefined
  readonly recent: RecentCalls
}

/** The calls to agents that browsers make, as `calls.watch` shows them. What nobody looks at is not written out. */
export class CallRegistry {
  /** Those that are over. */
  readonly recent = new RecentCalls()
  readonly #shared: Shared

  /** `meter`: who counts them. */
  constructor(meter?: CallMeter) {
    this.#shared = { open: new Set(), listeners: new Set(), meter, recent: this.recent }
  }

  /** A call begins: it waits for a connection. `startedMs`: since when, by `performance.now()`. `spans`: where some are made of it. */
  begin(subject: CallSubject, startedMs: number, way: CallWay, spans?: CallSpans): OpenCall {
    return new OpenCall(subject, startedMs, way, this.#shared, spans)
  }

  /** How many wait for a connection, and how many run. */
  counts(): { readonly queued: number; readonly running: number } {
    let queued = 0
    for (const call of this.#shared.open) if (call.isWaiting) queued++
    return { queued, running: this.#shared.open.size - queued }
  }

  /** The calls that wait or run. */
  calls(): Iterable<OpenCall> {
    return this.#shared.open
  }

  /** Calls `listener` at each change; gives a function that ends this. */
  onChange(listener: (change: CallChange) => void): () => void {
    const { listeners } = this.#shared
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }
}

/** A call that waits for a connection, and then runs. */
export class OpenCall {
  readonly subject: CallSubject
  readonly way: CallWay
  /** What the agent knows it by: another one where it was made again. */
  activityId: string
  readonly #shared: Shared
  readonly #spans: CallSpans | undefined
  readonly #startedMs: number
  /** Since when it waits, where it does. */
  #waitingMs: number | undefined
  /** No time has passed since it began. */
  #isNew = true
  #queuedMs = 0
  #since: string | undefined
  /** Of calls that somebody may look at; most do not pay for it. */
  readonly #phases: CallPhases | undefined

  constructor(subject: CallSubject, startedMs: number, way: CallWay, shared: Shared, spans: CallSpans | undefined) {
    this.subject = subject
    this.way = way
    this.activityId = subject.activityId
    this.#spans = spans
    this.#startedMs = startedMs
    this.#waitingMs = startedMs
    this.#phases = way.idempotencyKey === undefined ? undefined : new CallPhases()
    this.#shared = shared
    shared.open.add(this)
    if (shared.listeners.size > 0) this.#tell('started', this.snapshot())
  }

  get isWaiting(): boolean {
    return this.#waitingMs !== undefined
  }

  /** How long it has waited for a connection, in milliseconds. */
  get queuedMs(): number {
    return this.#queuedMs + (this.#waitingMs === undefined ? 0 : performance.now() - this.#waitingMs)
  }

  /** How long ago it began, in milliseconds. */
  get elapsedMs(): number {
    return performance.now() - this.#startedMs
  }

  /** Time passes now. Where it was {@link sent} before this, it did not wait. */
  waits(): void {
    this.#isNew = false
  }

  /** It is about to leave on a connection. */
  sent(): void {
    if (this.#waitingMs === undefined) return
    this.#queuedMs += (this.#isNew ? this.#startedMs : performance.now()) - this.#waitingMs
    this.#waitingMs = undefined
    this.#phases?.enter('request', this.elapsedMs)
    this.#spans?.sent()
    if (this.#shared.listeners.size > 0) this.#tell('changed', this.snapshot())
  }

  /** What hears of its further steps; `undefined`: nobody wants to. */
  get onStep(): ((step: CallStep, why?: HalibutError) => void) | undefined {
    const phases = this.#phases
    return (
      phases &&
      ((step, why) => {
        phases.step(step, why, this.elapsedMs)
        if (this.#shared.listeners.size > 0) this.#tell('changed', this.snapshot())
      })
    )
  }

  /** What took how long so far. */
  get phases(): CallSnapshot['phases'] {
    return this.#phases?.told()
  }

  /** It is made once more under another activity id, and waits again. */
  again(activityId: string): void {
    this.activityId = activityId
    this.#spans?.again(activityId)
    this.#waitingMs = performance.now()
    this.#phases?.enter('queue', this.elapsedMs)
    if (this.#shared.listeners.size > 0) this.#tell('changed', this.snapshot())
  }

  /** It has ended; gives how long it took, in milliseconds. */
  ended(error?: HalibutError): number {
    const durationMs = round(performance.now() - this.#startedMs)
    this.#phases?.end(durationMs)
    const { open, listeners, meter, recent } = this.#shared
    const queuedMs = round(this.queuedMs)
    open.delete(this)
    this.#spans?.end(error)
    meter?.(this, durationMs, error)
    recent.add(this.subject, durationMs, queuedMs, error, this.way.principal)
    if (listeners.size > 0) {
      const call = { ...this.snapshot(), queuedMs, durationMs }
      if (error) this.#tell('finished', { ...call, state: 'failed', error: told(error) })
      else this.#tell('finished', { ...call, state: 'answered' })
    }
    return durationMs
  }

  /** When it began, RFC 3339. */
  get since(): string {
    this.#since ??= new Date(Date.now() - (performance.now() - this.#startedMs)).toISOString()
    return this.#since
  }

  /** As it is now. */
  snapshot(): CallSnapshot {
    const about = { ...this.subject, since: this.since, ...(this.#phases && { phases: this.#phases.told() }) }
    return this.#waitingMs === undefined ? { ...about, state: 'running', queuedMs: round(this.#queuedMs) } : { ...about, state: 'queued' }
  }

  #tell(type: CallChange['type'], call: CallSnapshot): void {
    for (const listener of this.#shared.listeners) listener({ type, call, of: this })
  }
}

function told({ kind, phase, delivery }: HalibutError): NonNullable<CallSnapshot['error']> {
  return { kind, delivery, ...(phase ? { phase } : {}) }
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100
}
