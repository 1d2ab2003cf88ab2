import { afterEach, expect, test, vi } from 'vitest'
import { steadyTime } from '../../../../server/src/base/steady-time.ts'

afterEach(() => {
  vi.useRealTimers()
})

test('it is the time of day, and goes on where that is set back', () => {
  expect(Math.abs(steadyTime() - Date.now())).toBeLessThan(60_000)
  const before = steadyTime()
  vi.useFakeTimers({ toFake: ['Date'], now: 0 })
  expect(Date.now()).toBe(0)
  expect(steadyTime()).toBeGreaterThanOrEqual(before)
  expect(Number.isInteger(steadyTime())).toBe(true)
})
