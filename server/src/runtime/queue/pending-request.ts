import { offAbort, onAbort } from '../../base/abort-listeners.ts'
import { cancelledWhile } from '../../base/cancelled.ts'
import { type Deferred, deferred } from '../../base/deferred.ts'
import { HalibutError } from '../../base/errors.ts'
import type { MemoryShare } from '../../base/memory-budget.ts'
import { formatTimeSpan } from '../../base/time-span.ts'
import { timerMs } from '../../base/timer.ts'
import type { DataStream } from '../../codec/data-stream.ts'
import type { EncodedMessage } from '../../codec/envelope.ts'
import type { AnswerStreams } from '../../exchange/answer.ts'
import type { CollectedRequest } from '../../exchange/serve-poller.ts'
import { pollingFailure, toldOf, withServerException } from '../call-failures.ts'
import { clientException } from '../dotnet-exception.ts'
import { mayHave } from './certificate-binding.ts'
import type { RequestToQueue } from './request-queue.ts'

/** The queue that a request is in. */
export interface PendingIn {
  /** Why no connection has taken it yet. */
  whyWaiting(pending: PendingRequest): string
  /** Its caller has the answer or the error. */
  left(pending: PendingRequest): void
}

/**
 * ```text
 *   waiting ── a connection takes it ──▶ collected ── answered, data streams follow ──▶ streaming
 *      │                                    │                                               │
 *      │ its time has passed, cancelled,    │ answered, failed                              │ the last has come,
 *      ▼ the queue is closed                ▼                                               ▼ or none will
 *     over ◀──────────────────────────────────────────────────────────────────────────────────
 * ```
 *
 * Until it is over, it listens to its caller’s signal.
 */
type State =
  | { readonly at: 'waiting'; readonly timer: NodeJS.Timeout | undefined }
  /** `cut` cuts off the exchange; `undefined`: it has not begun. */
  | { readonly at: 'collected'; readonly cut: (() => void) | undefined }
  | { readonly at: 'streaming'; readonly cut: (() => void) | undefined }
  | { readonly at: 'over' }

const waitingAsLongAsItTakes: State = { at: 'waiting', timer: undefined }
const justCollected: State = { at: 'collected', cut: undefined }
const over: State = { at: 'over' }

/** One request in a queue, and what becomes of it. */
export class PendingRequest implements CollectedRequest {
  readonly endpoint: string
  readonly #request: RequestToQueue
  readonly #queue: PendingIn
  readonly #outcome: Deferred<AnswerStreams | undefined> = deferred()
  #state: State = waitingAsLongAsItTakes

  constructor(request: RequestToQueue, endpoint: string, queue: PendingIn) {
    this.#request = request
    this.endpoint = endpoint
    this.#queue = queue
    if (request.signal) onAbort(request.signal, this.#cancelled)
  }

  /** What its caller gets. */
  get outcome(): Promise<AnswerStreams | undefined> {
    return this.#outcome.promise
  }

  get id(): string {
    return this.#request.id
  }

  get caller(): string | undefined {
    return this.#request.caller
  }

  /** Only the owner of this certificate may have it. */
  belongsTo(thumbprint: string): boolean {
    const { thumbprint: pinned, nextThumbprint = pinned } = this.#request
    return pinned === thumbprint && nextThumbprint === thumbprint
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
    const { queueTimeoutMs: ms } = this.#request
    if (ms !== undefined) this.#become({ at: 'waiting', timer: setTimeout(this.#timedOut, timerMs(ms), ms) })
  }

  /** A connection takes it. False: it has failed, since what its caller wanted to do about that did. */
  collected(): boolean {
    this.#become(justCollected)
    try {
      this.#request.onCollected?.()
      return true
    } catch (why) {
      this.fail(toldOf(why).with({ phase: 'request' }))
      return false
    }
  }

  exchanging(cut: () => void): void {
    if (this.#state.at === 'collected') this.#become({ at: 'collected', cut })
  }

  exchanged(): void {
    if (this.#state.at === 'streaming') this.#become(over)
  }

  sent(): void {
    this.#request.reader.requestSent?.()
  }

  read(document: Buffer, budget: MemoryShare): readonly DataStream[] | Promise<readonly DataStream[]> {
    return this.#request.reader.readAnswer(document, budget)
  }

  answer(streams: AnswerStreams | undefined): void {
    if (this.#state.at !== 'collected') {
      // Nobody will read them; skipped, they hold the connection no longer than they must.
      streams?.settle(new Set())
      return
    }
    this.#become(streams ? { at: 'streaming', cut: this.#state.cut } : over)
    this.#queue.left(this)
    this.#outcome.resolve(streams)
  }

  fail(why: unknown): void {
    const { at } = this.#state
    if (at === 'streaming' || at === 'over') return
    this.#become(over)
    this.#queue.left(this)
    this.#outcome.reject(at === 'collected' ? pollingFailure(why, this.endpoint) : why)
  }

  /** Leaves one state for the next: no timer stays, and in the end no listener. */
  #become(next: State): void {
    if (this.#state.at === 'waiting') clearTimeout(this.#state.timer)
    this.#state = next
    if (next.at !== 'over') return
    const { signal } = this.#request
    if (signal) offAbort(signal, this.#cancelled)
  }

  readonly #cancelled = (): void => {
    if (this.#state.at === 'waiting') this.fail(cancelledWhile('Connecting', { ...this.#told, endpoint: this.endpoint }))
    // Once collected, the connection cuts the exchange off and fails it, which settles what became of it.
    else if (this.#state.at !== 'over') this.#state.cut?.()
  }

  readonly #timedOut = (queueTimeoutMs: number): void => {
    const { phase, reason } = this.#told
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
  get #told(): { readonly phase: 'queue'; readonly reason: string } {
    return { phase: 'queue', reason: this.#queue.whyWaiting(this) }
  }
}
