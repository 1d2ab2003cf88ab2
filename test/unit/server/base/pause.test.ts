import { afterEach, expect, test, vi } from 'vitest'
import { isAbortAwaited } from '../../../../server/src/base/abort-listeners.ts'
import { pause } from '../../../../server/src/base/pause.ts'

afterEach(() => {
  vi.useRealTimers()
})

test('a pause lasts its time, or until the signal is aborted, and leaves nothing behind', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const ending = new AbortController()
  const whole = pause(1_000, ending.signal)
  expect(vi.getTimerCount()).toBe(1)
  vi.advanceTimersByTime(1_000)
  await whole
  const short = pause(1_000, ending.signal)
  ending.abort()
  await short
  await pause(1_000, ending.signal)
  expect([vi.getTimerCount(), isAbortAwaited(ending.signal)]).toEqual([0, false])
})
