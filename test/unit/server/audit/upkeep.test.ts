import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { keepUp } from '../../../../server/src/audit/upkeep.ts'
import { deferred } from '../../../../server/src/base/deferred.ts'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const retention = { maxAgeMs: 5, maxEntries: 7 }
const whole = { ok: true, first: 1, last: 2 } as const

test('the log is trimmed at once and every hour, never twice at a time, also after a failure, and no more once that was ended', async () => {
  const log = vi.fn()
  const slow = deferred<number>()
  const trim = vi.fn(async () => 0)
  trim.mockReturnValueOnce(slow.promise)
  const stop = keepUp({ audit: { trim, verify: async () => whole }, retention, log })
  expect(trim.mock.calls).toEqual([[retention]])
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

test('the log is looked through at once and every day, not while it is trimmed, and one that does not hold is a loud line', async () => {
  const log = vi.fn()
  const slow = deferred<number>()
  const trim = vi.fn(async () => 0)
  const verify = vi.fn(async () => whole as Awaited<ReturnType<Parameters<typeof keepUp>[0]['audit']['verify']>>)
  trim.mockReturnValueOnce(slow.promise)
  const stop = keepUp({ audit: { trim, verify }, retention, log })
  await vi.advanceTimersByTimeAsync(0)
  expect(verify).not.toHaveBeenCalled()
  slow.resolve(0)
  await vi.advanceTimersByTimeAsync(gatewayLimits.auditVerifyMs - gatewayLimits.auditTrimMs)
  expect([verify.mock.calls.length, log.mock.calls]).toEqual([1, []])
  verify.mockResolvedValueOnce({ ok: false, sequence: 3, finding: 'changed', message: 'entry 3 was changed' })
  await vi.advanceTimersByTimeAsync(2 * gatewayLimits.auditTrimMs)
  expect(log.mock.calls).toEqual([['error', 'THE AUDIT LOG DOES NOT HOLD: entry 3 was changed', { finding: 'changed', entry: 3 }]])
  verify.mockRejectedValueOnce(new Error('the disk does not work'))
  await vi.advanceTimersByTimeAsync(gatewayLimits.auditVerifyMs)
  expect(log).toHaveBeenLastCalledWith('error', 'the audit log could not be verified', { cause: 'the disk does not work' })
  await stop()
})
