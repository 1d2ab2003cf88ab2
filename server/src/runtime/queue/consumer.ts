import { timerMs } from '../../base/timer.ts'
import type { CollectedRequest, RequestSource } from '../../exchange/serve-poller.ts'
import { mayHave } from './certificate-binding.ts'
import type { RequestToQueue } from './request-queue.ts'
import { ShortWaits } from './short-waits.ts'

/** The queue that a connection takes requests from. */
export interface ConsumedQueue {
  /** Nothing is handed out any more, but for what waits already. */
  readonly closing: boolean
  /** The next request that this certificate may collect. */
  take(thumbprint: string): CollectedRequest | undefined
  addWaiting(consumer: Consumer): void
  removeWaiting(consumer: Consumer): void
}

type Hand = (item: CollectedRequest | undefined) => void

/**
 * ```text
 *              nothing waits for it               a request, or the time has passed
 *   away ──────────────────────────▶ waiting ────────────────────────────────────────▶ away
 *     └───── closed, or the queue ───────┴──────▶ over
 * ```
 */
type State =
  /** Its connection does something else. */
  | { readonly at: 'away' }
  | { readonly at: 'waiting'; readonly hand: Hand; readonly timer: NodeJS.Timeout | undefined }
  | { readonly at: 'over' }

const away: State = { at: 'away' }
const over: State = { at: 'over' }

/** What one connection takes from a queue. */
export class Consumer implements RequestSource {
  readonly thumbprint: string
  readonly #queue: ConsumedQueue
  #state: State = away
  #isLeaving = false
  /** Made with the first short wait: the connection of an idle agent has none. */
  #shortWaits: ShortWaits | undefined

  constructor(thumbprint: string, queue: ConsumedQueue) {
    this.thumbprint = thumbprint
    this.#queue = queue
  }

  get over(): boolean {
    return this.#state.at === 'over'
  }

  fits(request: RequestToQueue): boolean {
    return mayHave(request, this.thumbprint)
  }

  /** Gives a request to the connection, which waits for one. */
  hand(item: CollectedRequest): void {
    this.#become(away, item)
  }

  tryDequeue(): CollectedRequest | undefined {
    return this.over ? undefined : this.#queue.take(this.thumbprint)
  }

  dequeue(waitMs: number): Promise<CollectedRequest | undefined> {
    return this.#atOnce() ?? this.#wait(waitMs)
  }

  dequeueSoon(waitMs: number): Promise<CollectedRequest | undefined> {
    return this.#atOnce() ?? this.#waitShortly(waitMs)
  }

  close(): void {
    this.#become(over)
  }

  leave(): void {
    this.#isLeaving = true
    // One that waits has found nothing.
    if (this.#state.at === 'waiting') this.close()
  }

  /** What needs no wait; `undefined`: it does. */
  #atOnce(): Promise<CollectedRequest | undefined> | undefined {
    const item = this.tryDequeue()
    if (item) return Promise.resolve(item)
    if (this.#queue.closing || this.#isLeaving) this.close()
    return this.over ? Promise.resolve(undefined) : undefined
  }

  #wait(waitMs: number): Promise<CollectedRequest | undefined> {
    this.#shortWaits?.end()
    return new Promise(hand => this.#become({ at: 'waiting', hand, timer: setTimeout(this.#timedOut, timerMs(waitMs)) }))
  }

  #waitShortly(waitMs: number): Promise<CollectedRequest | undefined> {
    this.#shortWaits ??= new ShortWaits(this.#timedOut)
    this.#shortWaits.begin(waitMs)
    return new Promise(hand => this.#become({ at: 'waiting', hand, timer: undefined }))
  }

  readonly #timedOut = (): void => {
    if (this.#state.at === 'waiting') this.#become(away)
  }

  /** Leaves one state for the next. A wait ends with `item`. */
  #become(next: State, item?: CollectedRequest): void {
    const left = this.#state
    this.#state = next
    if (left.at === 'waiting') {
      clearTimeout(left.timer)
      this.#queue.removeWaiting(this)
      left.hand(item)
    }
    if (next.at === 'waiting') this.#queue.addWaiting(this)
    if (next.at === 'over') this.#shortWaits?.end()
  }
}
