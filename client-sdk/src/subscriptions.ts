/** A buffer between a producer of events and one `for await` loop. */
export class ItemQueue<T> {
  readonly #items: T[] = []
  readonly #keyOf: (item: T) => string | undefined
  #wake: (() => void) | undefined
  #end: { error?: unknown } | undefined

  /** `keyOf`: an item takes the place of an older one of the same key that was not read yet. */
  constructor(keyOf: (item: T) => string | undefined = () => undefined) {
    this.#keyOf = keyOf
  }

  push(item: T): void {
    if (this.#end) return
    const key = this.#keyOf(item)
    const older = key === undefined ? -1 : this.#items.findIndex(each => this.#keyOf(each) === key)
    if (older >= 0) this.#items.splice(older, 1)
    this.#items.push(item)
    this.#wake?.()
  }

  /** No more items; with `error`, the loop throws it after the last one. */
  end(outcome: { error?: unknown } = {}): void {
    this.#end ??= outcome
    this.#wake?.()
  }

  /** The next item, or `undefined` at the end. */
  async next(): Promise<{ item: T } | undefined> {
    for (;;) {
      const item = this.#items.shift()
      if (item !== undefined) return { item }
      if (this.#end) {
        if ('error' in this.#end) throw this.#end.error
        return undefined
      }
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
      this.#wake = undefined
    }
  }
}
