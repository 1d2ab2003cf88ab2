import { gatewayLimits } from '../base/limits.ts'
import { type ItemSource, WatchFeed } from './watch-feed.ts'

/** What happens one after another: a slow reader loses the oldest items, and is told how many. */
export class RecentItems<T> implements ItemSource {
  readonly feed = new WatchFeed(this)
  readonly #first: T[]
  readonly #waiting: T[] = []
  #missed = 0

  /** `first`: what the reader is told before anything else, and never loses. */
  constructor(first: readonly T[] = []) {
    this.#first = [...first]
  }

  get ready(): boolean {
    return this.#first.length + this.#waiting.length > 0
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
    if (this.#first.length > 0) return this.#first.shift()
    if (this.#missed === 0) return this.#waiting.shift()
    const missed = this.#missed
    this.#missed = 0
    return { type: 'gap', missed }
  }
}
