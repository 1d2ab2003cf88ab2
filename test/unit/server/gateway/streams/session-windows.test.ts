import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { MemoryBudget } from '../../../../../server/src/base/memory-budget.ts'
import { SessionWindows } from '../../../../../server/src/gateway/streams/session-windows.ts'
import { StreamWindow } from '../../../../../server/src/gateway/streams/stream-window.ts'

const { connectionCreditBytes, streamCreditBytes, streams, streamWindowBytes } = facadeLimits
const budgetBytes = 64 * 1024 * 1024

/** The windows of a session, which all want more. */
function createSession(budget: MemoryBudget, name: string, count = 4): StreamWindow[] {
  const windows = new SessionWindows(budget.share(name))
  return Array.from({ length: count }, () => new StreamWindow(windows))
}

function widthOf(windows: readonly StreamWindow[]): number {
  return windows.reduce((sum, { reach, base }) => sum + reach - base, 0)
}

test('the windows of all sessions together never pass the budget for all, and those of one never what a session may have', () => {
  const budget = new MemoryBudget(budgetBytes, 'streamBytesInFlight')
  const sessions = Array.from({ length: 12 }, (_, i) => createSession(budget, `session ${i}`, 2 * streams))
  for (let round = 0; round < 12; round++) {
    for (const session of sessions) {
      for (const window of session) window.grow(window.reach)
      expect(widthOf(session)).toBeLessThanOrEqual(connectionCreditBytes)
      const grown = sessions.reduce((sum, each) => sum + widthOf(each) - each.length * streamCreditBytes, 0)
      expect(grown).toBeLessThanOrEqual(budgetBytes)
      expect(budget.used).toBe(grown)
    }
  }
  for (const session of sessions) for (const window of session) window.close()
  expect(budget.used).toBe(0)
})

test('a session that comes when others have much finds some, and they shrink', () => {
  const budget = new MemoryBudget(budgetBytes / 4, 'streamBytesInFlight')
  const first = createSession(budget, 'first', 1)
  const grow = (windows: readonly StreamWindow[]): void => {
    for (const window of windows) while (window.grow(window.reach));
  }
  grow(first)
  expect(widthOf(first)).toBe(streamWindowBytes)
  const second = createSession(budget, 'second', 1)
  grow(second)
  expect(widthOf(second)).toBe(streamWindowBytes / 2)
  for (const window of first) window.moveTo(window.reach)
  expect(widthOf(first)).toBe(streamWindowBytes / 2)
})

test('what another session has no room for is not taken of the session’s own either', () => {
  const budget = new MemoryBudget(1_000, 'streamBytesInFlight')
  const windows = new SessionWindows(budget.share('one'))
  expect(windows.take(2_000, 0)).toBe(false)
  expect(windows.take(connectionCreditBytes, 0)).toBe(false)
  expect([windows.take(400, 0), budget.used]).toEqual([true, 400])
  windows.give(400)
  expect(budget.used).toBe(0)
})
