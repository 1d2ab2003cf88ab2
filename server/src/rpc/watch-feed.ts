import { HalibutError } from '../base/errors.ts'
import type { CallContext } from './call-context.ts'

/** Where the items of a watch come from. */
export interface ItemSource {
  /** Whether there is an item. */
  readonly ready: boolean
  /** The next item; there is one. */
  next(): unknown
}

/** The items of a source, on their way to one reader of a watch. */
export class WatchFeed {
  readonly #source: ItemSource
  #wake: (() => void) | undefined

  constructor(source: ItemSource) {
    this.#source = source
  }

  /** The source may have an item now. */
  wake(): void {
    this.#wake?.()
    this.#wake = undefined
  }

  /** Sends what there is, as fast as the reader takes it: an item is asked for when it can leave. Ends as `cancelled` when the reader does. */
  async run(context: CallContext): Promise<never> {
    const { signal } = context
    const onAbort = (): void => this.wake()
    signal.addEventListener('abort', onAbort)
    try {
      while (!signal.aborted) {
        if (!this.#source.ready) {
          await new Promise<void>(resolve => {
            this.#wake = resolve
          })
          continue
        }
        await context.writable()
        if (!signal.aborted) context.sendItem(this.#source.next())
      }
      throw new HalibutError('cancelled', 'the watch was cancelled')
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }
}
