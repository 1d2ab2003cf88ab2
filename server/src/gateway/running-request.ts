import { serverNotifications } from '@halibut-gateway/schemas'
import type { CancelMode } from '@halibut-gateway/schemas/contract'
import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { Principal } from '../access/principal.ts'
import { isAbortAwaited } from '../base/abort-listeners.ts'
import type { HalibutError } from '../base/errors.ts'
import type { RequestContext } from '../rpc/call-context.ts'
import type { Requested } from '../rpc/dispatcher.ts'
import { agentOf } from '../rpc/run.ts'
import type { Outbox, OutboxWaiter } from './outbox.ts'
import { type Outcome, writeItem } from './outcome.ts'
import type { CallStreamSet } from './streams/stream-table.ts'

/**
 * Controllers of requests that ended well. A fresh one with a listener costs 5 us, a used one 0.3: a twentieth of the benchmark row `gateway CPU per
 * call`.
 */
const spare: AbortController[] = []
const maxSpare = 256

const progressCheck = TypeCompiler.Compile(serverNotifications['$/progress'])

/** How a request came. */
export interface Arrival {
  /** By `performance.now()`. */
  readonly receivedMs: number
  /** In a long text. */
  readonly isLong: boolean
}

/** What a request needs of its session. */
export interface RequestHost {
  readonly id: string
  readonly principal: Principal
  readonly outbox: Outbox
  send(text: string): void
}

/** One request between its arrival and its end, as its handler sees it: how it is cancelled, and how many items it may send. */
export class RunningRequest implements RequestContext, OutboxWaiter {
  readonly request: Requested
  readonly receivedMs: number
  readonly isLong: boolean
  readonly streams: CallStreamSet
  /** Who takes its outcome, where it is not sent by itself. */
  readonly settle: ((outcome: Outcome) => void) | undefined
  /** It has run to its end; its outcome is being written. */
  isAnswered = false
  readonly #host: RequestHost
  readonly #stop: AbortController
  #begun: CancelMode | undefined
  #skipped = false
  #items = 0
  #itemCredit: number = facadeLimits.itemCredit
  #wake: (() => void) | undefined

  constructor(host: RequestHost, request: Requested, arrival: Arrival, streams: CallStreamSet, settle?: (outcome: Outcome) => void) {
    this.#host = host
    this.request = request
    this.receivedMs = arrival.receivedMs
    this.isLong = arrival.isLong
    this.streams = streams
    this.settle = settle
    this.#stop = spare.pop() ?? new AbortController()
  }

  get principal(): Principal {
    return this.#host.principal
  }

  get caller(): string {
    return this.#host.id
  }

  get signal(): AbortSignal {
    return this.#stop.signal
  }

  get traceparent(): string | undefined {
    return this.request.traceparent
  }

  /** The agent that it calls. */
  get agent(): string | undefined {
    return agentOf(this.request.params)
  }

  /** Whether it may have run. */
  get hasBegun(): boolean {
    return this.#begun !== undefined
  }

  /** What becomes of it where whoever gives it up does not say. */
  get cancelMode(): CancelMode {
    return this.#begun ?? 'kill'
  }

  /**
   * Whether it goes on without its session. What others may ask for by its key does anyway, and there this one stops to count as waiting.
   */
  get outlivesSession(): boolean {
    return !this.isAnswered && (this.#skipped || this.#begun === 'skip') && !isKept(this.request.params)
  }

  /** It has ended, and nobody holds its signal any more. */
  recycle(): void {
    const { signal } = this
    if (!signal.aborted && spare.length < maxSpare && !isAbortAwaited(signal)) spare.push(this.#stop)
  }

  /** The request is leaving for its agent. */
  begun(cancel: CancelMode): void {
    this.#begun = cancel
  }

  /** Nobody waits for it, and the agent is to finish it. */
  skip(): void {
    this.#skipped = true
  }

  /** Gives it up, at the agent too. */
  stop(why: HalibutError): void {
    if (this.signal.aborted) return
    this.#stop.abort(why)
    this.streams.interrupt(why)
    this.wake()
  }

  /** The browser takes items up to this one. */
  credit(sequence: number): void {
    if (sequence <= this.#itemCredit) return
    this.#itemCredit = sequence
    this.wake()
  }

  sendItem(sequence: number, item: unknown): void {
    const params = { id: this.request.id, sequence, item }
    if (!progressCheck.Check(params)) throw new Error('a progress notification does not fit its schema')
    const text = writeItem(params)
    this.#items = sequence
    this.#host.send(text)
  }

  /** Resolves when there is credit for an item and the socket takes text, or the request is stopped. */
  async writable(): Promise<void> {
    const { outbox } = this.#host
    while (!this.signal.aborted && !(this.#items < this.#itemCredit && outbox.writable)) {
      if (!outbox.writable) outbox.awaitWritable(this)
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
    outbox.forget(this)
  }

  wake(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}

function isKept(params: object | undefined): boolean {
  return (params as { readonly idempotencyKey?: unknown } | undefined)?.idempotencyKey !== undefined
}
