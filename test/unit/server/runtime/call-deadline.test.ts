import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { isAbortAwaited } from '../../../../server/src/base/abort-listeners.ts'
import { cancelledWhile } from '../../../../server/src/base/cancelled.ts'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { CallDeadline, type CallTimes, callWithin, checkTimes } from '../../../../server/src/runtime/call-deadline.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const endpoint = 'https://agent/'
const unsent = cancelledWhile('Connecting', { phase: 'connect', endpoint })
const sent = cancelledWhile('Transferring', { phase: 'response', delivery: 'unknown', endpoint })

/** When the signal of a call with these times fires, in milliseconds from its beginning; `begunAt`: when a connection takes it. */
function firesAt(times: CallTimes, waitMs: number | undefined, begunAt?: number): number | undefined {
  const deadline = new CallDeadline(times, waitMs === undefined ? undefined : { name: 'queueTimeoutMs', ms: waitMs })
  for (let ms = 0; ms <= 1_000; ms += 10) {
    if (ms === begunAt) deadline.begun()
    if (deadline.signal.aborted) {
      deadline.end()
      return ms
    }
    vi.advanceTimersByTime(10)
  }
  deadline.end()
  return undefined
}

test('timeoutMs is the whole call, whether it waited or not', () => {
  expect(firesAt({ timeoutMs: 300 }, undefined)).toBe(300)
  expect(firesAt({ timeoutMs: 300 }, undefined, 200)).toBe(300)
})

test('queueTimeoutMs is the part that waits, and no more than what timeoutMs leaves', () => {
  expect(firesAt({ timeoutMs: 300 }, 100)).toBe(100)
  expect(firesAt({ timeoutMs: 300 }, 100, 50)).toBe(300)
  expect(firesAt({}, 100, 50)).toBeUndefined()
  expect(firesAt({ timeoutMs: 300 }, 500)).toBe(300)
})

test('after the answer no deadline fires, and the caller’s own signal still does', () => {
  const stop = new AbortController()
  const deadline = new CallDeadline({ timeoutMs: 100, signal: stop.signal }, undefined)
  deadline.answered()
  vi.advanceTimersByTime(1_000)
  expect(deadline.signal.aborted).toBe(false)
  stop.abort()
  expect(deadline.signal.aborted).toBe(true)
  deadline.end()
})

test.each([2 ** 31, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY])('a time of %s ms does not end at once', ms => {
  expect(firesAt({ timeoutMs: ms }, ms)).toBeUndefined()
})

test.each([Number.NaN, -5, 0, Number.NEGATIVE_INFINITY, '5' as unknown as number, null as unknown as number])('%s is no time', ms => {
  expect(() => checkTimes({ timeoutMs: ms })).toThrow(
    `timeoutMs must be a number of milliseconds above 0, not ${typeof ms === 'string' ? 'a text' : ms}`,
  )
  expect(() => checkTimes({ queueTimeoutMs: ms })).toThrow(HalibutError)
})

test('an end leaves no timer, and a signal that is aborted already ends it at once', () => {
  const deadline = new CallDeadline({ timeoutMs: 300, signal: AbortSignal.abort() }, { name: 'queueTimeoutMs', ms: 100 })
  expect(deadline.signal.aborted).toBe(true)
  deadline.end()
  expect(vi.getTimerCount()).toBe(0)
})

test('a deadline is told with phase, delivery, and the reason that is known', () => {
  const refused = new HalibutError('connect_refused', 'Connection refused', { phase: 'connect' })
  const told = (why: HalibutError): unknown => {
    const deadline = new CallDeadline({ timeoutMs: 300 }, undefined)
    vi.advanceTimersByTime(300)
    return deadline.told(why)
  }
  expect(told(unsent.with({ reason: 'the last attempt failed: Connection refused', cause: refused }))).toMatchObject({
    kind: 'deadline_exceeded',
    phase: 'connect',
    delivery: 'not_sent',
    retryable: true,
    message: 'the request was not sent to https://agent/ within its timeoutMs of 300 ms: the last attempt failed: Connection refused',
    cause: refused,
  })
  expect(told(unsent)).toMatchObject({ message: expect.stringContaining(': the connection was still being opened') })
  expect(told(sent)).toMatchObject({
    phase: 'response',
    delivery: 'unknown',
    retryable: false,
    message: 'the request was sent to https://agent/, but no answer came within its timeoutMs of 300 ms',
  })
  expect(told(refused)).toBe(refused)
})

test('a call within times hears of its caller until its last data stream has come, and of no deadline once it is answered', async () => {
  const given = new AbortController()
  let come = (): void => undefined
  const streams = { done: new Promise<void>(resolve => (come = resolve)), settle: () => undefined }
  let signal: AbortSignal | undefined
  const times = { signal: given.signal, timeoutMs: 100 }
  const answered = await callWithin(times, undefined, async inner => {
    signal = inner
    return streams
  })
  expect([answered, vi.getTimerCount(), isAbortAwaited(given.signal)]).toEqual([streams, 0, true])
  vi.advanceTimersByTime(1_000)
  expect(signal?.aborted).toBe(false)
  come()
  await streams.done
  expect(isAbortAwaited(given.signal)).toBe(false)
})

test('a call within times that nobody answers ends as the deadline it was, and leaves nothing', async () => {
  const given = new AbortController()
  const call = callWithin(
    { signal: given.signal, timeoutMs: 100 },
    undefined,
    signal => new Promise((_, reject) => signal.addEventListener('abort', () => reject(sent), { once: true })),
  )
  vi.advanceTimersByTime(100)
  await expect(call).rejects.toMatchObject({ kind: 'deadline_exceeded', delivery: 'unknown', phase: 'response', endpoint })
  expect([vi.getTimerCount(), isAbortAwaited(given.signal)]).toEqual([0, false])
})
