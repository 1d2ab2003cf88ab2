import type { PutOff } from '@halibut-gateway/schemas/wire'
import { Turns } from '../base/turns.ts'

/** So many items of collections are converted at once; what comes behind them is put off. */
const itemsAtOnce = 256

interface Rest {
  readonly count: number
  readonly convert: (index: number) => void
  at: number
}

/**
 * A conversion in slices: the collections of a large value are put off while it is converted, and their items are converted afterwards, so
 * that others have their turn between them. The innermost go first, so that never more than a few wait, however many there are.
 */
export class PutOffItems {
  readonly #rest: Rest[] = []
  #items = 0

  /** Whether something is left to be done. */
  get waiting(): boolean {
    return this.#rest.length > 0
  }

  /** Whether a collection is put off; else its items are to be converted at once. */
  readonly putOff: PutOff = (count, convert) => {
    if (count === 0 || this.#items + count <= itemsAtOnce) {
      this.#items += count
      return false
    }
    this.#rest.push({ count, convert, at: 0 })
    return true
  }

  /** Does what is left. Rejects with what `goesOn` throws, which is asked at each turn. */
  async run(goesOn: () => void): Promise<void> {
    const turns = new Turns()
    for (let rest = this.#rest.at(-1); rest; rest = this.#rest.at(-1)) {
      this.#items = 0
      if (rest.at < rest.count) rest.convert(rest.at++)
      else this.#rest.pop()
      const turn = turns.take()
      if (!turn) continue
      await turn
      goesOn()
    }
  }
}
