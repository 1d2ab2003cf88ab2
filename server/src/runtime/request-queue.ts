import { offAbort, onAbort } from '../base/abort-listeners.ts'
import { cancelledWhile } from '../base/cancelled.ts'
import { type Deferred, deferred } from '../base/deferred.ts'
import { HalibutError } from '../base/errors.ts'
import type { MemoryCharge } from '../base/memory-charge.ts'
import { formatTimeSpan } from '../base/time-span.ts'
import { timerMs } from '../base/timer.ts'
import type { DecodedResponse, EncodedMessage } from '../codec/envelope.ts'
import type { TypeResolver } from '../codec/type-registry.ts'
import { type Exchanged, noResponse } from '../exchange/call-agent.ts'
import type { ReceivedStreams } from '../exchange/received-streams.ts'
import type { CollectedRequest, RequestSource } from '../exchange/serve-poller.ts'
import { pollingFailure, withServerException } from './call-failures.ts'
import { CallerTurns } from './caller-turns.ts'
import { clientException } from './dotnet-exception.ts'

/** A request for a polling agent. */
export interface RequestToQueue {
  readonly id: string
  readonly message: EncodedMessage
  /** Resolves the `$type` names of the response. */
  readonly types: TypeResolver
  /** The agent’s certificate: only a connection that presented it gets the request. `undefined`: any trusted one, as .NET. */
  readonly thumbprint: string | undefined
  /** How long it may wait to be collected, in milliseconds; `undefined`: until `signal` ends it. */
  readonly queueTimeoutMs: number | undefined
  readonly signal: AbortSignal | undefined
  /** Whose it is: callers take turns. `undefined` is one of them. */
  readonly caller?: string | undefined
  /** A connection has taken it. */
  readonly onCollected?: (() => void) | undefined
}

/** The pending requests of one subscription (spec §7): first in first out for each caller, the callers in turn. */
export interface RequestQueue {
  /** Queues a request and waits for its response: for the collection at most `queueTimeoutMs`, after that without limit. */
  queueAndWait(request: RequestToQueue): Promise<Exchanged>
  /** The source of work for one connection that presented `thumbprint`. */
  consumer(thumbprint: string): RequestSource
  /** Requests that wait to be collected. */
  readonly length: number
  /** Nothing waits in it and nothing that was collected from it is under way. */
  readonly empty: boolean
  /** Takes nothing more: connections collect what waits and are over then. */
  drain(): void
  /** Ends what waits to be collected. */
  failWaiting(why: HalibutError): void
  /** Ends everything queued as cancelled. */
  close(why: HalibutError): void
}

/**
 * The queue in this process’s memory. A request that no waiting connection may have waits; a connection that finds no request waits: so
 * at any time, no waiting request fits a waiting connection.
 */
export class MemoryRequestQueue implements RequestQueue {
  readonly #endpoint: string
  readonly #maxLength: number
  readonly #onEmpty: ((endpoint: string) => void) | undefined
  // Most queues of a large fleet are idle, with one connection that waits: what holds requests is made with the first one, and a few
  // connections, in the order in which they were last heard from (each begins to wait when it has said NEXT), need no set.
  #consumers: Consumer[] = []
  #waiting: CallerTurns<PendingRequest> | undefined
  #inFlight: Set<PendingRequest> | undefined
  #draining = false
  #closed: HalibutError | undefined

  /** `onEmpty`: the last request that waited or was under way came to its end. */
  constructor(endpoint: string, maxLength: number, onEmpty?: (endpoint: string) => void) {
    this.#endpoint = endpoint
    this.#maxLength = maxLength
    this.#onEmpty = onEmpty
  }

  get length(): number {
    return this.#waiting?.size ?? 0
  }

  /** Nothing is handed out any more, but for what waits already. */
  get closing(): boolean {
    return this.#draining || this.#closed !== undefined
  }

  get empty(): boolean {
    return this.length === 0 && (this.#inFlight?.size ?? 0) === 0
  }

  queueAndWait(request: RequestToQueue): Promise<Exchanged> {
    if (this.#closed) return Promise.reject(this.#closed)
    if (request.signal?.aborted) return Promise.reject(cancelledWhile('Connecting', { phase: 'queue', endpoint: this.#endpoint }))
    const consumer = this.#consumerFor(request)
    if (!consumer && this.length >= this.#maxLength) {
      return Promise.reject(
        new HalibutError('queue_full', `${this.length} requests wait for ${this.#endpoint} already (maxQueuedRequests)`, {
          phase: 'queue',
          endpoint: this.#endpoint,
        }),
      )
    }
    const pending = new PendingRequest(request, this.#endpoint, this)
    if (consumer) {
      this.removeWaiting(consumer)
      consumer.hand(this.#collect(pending))
    } else {
      pending.wait()
      this.#waiting ??= new CallerTurns()
      this.#waiting.add(pending)
    }
    return pending.outcome.promise
  }

  consumer(thumbprint: string): RequestSource {
    return new Consumer(thumbprint, this)
  }

  drain(): void {
    this.#draining = true
    // A connection that waits found nothing that it may collect.
    for (const consumer of [...this.#consumers]) consumer.close()
  }

  failWaiting(why: HalibutError): void {
    for (const pending of this.#waiting?.list() ?? []) pending.fail(why)
  }

  close(why: HalibutError): void {
    this.#closed = why
    this.failWaiting(why)
    for (const pending of [...(this.#inFlight ?? [])])
      pending.fail(why.with({ delivery: 'unknown', phase: 'response' }, 'the runtime was closed after the request had left'))
    for (const consumer of [...this.#consumers]) consumer.close()
  }

  /** Why no connection has taken a request yet. */
  whyWaiting(request: PendingRequest): string {
    const busy = this.#inFlight?.size ?? 0
    if (busy > 0) return `its connections are busy with ${busy} other ${busy === 1 ? 'request' : 'requests'}`
    if (this.#consumers.some(consumer => !request.allows(consumer.thumbprint)))
      return 'its connection shows another certificate than the pinned one'
    return 'no connection of it is there'
  }

  /** The next request that this certificate may collect. */
  take(thumbprint: string): PendingRequest | undefined {
    const pending = this.#waiting?.take(allows, thumbprint)
    return pending && this.#collect(pending)
  }

  addWaiting(consumer: Consumer): void {
    // A first push would make room for 17.
    if (this.#consumers.length === 0) this.#consumers = [consumer]
    else this.#consumers.push(consumer)
  }

  removeWaiting(consumer: Consumer): void {
    const at = this.#consumers.indexOf(consumer)
    if (at >= 0) this.#consumers.splice(at, 1)
  }

  /** The one that was heard from last: an older one may be half-open, its agent back on a new connection already. */
  #consumerFor(request: RequestToQueue): Consumer | undefined {
    return this.#consumers.findLast(consumer => consumer.fits(request))
  }

  #collect(pending: PendingRequest): PendingRequest {
    pending.collected()
    this.#inFlight ??= new Set()
    this.#inFlight.add(pending)
    return pending
  }

  /** A request came to its end, however it did. */
  left(pending: PendingRequest): void {
    this.#waiting?.delete(pending)
    this.#inFlight?.delete(pending)
    if (this.empty) this.#onEmpty?.(this.#endpoint)
  }
}

function mayHave(request: RequestToQueue, thumbprint: string): boolean {
  return request.thumbprint === undefined || request.thumbprint === thumbprint
}

function allows(pending: PendingRequest, thumbprint: string): boolean {
  return pending.allows(thumbprint)
}

class PendingRequest implements CollectedRequest {
  #state: 'queued' | 'collected' | 'done' = 'queued'
  readonly outcome: Deferred<Exchanged> = deferred()
  readonly #request: RequestToQueue
  readonly endpoint: string
  #cut: (() => void) | undefined
  readonly #queue: MemoryRequestQueue
  #timer: NodeJS.Timeout | undefined

  constructor(request: RequestToQueue, endpoint: string, queue: MemoryRequestQueue) {
    this.#request = request
    this.endpoint = endpoint
    this.#queue = queue
    if (request.signal) onAbort(request.signal, this.#cancelled)
  }

  get id(): string {
    return this.#request.id
  }

  get caller(): string | undefined {
    return this.#request.caller
  }

  get types(): TypeResolver {
    return this.#request.types
  }

  get message(): EncodedMessage {
    return this.#request.message
  }

  get isGivenUp(): boolean {
    return this.#request.signal?.aborted ?? false
  }

  allows(thumbprint: string): boolean {
    return mayHave(this.#request, thumbprint)
  }

  /** Starts the time within which it must be collected. */
  wait(): void {
    const { queueTimeoutMs } = this.#request
    if (queueTimeoutMs !== undefined) this.#timer = setTimeout(this.#timedOut, timerMs(queueTimeoutMs), queueTimeoutMs)
  }

  collected(): void {
    this.#state = 'collected'
    clearTimeout(this.#timer)
    this.#request.onCollected?.()
  }

  exchanging(cut: () => void): void {
    this.#cut = cut
  }

  exchanged(): void {
    this.#cut = undefined
    if (this.#state === 'done') this.#unlisten()
  }

  answer(response: DecodedResponse | null, streams: ReceivedStreams | undefined, charge?: MemoryCharge): void {
    if (this.#state !== 'done' && response?.id === this.id) {
      this.#leave()
      this.outcome.resolve({ response, streams, charge })
      return
    }
    charge?.release()
    // Nobody will read them; skipped, they hold the connection no longer than they must.
    streams?.settle(new Set())
    this.#reject(response === null ? noResponse() : notWhatWasAsked(response.id, this.endpoint))
  }

  fail(why: unknown): void {
    this.#reject(this.#state === 'collected' ? pollingFailure(why, this.endpoint) : why)
  }

  #reject(why: unknown): void {
    if (this.#state === 'done') return
    this.#leave()
    this.outcome.reject(why)
  }

  #leave(): void {
    this.#state = 'done'
    clearTimeout(this.#timer)
    // Data streams may still be under way.
    if (!this.#cut) this.#unlisten()
    this.#queue.left(this)
  }

  #unlisten(): void {
    const { signal } = this.#request
    if (signal) offAbort(signal, this.#cancelled)
  }

  readonly #cancelled = (): void => {
    if (this.#state === 'queued') this.fail(cancelledWhile('Connecting', { ...this.#waiting, endpoint: this.endpoint }))
    // Once collected, the connection cuts the exchange off and fails it, which settles what became of it.
    else this.#cut?.()
  }

  readonly #timedOut = (queueTimeoutMs: number): void => {
    const { phase, reason } = this.#waiting
    const within = formatTimeSpan(queueTimeoutMs)
    const text = `A request was sent to a polling endpoint, but the polling endpoint did not collect the request within the allowed time (${within}), so the request timed out.`
    this.fail(
      new HalibutError('deadline_exceeded', `${this.endpoint} did not collect the request within ${queueTimeoutMs} ms: ${reason}`, {
        phase,
        reason,
        endpoint: this.endpoint,
        dotnetType: clientException,
        dotnetMessage: withServerException(text, 'System.TimeoutException'),
      }),
    )
  }

  /** What an error of a request that waits tells. */
  get #waiting(): { readonly phase: 'queue'; readonly reason: string } {
    return { phase: 'queue', reason: this.#queue.whyWaiting(this) }
  }
}

class Consumer implements RequestSource {
  readonly thumbprint: string
  readonly #queue: MemoryRequestQueue
  #waiting: ((item: CollectedRequest | undefined) => void) | undefined
  #timer: NodeJS.Timeout | undefined
  /** The timer is one of {@link dequeueSoon}, and began when there had been so many waits of that kind. */
  #soonSince: number | undefined
  #soonWaits = 0
  #closed = false

  constructor(thumbprint: string, queue: MemoryRequestQueue) {
    this.thumbprint = thumbprint
    this.#queue = queue
  }

  fits(request: RequestToQueue): boolean {
    return mayHave(request, this.thumbprint)
  }

  hand(item: CollectedRequest | undefined): void {
    if (this.#soonSince === undefined) clearTimeout(this.#timer)
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.(item)
  }

  tryDequeue(): CollectedRequest | undefined {
    return this.#closed ? undefined : this.#queue.take(this.thumbprint)
  }

  dequeue(waitMs: number): Promise<CollectedRequest | undefined> {
    return this.#dequeue(waitMs, false)
  }

  dequeueSoon(waitMs: number): Promise<CollectedRequest | undefined> {
    return this.#dequeue(waitMs, true)
  }

  get over(): boolean {
    return this.#closed
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#giveUp()
  }

  #dequeue(waitMs: number, isSoon: boolean): Promise<CollectedRequest | undefined> {
    if (this.#closed) return Promise.resolve(undefined)
    const item = this.#queue.take(this.thumbprint)
    if (item) return Promise.resolve(item)
    if (this.#queue.closing) {
      this.#closed = true
      return Promise.resolve(undefined)
    }
    return new Promise(resolve => {
      this.#waiting = resolve
      if (isSoon) this.#waitSoon(waitMs)
      else this.#waitExactly(waitMs)
      this.#queue.addWaiting(this)
    })
  }

  #waitExactly(waitMs: number): void {
    clearTimeout(this.#timer)
    this.#soonSince = undefined
    this.#timer = setTimeout(this.#giveUp, timerMs(waitMs))
  }

  #waitSoon(waitMs: number): void {
    this.#soonWaits++
    if (this.#soonSince === undefined) this.#startSoon(waitMs)
  }

  /** One timer for many short waits: it looks back when it fires, in the place of being set and cleared with each. */
  #startSoon(waitMs: number): void {
    clearTimeout(this.#timer)
    this.#soonSince = this.#soonWaits
    this.#timer = setTimeout(this.#onSoon, timerMs(waitMs), waitMs)
  }

  readonly #onSoon = (waitMs: number): void => {
    const isOld = this.#soonSince === this.#soonWaits
    this.#soonSince = undefined
    if (!this.#waiting) return
    if (isOld) this.#giveUp()
    else this.#startSoon(waitMs)
  }

  readonly #giveUp = (): void => {
    this.#queue.removeWaiting(this)
    this.hand(undefined)
  }
}

function notWhatWasAsked(id: string, endpoint: string): HalibutError {
  return new HalibutError('protocol_error', `the agent answered ${JSON.stringify(id)}, which is not what it was asked`, {
    phase: 'response',
    delivery: 'unknown',
    endpoint,
  })
}
