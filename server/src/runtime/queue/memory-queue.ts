import { cancelledWhile } from '../../base/cancelled.ts'
import { HalibutError } from '../../base/errors.ts'
import type { AnswerStreams } from '../../exchange/answer.ts'
import type { RequestSource } from '../../exchange/serve-poller.ts'
import { activityOf, type WaitingCalls } from '../waiting-calls.ts'
import { CallerTurns } from './caller-turns.ts'
import { type ConsumedQueue, Consumer } from './consumer.ts'
import { type PendingIn, PendingRequest } from './pending-request.ts'
import type { RequestQueue, RequestToQueue } from './request-queue.ts'

/**
 * The queue in this process’s memory. A request that no waiting connection may have waits; a connection that finds no request waits: so
 * at any time, no waiting request fits a waiting connection.
 */
export class MemoryRequestQueue implements RequestQueue, ConsumedQueue, PendingIn {
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

  /** Requests that wait to be collected. */
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

  queueAndWait(request: RequestToQueue): Promise<AnswerStreams | undefined> {
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
      if (this.#collect(pending)) consumer.hand(pending)
    } else {
      pending.wait()
      this.#waiting ??= new CallerTurns()
      this.#waiting.add(pending)
    }
    return pending.outcome
  }

  /** The source of work for one connection that presented `thumbprint`. */
  consumer(thumbprint: string): RequestSource {
    return new Consumer(thumbprint, this)
  }

  /** No connection comes any more: those that are there collect what waits and are over then. */
  drain(): void {
    this.#draining = true
    // A connection that waits found nothing that it may collect.
    for (const consumer of [...this.#consumers]) consumer.close()
  }

  /** Ends what waits to be collected; only what the owner of a certificate alone may collect, where one is given. */
  failWaiting(why: HalibutError, thumbprint?: string): void {
    for (const pending of this.#waiting?.list() ?? []) {
      if (thumbprint === undefined || pending.belongsTo(thumbprint)) pending.fail(why)
    }
  }

  close(why: HalibutError): void {
    this.#closed = why
    this.failWaiting(why)
    for (const pending of [...(this.#inFlight ?? [])])
      pending.fail(why.with({ delivery: 'unknown', phase: 'response' }, 'the runtime was closed after the request had left'))
    for (const consumer of [...this.#consumers]) consumer.close()
  }

  /** Who waits, and for what. */
  look(): WaitingCalls {
    const calls = [...(this.#waiting?.inTurn() ?? [])].map(({ id }) => activityOf(id))
    return { calls, busy: this.#inFlight?.size ?? 0, idle: this.#consumers.length, limit: undefined }
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
    for (;;) {
      const pending = this.#waiting?.take(allows, thumbprint)
      if (!pending || this.#collect(pending)) return pending
    }
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

  #collect(pending: PendingRequest): boolean {
    if (!pending.collected()) return false
    this.#inFlight ??= new Set()
    this.#inFlight.add(pending)
    return true
  }

  /** A request came to its end, however it did. */
  left(pending: PendingRequest): void {
    this.#waiting?.delete(pending)
    this.#inFlight?.delete(pending)
    if (this.empty) this.#onEmpty?.(this.#endpoint)
  }
}

function allows(pending: PendingRequest, thumbprint: string): boolean {
  return pending.allows(thumbprint)
}
