import { expect, test } from 'vitest'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'
import { RecentItems } from '../../../../server/src/rpc/recent-items.ts'
import { createItemReader } from '../../../support/item-reader.ts'
import { turn } from '../../../support/stream-sections.ts'

const { waitingItems } = gatewayLimits

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

/** A watch that has begun. */
async function begin(first: readonly unknown[] = []) {
  const reader = createItemReader()
  const recent = new RecentItems<unknown>(first)
  const run = recent.feed.run(reader.context)
  await turn()
  return {
    ...reader,
    push: (items: readonly unknown[]) => {
      for (const item of items) recent.push(item)
    },
    async stop(): Promise<void> {
      reader.end()
      await expect(run).rejects.toMatchObject({ kind: 'cancelled' })
    },
  }
}

test('a reader that keeps up gets everything in order, after what comes first', async () => {
  const it = await begin([0, 0.5])
  it.push(numbers(1, 3))
  await it.take(5)
  expect(it.items).toEqual([0, 0.5, 1, 2, 3])
  await it.stop()
})

test('a reader that stands still loses the oldest items but never the first, and is told how many before what is left', async () => {
  const it = await begin([0, 0.5])
  it.push(numbers(1, waitingItems + 10))
  await it.take(5)
  expect(it.items).toEqual([0, 0.5, { type: 'gap', missed: 10 }, 11, 12])
  await it.take(waitingItems)
  expect(it.items.slice(3)).toEqual(numbers(11, waitingItems + 10))
  await it.stop()
})

test('exactly as many items as may wait are lost to nobody', async () => {
  const it = await begin()
  it.push(numbers(1, waitingItems))
  await it.take(waitingItems)
  expect(it.items).toEqual(numbers(1, waitingItems))
  await it.stop()
})

test('each gap counts what was lost since the one before', async () => {
  const it = await begin()
  it.push(numbers(1, waitingItems + 1))
  await it.take(2)
  it.push(numbers(waitingItems + 2, waitingItems + 5))
  await it.take(2)
  expect(it.items).toEqual([{ type: 'gap', missed: 1 }, 2, { type: 'gap', missed: 3 }, 6])
  await it.stop()
})
