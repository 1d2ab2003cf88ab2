import { gatewayLimits } from '../base/limits.ts'
import { type ItemSource, WatchFeed } from './watch-feed.ts'

/** What happens one after another: a slow reader loses the oldest items, and is told how many. */
export class RecentItems<T> implements ItemSource {
  readonly feed = new WatchFeed(this)
  #first: T | undefined
  readonly #waiting: T[] = []
  #missed = 0

  /** `first`: what the reader is told before anything else, and never loses. */
  constructor(first?: T) {
    this.#first = first
  }

  get ready(): boolean {
    return this.#first !== undefined || this.#waiting.length > 0
  }

  push(item: T): void {
    this.#waiting.push(item)
    if (this.#waiting.length > gatewayLimits.waitingItems) {
      // The oldest goes, so that the reader ends up with what is true now.
      this.#waiting.shift()
      this.#missed++
    }
    this.feed.wake()
  }

  next(): T | { readonly type: 'gap'; readonly missed: number } | undefined {
    const first = this.#first
    this.#first = undefined
    if (first !== undefined || this.#missed === 0) return first ?? this.#waiting.shift()
    const missed = this.#missed
    this.#missed = 0
    return { type: 'gap', missed }
  }
}
