import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Deadlines } from '../../../../server/src/socket/deadlines.ts'
import { timedOut } from '../../../../server/src/socket/errno.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('a deadline that passes is told, with the step that waited', () => {
  const expired: Error[] = []
  const deadlines = new Deadlines({ destroy: why => expired.push(why) })
  deadlines.armWrite(1_000)
  deadlines.armRead(500)
  vi.advanceTimersByTime(500)
  expect(expired).toEqual([timedOut('read')])
  deadlines.stop()
})

test('a channel that is over sets no timer any more, whoever still reads what had come before', () => {
  const deadlines = new Deadlines({ destroy: () => undefined })
  deadlines.armRead(1_000)
  deadlines.stop()
  deadlines.armRead(1_000)
  deadlines.armWrite(1_000)
  expect(vi.getTimerCount()).toBe(0)
})
