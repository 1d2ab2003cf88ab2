import { expect, test } from 'vitest'
import { callThroughAudit, searchLargeLog } from '../support/large-audit.ts'

test('an audit log of 1,000,000 entries is searched in pages of a bounded time, while the event loop goes on', async ({ task }) => {
  const { slowestPageMs, longestHeldMs, pages } = await searchLargeLog(1_000_000)
  // A page looks for a second at most; the bounds are for a machine that has other things to do.
  expect(slowestPageMs).toBeLessThan(5_000)
  expect(longestHeldMs).toBeLessThan(1_000)
  task.meta.figures = `1000000 entries, ${pages} pages; the slowest took ${slowestPageMs} ms; the loop was held for ${longestHeldMs} ms at most`
})

test('100 callers at a time have at least 3,000 audited calls a second, each entry on the disk before its answer', async ({ task }) => {
  const { perSecond, medianMs, slowestOf100Ms } = await callThroughAudit({ callers: 100, calls: 30_000 })
  expect(perSecond).toBeGreaterThan(3_000)
  task.meta.figures = `${perSecond} audited calls a second; answered after ${medianMs} ms (half of them), ${slowestOf100Ms} ms (99 of 100)`
})
