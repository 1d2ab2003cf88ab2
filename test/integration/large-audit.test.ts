import { expect, test } from 'vitest'
import { callThroughAudit, searchLargeLog } from '../support/large-audit.ts'

test('all that is wanted of a log of 25,000 entries is found page by page', async () => {
  expect((await searchLargeLog(25_000)).pages).toBeGreaterThanOrEqual(2)
})

test('each of 2,000 calls of 100 callers at a time has its entry, and the chain over them holds', async () => {
  expect((await callThroughAudit({ callers: 100, calls: 2_000 })).perSecond).toBeGreaterThan(0)
})
