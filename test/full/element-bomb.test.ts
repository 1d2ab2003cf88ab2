import { expect, test } from 'vitest'
import { runElementBomb } from '../support/element-bomb.ts'

test('answers of 79 KiB that hold 7.9 million empty documents, 8 at once, beside an honest browser', async ({ task }) => {
  const { wireBytes, kinds, honestCalls, longestCallMs, rssGrewBytes, heldBytes } = await runElementBomb(7_900_000, 8)
  expect(wireBytes).toBeLessThan(81_000)
  expect(new Set(kinds)).toEqual(new Set(['memory_limit']))
  expect(honestCalls).toBeGreaterThan(20)
  expect(longestCallMs).toBeLessThan(500)
  expect(rssGrewBytes).toBeLessThan(900 * 1024 * 1024)
  expect(heldBytes).toBe(0)
  task.meta.figures = `${honestCalls} honest calls answered meanwhile, the longest after ${longestCallMs.toFixed(0)} ms; RSS grew by ${(rssGrewBytes / 1024 / 1024).toFixed(0)} MiB`
})
