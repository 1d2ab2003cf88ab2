import { timerMs } from '../../base/timer.ts'
import type { CollectedRequest, RequestSource } from '../../exchange/serve-poller.ts'
import { mayHave, type RequestToQueue } from './request-queue.ts'

/** The queue that a connection takes requests from. */
export interface ConsumedQueue {
  /** Nothing is handed out any more, but for what waits already. */
  readonly closing: boolean
  /** The next request that this certificate may collect. */
  take(thumbprint: string): CollectedRequest | undefined
  addWaiting(consumer: Consumer): void
  removeWaiting(consumer: Consumer): void
}

/** What one connection takes from a queue. */
export class Consumer implements RequestSource {
  readonly thumbprint: string
  readonly #queue: ConsumedQueue
  #waiting: ((item: CollectedRequest | undefined) => void) | undefined
  #timer: NodeJS.Timeout | undefined
  /** The timer is one of {@link dequeueSoon}, and began when there had been so many waits of that kind. */
  #soonSince: number | undefined
  #soonWaits = 0
  #closed = false

  constructor(thumbprint: string, queue: ConsumedQueue) {
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
