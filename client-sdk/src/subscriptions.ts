import { controlNotifications, itemCredit, type RequestId } from '@halibut-gateway/schemas/wire'
import { GatewayError } from './errors.ts'
import type { CallHooks } from './pending-calls.ts'

/** What a watch works with. */
export interface WatchLine<T> {
  /** Starts it anew; settles when it ends. */
  start(signal: AbortSignal, hooks: CallHooks): Promise<unknown>
  notify(method: string, params: object): void
  /** What tells as much as two that follow each other and are not read yet; nothing where both are to be read. */
  readonly merge: ((older: T, newer: T) => T | undefined) | undefined
  /** Told in the place of what was missed, where the session was lost; nothing where the first item of a watch says it all. */
  readonly gap: T | undefined
  /** Whether it starts again now that the session was lost. */
  restarts(): boolean
}

/**
 * The items that `run` yields until `signal` aborts. To leave it aborts it too: a generator by itself would first wait for the item that somebody
 * asked for.
 */
export function untilLeft<T>(
  run: (signal: AbortSignal) => AsyncGenerator<T, void, void>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void, void> {
  const left = new AbortController()
  const items = run(signal ? AbortSignal.any([signal, left.signal]) : left.signal)
  const leave = items.return.bind(items)
  items.return = () => {
    // Which names `signal`, since Node 20 collects a timeout that only stands in `AbortSignal.any`, so that it never passes.
    left.abort(signal?.reason)
    return leave()
  }
  return items
}

/** The items of a watch, until the loop is left, `signal` aborts, or the gateway refuses. Grants credit as they are read. */
export async function* watchItems<T>(line: WatchLine<T>, signal: AbortSignal): AsyncGenerator<T, void, void> {
  while (!signal.aborted) {
    let id: RequestId | undefined
    let granted: number = itemCredit
    const grant = (): void => line.notify(controlNotifications.progressCredit, { id, sequence: granted })
    const queue = new ItemQueue<T>(line.merge, taken => {
      if (taken + itemCredit - granted < itemCredit / 4) return
      granted = taken + itemCredit
      grant()
    })
    line
      .start(signal, {
        onSent: sent => {
          id = sent
        },
        onResumed: grant,
        onItem: (sequence, item) => queue.push(sequence, item as T),
      })
      .then(
        () => queue.end(),
        (error: unknown) => queue.end(error),
      )
    try {
      for (let next = await queue.next(); next; next = await queue.next()) yield next
      return
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof GatewayError && error.kind === 'connection_lost' && line.restarts())) throw error
      if (line.gap !== undefined) yield line.gap
    }
  }
}

/** A buffer between the items of a watch and one `for await` loop. */
class ItemQueue<T> {
  readonly #items: T[] = []
  readonly #merge: WatchLine<T>['merge']
  readonly #onTaken: (sequence: number) => void
  #sequence = 0
  #wake: (() => void) | undefined
  #end: { readonly error: unknown } | undefined

  /**
   * `merge`: what comes instead of an item and the one before it, which was not read yet. `onTaken` hears of each item that is read, with
   * the number of the newest item that needs no room any more.
   */
  constructor(merge: WatchLine<T>['merge'], onTaken: (sequence: number) => void) {
    this.#merge = merge
    this.#onTaken = onTaken
  }

  push(sequence: number, item: T): void {
    if (this.#end) return
    const last = this.#items.at(-1)
    const merged = last && this.#merge?.(last, item)
    if (merged) this.#items.pop()
    this.#items.push(merged ?? item)
    this.#sequence = sequence
    this.#wake?.()
  }

  /** No more items; with `error`, the loop throws it after the last one. */
  end(error?: unknown): void {
    this.#end ??= { error }
    this.#wake?.()
  }

  /** The next item, or `undefined` at the end. */
  async next(): Promise<T | undefined> {
    for (;;) {
      const item = this.#items.shift()
      if (item !== undefined) {
        this.#onTaken(this.#sequence - this.#items.length)
        return item
      }
      if (this.#end) {
        if (this.#end.error) throw this.#end.error
        return undefined
      }
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }
}
