import { expect, test } from 'vitest'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'
import type { CallContext } from '../../../../server/src/rpc/call-context.ts'
import { WatchFeed } from '../../../../server/src/rpc/watch-feed.ts'
import { turn } from '../../../support/stream-sections.ts'

const { waitingItems } = gatewayLimits

/** A reader that takes items only as it is told to. */
function createReader() {
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

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

test('a reader that keeps up gets everything in order, after what comes first', async () => {
  const reader = createReader()
  const feed = new WatchFeed<number>()
  const run = feed.run(0, reader.context)
  for (const n of numbers(1, 3)) feed.push(n)
  await reader.take(3)
  expect(reader.items).toEqual([0, 1, 2, 3])
  reader.end()
  await expect(run).rejects.toMatchObject({ kind: 'cancelled' })
})

test('a reader that stands still loses the oldest items, and is told how many before what is left', async () => {
  const reader = createReader()
  const feed = new WatchFeed<unknown>()
  const run = feed.run(undefined, reader.context)
  await turn()
  for (const n of numbers(1, waitingItems + 10)) feed.push(n)
  await reader.take(3)
  expect(reader.items).toEqual([{ type: 'gap', missed: 10 }, 11, 12])
  await reader.take(waitingItems)
  expect(reader.items.slice(1)).toEqual(numbers(11, waitingItems + 10))
  reader.end()
  await expect(run).rejects.toMatchObject({ kind: 'cancelled' })
})

test('exactly as many items as may wait are lost to nobody', async () => {
  const reader = createReader()
  const feed = new WatchFeed<number>()
  const run = feed.run(undefined, reader.context)
  for (const n of numbers(1, waitingItems)) feed.push(n)
  await reader.take(waitingItems)
  expect(reader.items).toEqual(numbers(1, waitingItems))
  reader.end()
  await expect(run).rejects.toMatchObject({ kind: 'cancelled' })
})

test('each gap counts what was lost since the one before', async () => {
  const reader = createReader()
  const feed = new WatchFeed<number>()
  const run = feed.run(undefined, reader.context)
  for (const n of numbers(1, waitingItems + 1)) feed.push(n)
  await reader.take(2)
  for (const n of numbers(waitingItems + 2, waitingItems + 5)) feed.push(n)
  await reader.take(2)
  expect(reader.items).toEqual([{ type: 'gap', missed: 1 }, 2, { type: 'gap', missed: 3 }, 6])
  reader.end()
  await expect(run).rejects.toMatchObject({ kind: 'cancelled' })
})

test('of items with a key a reader that stands still gets the newest of each, and no gap', async () => {
  const reader = createReader()
  const feed = new WatchFeed<{ key: string; n: number }>(item => item.key)
  const run = feed.run(undefined, reader.context)
  for (const n of numbers(1, 2 * waitingItems)) feed.push({ key: n % 2 === 0 ? 'even' : 'odd', n })
  await reader.take(4)
  expect(reader.items).toEqual([
    { key: 'odd', n: 2 * waitingItems - 1 },
    { key: 'even', n: 2 * waitingItems },
  ])
  reader.end()
  await expect(run).rejects.toMatchObject({ kind: 'cancelled' })
})

test('a watch that is cancelled ends, whether it waits for an item or for its reader', async () => {
  for (const pushed of [0, 1]) {
    const reader = createReader()
    const feed = new WatchFeed<number>()
    const run = feed.run(undefined, reader.context)
    for (const n of numbers(1, pushed)) feed.push(n)
    await turn()
    reader.end()
    await expect(run).rejects.toMatchObject({ kind: 'cancelled' })
    expect(reader.items).toEqual([])
  }
})
