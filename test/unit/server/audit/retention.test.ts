import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { keepTrimmed } from '../../../../server/src/audit/retention.ts'
import { deferred } from '../../../../server/src/base/deferred.ts'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('the log is trimmed at once and every hour, never twice at a time, also after a failure, and no more once that was ended', async () => {
  const log = vi.fn()
  const slow = deferred<number>()
  const trim = vi.fn(async () => 0)
  trim.mockReturnValueOnce(slow.promise)
  const stop = keepTrimmed({ trim }, log)
  expect(trim.mock.calls).toEqual([[{ maxAgeMs: gatewayLimits.auditMs, maxEntries: gatewayLimits.auditEntries }]])
  await vi.advanceTimersByTimeAsync(2 * gatewayLimits.auditTrimMs)
  expect(trim).toHaveBeenCalledTimes(1)
  slow.reject(new Error('the disk is full'))
  await vi.advanceTimersByTimeAsync(2 * gatewayLimits.auditTrimMs)
  expect(trim).toHaveBeenCalledTimes(3)
  expect(log.mock.calls).toEqual([['error', 'the audit log could not be trimmed', { cause: 'the disk is full' }]])
  await stop()
  await vi.advanceTimersByTimeAsync(2 * gatewayLimits.auditTrimMs)
  expect(trim).toHaveBeenCalledTimes(3)
})
