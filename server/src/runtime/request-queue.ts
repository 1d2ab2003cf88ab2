import { type Deferred, deferred } from '../base/deferred.ts'
import { HalibutError } from '../base/errors.ts'
import { formatTimeSpan } from '../base/time-span.ts'
import type { DecodedResponse, EncodedMessage } from '../codec/envelope.ts'
import { type Exchanged, noResponse } from '../exchange/call-agent.ts'
import type { ReceivedStreams } from '../exchange/received-streams.ts'
import type { CollectedRequest, RequestSource } from '../exchange/serve-poller.ts'

/** A request for a polling agent. */
export interface RequestToQueue {
  readonly id: string
  readonly message: EncodedMessage
  /** The agent’s certificate: only a connection that presented it gets the request. `undefined`: any trusted one, as .NET. */
  readonly thumbprint: string | undefined
  /** How long it may wait to be collected, in milliseconds. */
  readonly queueTimeoutMs: number
  readonly signal: AbortSignal | undefined
  /** A connection has taken it. */
  readonly onCollected?: (() => void) | undefined
}

/** The pending requests of one subscription (spec §7), first in first out. */
export interface RequestQueue {
  /** Queues a request and waits for its response: for the collection at most `queueTimeoutMs`, after that without limit. */
  queueAndWait(request: RequestToQueue): Promise<Exchanged>
  /** The source of work for one connection that presented `thumbprint`. */
  consumer(thumbprint: string): RequestSource
  /** Requests that wait to be collected. */
  readonly length: number
  /** Ends everything queued as cancelled. */
  close(why: HalibutError): void
}

/** The queue in this process’s memory. */
export class MemoryRequestQueue implements RequestQueue {
  readonly #endpoint: string
  readonly #maxLength: number
  #pending: PendingRequest[] = []
  #head = 0
  #length = 0
  readonly #inFlight = new Set<PendingRequest>()
  #consumers: Consumer[] = []
  #closed: HalibutError | undefined

  constructor(endpoint: string, maxLength: number) {
    this.#endpoint = endpoint
    this.#maxLength = maxLength
  }

  get length(): number {
    return this.#length
  }

  queueAndWait(request: RequestToQueue): Promise<Exchanged> {
    if (this.#closed) return Promise.reject(this.#closed)
    if (request.signal?.aborted) return Promise.reject(cancelledInQueue(this.#endpoint))
    if (this.#length >= this.#maxLength) {
      return Promise.reject(
        new HalibutError('queue_full', `${this.#length} requests wait for ${this.#endpoint} already (maxQueuedRequests)`, {
          phase: 'queue',
          endpoint: this.#endpoint,
        }),
      )
    }
    const pending = new PendingRequest(request, this.#endpoint, this.#left)
    const index = this.#consumers.findIndex(each => each.fits(pending))
    const consumer = this.#consumers[index]
    if (consumer) {
      this.#consumers.splice(index, 1)
      consumer.hand(this.#collect(pending))
    } else {
      pending.wait()
      this.#pending.push(pending)
      this.#length++
    }
    return pending.outcome.promise
  }

  consumer(thumbprint: string): RequestSource {
    return new Consumer(thumbprint, this)
  }

  close(why: HalibutError): void {
    this.#closed = why
    for (const pending of this.#pending.slice(this.#head)) pending.fail(why)
    for (const pending of [...this.#inFlight]) pending.fail(why.with({ delivery: 'unknown', phase: 'response' }))
    this.#pending = []
    this.#head = 0
    this.#length = 0
    for (const consumer of [...this.#consumers]) consumer.close()
  }

  /** The oldest request that this certificate may collect. */
  take(thumbprint: string): PendingRequest | undefined {
    for (let i = this.#head; i < this.#pending.length; i++) {
      const pending = this.#pending[i]
      if (!pending || pending.state !== 'queued') {
        if (i === this.#head) this.#head++
        continue
      }
      if (!pending.allows(thumbprint)) continue
      if (i === this.#head) this.#head++
      else this.#pending.splice(i, 1)
      this.#compact()
      this.#length--
      return this.#collect(pending)
    }
    this.#compact()
    return undefined
  }

  addWaiting(consumer: Consumer): void {
    this.#consumers.push(consumer)
  }

  removeWaiting(consumer: Consumer): void {
    const index = this.#consumers.indexOf(consumer)
    if (index >= 0) this.#consumers.splice(index, 1)
  }

  #collect(pending: PendingRequest): PendingRequest {
    pending.collected()
    this.#inFlight.add(pending)
    return pending
  }

  #compact(): void {
    if (this.#head === this.#pending.length) {
      this.#pending = []
      this.#head = 0
    } else if (this.#head > 1_024 && this.#head * 2 > this.#pending.length) {
      this.#pending = this.#pending.slice(this.#head)
      this.#head = 0
    }
  }

  /** A request came to its end, however it did. */
  readonly #left = (pending: PendingRequest, wasQueued: boolean): void => {
    if (wasQueued && pending.state === 'done' && this.#length > 0 && !this.#closed) this.#length--
    this.#inFlight.delete(pending)
  }
}

class PendingRequest implements CollectedRequest {
  state: 'queued' | 'collected' | 'done' = 'queued'
  readonly outcome: Deferred<Exchanged> = deferred()
  readonly #request: RequestToQueue
  readonly #endpoint: string
  readonly #onLeft: (pending: PendingRequest, wasQueued: boolean) => void
  #timer: NodeJS.Timeout | undefined

  constructor(request: RequestToQueue, endpoint: string, onLeft: (pending: PendingRequest, wasQueued: boolean) => void) {
    this.#request = request
    this.#endpoint = endpoint
    this.#onLeft = onLeft
    request.signal?.addEventListener('abort', this.#cancelled, { once: true })
  }

  get id(): string {
    return this.#request.id
  }

  get message(): EncodedMessage {
    return this.#request.message
  }

  get signal(): AbortSignal | undefined {
    return this.#request.signal
  }

  allows(thumbprint: string): boolean {
    return this.#request.thumbprint === undefined || this.#request.thumbprint === thumbprint
  }

  /** Starts the time within which it must be collected. */
  wait(): void {
    this.#timer = setTimeout(this.#timedOut, this.#request.queueTimeoutMs)
  }

  collected(): void {
    this.state = 'collected'
    clearTimeout(this.#timer)
    this.#request.onCollected?.()
  }

  answer(response: DecodedResponse | null, streams: ReceivedStreams | undefined): void {
    if (this.state === 'done') return
    if (response === null) {
      this.fail(noResponse())
    } else if (response.id !== this.id) {
      this.fail(
        new HalibutError('protocol_error', `the agent answered ${JSON.stringify(response.id)}, which is not what it was asked`, {
          phase: 'response',
          delivery: 'unknown',
          endpoint: this.#endpoint,
        }),
      )
    } else {
      this.#leave()
      this.outcome.resolve({ response, streams })
    }
  }

  fail(why: unknown): void {
    if (this.state === 'done') return
    this.#leave()
    this.outcome.reject(why)
  }

  #leave(): void {
    const wasQueued = this.state === 'queued'
    this.state = 'done'
    clearTimeout(this.#timer)
    this.#request.signal?.removeEventListener('abort', this.#cancelled)
    this.#onLeft(this, wasQueued)
  }

  readonly #cancelled = (): void => {
    // Once collected, the connection cuts the exchange off and fails it, which settles what became of it.
    if (this.state === 'queued') this.fail(cancelledInQueue(this.#endpoint))
  }

  readonly #timedOut = (): void => {
    const within = formatTimeSpan(this.#request.queueTimeoutMs)
    const message = `A request was sent to a polling endpoint, but the polling endpoint did not collect the request within the allowed time (${within}), so the request timed out.`
    this.fail(
      new HalibutError('queue_timeout', `${message}\n\nServer exception: \nSystem.TimeoutException: ${message}`, {
        phase: 'queue',
        delivery: 'not_sent',
        endpoint: this.#endpoint,
        dotnetType: 'Halibut.HalibutClientException',
      }),
    )
  }
}

class Consumer implements RequestSource {
  readonly #thumbprint: string
  readonly #queue: MemoryRequestQueue
  #waiting: ((item: CollectedRequest | undefined) => void) | undefined
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(thumbprint: string, queue: MemoryRequestQueue) {
    this.#thumbprint = thumbprint
    this.#queue = queue
  }

  fits(pending: PendingRequest): boolean {
    return pending.allows(this.#thumbprint)
  }

  hand(item: CollectedRequest | undefined): void {
    clearTimeout(this.#timer)
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.(item)
  }

  tryDequeue(): CollectedRequest | undefined {
    return this.#closed ? undefined : this.#queue.take(this.#thumbprint)
  }

  dequeue(waitMs: number): Promise<CollectedRequest | undefined> {
    if (this.#closed) return Promise.resolve(undefined)
    const item = this.#queue.take(this.#thumbprint)
    if (item) return Promise.resolve(item)
    return new Promise(resolve => {
      this.#waiting = resolve
      this.#timer = setTimeout(this.#giveUp, waitMs)
      this.#queue.addWaiting(this)
    })
  }

  close(): void {
    this.#closed = true
    this.#giveUp()
  }

  readonly #giveUp = (): void => {
    this.#queue.removeWaiting(this)
    this.hand(undefined)
  }
}

function cancelledInQueue(endpoint: string): HalibutError {
  return new HalibutError('cancelled', 'The Request was cancelled while Connecting.', {
    phase: 'queue',
    delivery: 'not_sent',
    endpoint,
    dotnetType: 'Halibut.Exceptions.ConnectingRequestCancelledException',
  })
}
