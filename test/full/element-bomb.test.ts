import { expect, test } from 'vitest'
import { runElementBomb } from '../support/element-bomb.ts'

test('answers of 79 KiB that hold 7.9 million empty documents, 80 of them, 8 at once, beside an honest browser', async ({ task }) => {
  const { wireBytes, kinds, honestCalls, longestCallMs, rssGrewBytes, heldBytes } = await runElementBomb({
    documents: 7_900_000,
    callers: 8,
    times: 10,
  })
  expect(wireBytes).toBeLessThan(81_000)
  expect(new Set(kinds)).toEqual(new Set(['memory_limit']))
  expect(honestCalls).toBeGreaterThan(50)
  expect(longestCallMs).toBeLessThan(2_000)
  expect(rssGrewBytes).toBeLessThan(1536 * 1024 * 1024)
  expect(heldBytes).toBe(0)
  task.meta.figures = `${honestCalls} honest calls answered meanwhile, the longest after ${longestCallMs.toFixed(0)} ms; RSS grew by ${(rssGrewBytes / 1024 / 1024).toFixed(0)} MiB`
})
