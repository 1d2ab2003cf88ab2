import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Deadlines } from '../../../../server/src/socket/deadlines.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('a deadline that passes is told, with the step that waited', () => {
  const expired: string[] = []
  const deadlines = new Deadlines(step => expired.push(step))
  deadlines.armWrite(1_000)
  deadlines.armRead(500)
  vi.advanceTimersByTime(500)
  expect(expired).toEqual(['read'])
  deadlines.stop()
})

test('a channel that is over sets no timer any more, whoever still reads what had come before', () => {
  const deadlines = new Deadlines(() => undefined)
  deadlines.armRead(1_000)
  deadlines.stop()
  deadlines.armRead(1_000)
  deadlines.armWrite(1_000)
  expect(vi.getTimerCount()).toBe(0)
})
