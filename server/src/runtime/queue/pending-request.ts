import { offAbort, onAbort } from '../../base/abort-listeners.ts'
import { cancelledWhile } from '../../base/cancelled.ts'
import { type Deferred, deferred } from '../../base/deferred.ts'
import { HalibutError } from '../../base/errors.ts'
import type { MemoryCharge } from '../../base/memory-charge.ts'
import { formatTimeSpan } from '../../base/time-span.ts'
import { timerMs } from '../../base/timer.ts'
import type { DecodedResponse, EncodedMessage } from '../../codec/envelope.ts'
import type { TypeResolver } from '../../codec/type-registry.ts'
import { type Exchanged, noResponse } from '../../exchange/call-agent.ts'
import type { ReceivedStreams } from '../../exchange/received-streams.ts'
import type { CollectedRequest } from '../../exchange/serve-poller.ts'
import { pollingFailure, withServerException } from '../call-failures.ts'
import { clientException } from '../dotnet-exception.ts'
import { mayHave, type RequestToQueue } from './request-queue.ts'

/** The queue that a request is in. */
export interface PendingIn {
  /** Why no connection has taken it yet. */
  whyWaiting(pending: PendingRequest): string
  /** It came to its end, however it did. */
  left(pending: PendingRequest): void
}

/** One request in a queue, and what becomes of it. */
export class PendingRequest implements CollectedRequest {
  #state: 'queued' | 'collected' | 'done' = 'queued'
  readonly outcome: Deferred<Exchanged> = deferred()
  readonly #request: RequestToQueue
  readonly endpoint: string
  #cut: (() => void) | undefined
  readonly #queue: PendingIn
  #timer: NodeJS.Timeout | undefined

  constructor(request: RequestToQueue, endpoint: string, queue: PendingIn) {
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

function notWhatWasAsked(id: string, endpoint: string): HalibutError {
  return new HalibutError('protocol_error', `the agent answered ${JSON.stringify(id)}, which is not what it was asked`, {
    phase: 'response',
    delivery: 'unknown',
    endpoint,
  })
}
