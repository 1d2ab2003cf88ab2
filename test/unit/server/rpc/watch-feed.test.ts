import { expect, test } from 'vitest'
import { WatchFeed } from '../../../../server/src/rpc/watch-feed.ts'
import { createItemReader } from '../../../support/item-reader.ts'
import { turn } from '../../../support/stream-sections.ts'

/** A source whose item is the newest of some numbers. */
function createSource() {
  let newest: number | undefined
  const source = {
    get ready() {
      return newest !== undefined
    },
    next: () => {
      const item = newest
      newest = undefined
      return item
    },
  }
  const feed = new WatchFeed(source)
  return {
    feed,
    put(value: number): void {
      newest = value
      feed.wake()
    },
  }
}

test('an item is asked for when it can leave, and not before', async () => {
  const reader = createItemReader()
  const { feed, put } = createSource()
  const run = feed.run(reader.context)
  put(1)
  await reader.take(1)
  for (const value of [2, 3, 4]) {
    put(value)
    await turn()
  }
  await reader.take(1)
  expect(reader.items).toEqual([1, 4])
  reader.end()
  await expect(run).rejects.toMatchObject({ kind: 'cancelled' })
})

test('a watch that is cancelled ends, whether it waits for an item or for its reader', async () => {
  for (const waits of ['for an item', 'for its reader']) {
    const reader = createItemReader()
    const { feed, put } = createSource()
    const run = feed.run(reader.context)
    if (waits === 'for its reader') put(1)
    await turn()
    reader.end()
    await expect(run).rejects.toMatchObject({ kind: 'cancelled' })
    expect(reader.items).toEqual([])
  }
})
