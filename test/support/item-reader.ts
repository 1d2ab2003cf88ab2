import type { CallContext } from '../../server/src/rpc/call-context.ts'
import { turn } from './stream-sections.ts'

/** A reader of a watch that takes items only as it is told to. */
export function createItemReader() {
  const stop = new AbortController()
  const items: unknown[] = []
  let credit = 0
  let wake = (): void => undefined
  const context = {
    signal: stop.signal,
    sendItem: (item: unknown) => items.push(item),
    writable: async () => {
      while (credit === 0 && !stop.signal.aborted) {
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
      credit--
    },
  }
  return {
    items,
    // A watch needs no more of its request.
    context: context as unknown as CallContext,
    async take(count: number): Promise<void> {
      credit += count
      wake()
      for (let i = 0; i < 2 * count; i++) await turn()
    },
    end(): void {
      stop.abort()
      wake()
    },
  }
}
