import { gatewayLimits } from '../base/limits.ts'
import { type ItemSource, WatchFeed } from './watch-feed.ts'

const { watchItemChars } = gatewayLimits

/** Things that are there, each with an id, and how they are told. */
export interface ChangingThings<T> {
  ids(): Iterable<string>
  /** As it is told now; `undefined`: it is not there. */
  get(id: string): T | undefined
  /** About how long its JSON is. */
  chars(told: T): number
  /** The item that tells of some. */
  item(type: 'snapshot' | 'changed', told: T[]): object
  /** Calls `listener` with the id of each that came, changed or is gone; gives a function that ends this. */
  onChange(listener: (id: string) => void): () => void
}

/**
 * The things of which a reader has not been told yet, at first all of them. What is told is how a thing is when an item leaves, so that a slow
 * reader gets fewer changes and never an old one, and what is kept for it grows with the things that changed, not with their changes.
 */
export class ChangedItems<T> implements ItemSource {
  readonly feed = new WatchFeed(this)
  readonly #things: ChangingThings<T>
  readonly #changesMs: number
  /** In the order in which they changed; those that were there at the beginning first. */
  readonly #waiting: Set<string>
  /** How many of those that were there at the beginning still wait. */
  #atFirst: number
  #hasBegun = false
  readonly #stop: () => void
  /** While it runs, changes are gathered. */
  #gathering: ReturnType<typeof setTimeout> | undefined

  /** `changesMs`: for how long changes are gathered. */
  constructor(things: ChangingThings<T>, changesMs: number) {
    this.#things = things
    this.#changesMs = changesMs
    this.#waiting = new Set(things.ids())
    this.#atFirst = this.#waiting.size
    this.#stop = things.onChange(id => {
      this.#waiting.add(id)
      if (this.ready) this.feed.wake()
    })
  }

  get ready(): boolean {
    return !this.#hasBegun || (this.#waiting.size > 0 && this.#gathering === undefined)
  }

  /** Things of which the reader is still to be told. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Hears of no change any more. */
  close(): void {
    this.#stop()
    clearTimeout(this.#gathering)
  }

  next(): object {
    const told: T[] = []
    const ids: string[] = []
    let chars = 0
    for (const id of this.#waiting) {
      const thing = this.#things.get(id)
      const isNew = this.#atFirst > 0
      // One item tells either of those that are there or of those that are not.
      if (thing ? ids.length > 0 : !isNew && told.length > 0) break
      if (thing) {
        told.push(thing)
        chars += this.#things.chars(thing)
      } else if (!isNew) {
        ids.push(id)
        chars += id.length + 3
      }
      this.#waiting.delete(id)
      if (isNew) this.#atFirst--
      if (chars >= watchItemChars) break
    }
    if (this.#waiting.size === 0) this.#gather()
    if (ids.length > 0) return { type: 'removed', ids }
    const type = this.#hasBegun ? 'changed' : 'snapshot'
    this.#hasBegun = true
    const item = this.#things.item(type, told)
    return this.#atFirst > 0 ? { ...item, more: true } : item
  }

  /** The reader has been told everything: what changes now is told in one item with what changes soon after. */
  #gather(): void {
    this.#gathering = setTimeout(() => {
      this.#gathering = undefined
      if (this.ready) this.feed.wake()
    }, this.#changesMs)
  }
}
