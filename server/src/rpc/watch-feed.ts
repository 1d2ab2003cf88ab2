import { HalibutError } from '../base/errors.ts'
import { gatewayLimits } from '../base/limits.ts'
import type { CallContext } from './call-context.ts'

/** What happens, on its way to one reader of a watch. */
export class WatchFeed<T> {
  readonly #keyOf: (item: T) => string | undefined
  /** In their order; by key where they have one. */
  readonly #waiting = new Map<unknown, T>()
  #missed = 0
  #wake: (() => void) | undefined

  /** `keyOf`: an item takes the place of an older one of the same key that has not been sent. Such items are never missed. */
  constructor(keyOf: (item: T) => string | undefined = () => undefined) {
    this.#keyOf = keyOf
  }

  push(item: T): void {
    const key = this.#keyOf(item)
    if (key !== undefined) this.#waiting.delete(key)
    else if (this.#waiting.size >= gatewayLimits.waitingItems) {
      // The oldest goes, so that the reader ends up with what is true now.
      this.#shift()
      this.#missed++
    }
    this.#waiting.set(key ?? Symbol(), item)
    this.#wake?.()
  }

  /** Sends `first`, and then what is pushed, as fast as the reader takes it. Ends as `cancelled` when the reader does. */
  async run(first: T | undefined, context: CallContext): Promise<never> {
    const onAbort = (): void => this.#wake?.()
    context.signal.addEventListener('abort', onAbort)
    try {
      if (first !== undefined) context.sendItem(first)
      while (!context.signal.aborted) {
        if (this.#waiting.size === 0) {
          await new Promise<void>(resolve => {
            this.#wake = resolve
          })
          continue
        }
        await context.writable()
        if (context.signal.aborted) break
        context.sendItem(this.#next())
      }
      throw new HalibutError('cancelled', 'the watch was cancelled')
    } finally {
      context.signal.removeEventListener('abort', onAbort)
    }
  }

  /** Only what cannot be missed is ever waited for alone, so there is an item. */
  #next(): unknown {
    if (this.#missed === 0) return this.#shift()
    const missed = this.#missed
    this.#missed = 0
    return { type: 'gap', missed }
  }

  #shift(): T | undefined {
    const [first] = this.#waiting
    if (!first) return undefined
    this.#waiting.delete(first[0])
    return first[1]
  }
}
