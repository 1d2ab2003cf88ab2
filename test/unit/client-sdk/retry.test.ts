import { GatewayError } from '@halibut-gateway/client'
import { type FailedAttempt, retry } from '@halibut-gateway/client/retry'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(1)
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const busy = (retryAfterMs?: number): GatewayError => new GatewayError('queue_full', 'too many wait', { retryable: true, retryAfterMs })
const cut = (): GatewayError => new GatewayError('connection_lost', 'cut', { delivery: 'unknown' })

/** A call that fails with each of these, one after the other, and then answers; with when it was made. */
function createCall(...errors: unknown[]) {
  const beganMs = performance.now()
  const madeMs: number[] = []
  const call = async (): Promise<string> => {
    madeMs.push(Math.round(performance.now() - beganMs))
    if (errors.length > 0) throw errors.shift()
    return 'answer'
  }
  return { call, madeMs }
}

async function outcome<T>(promise: Promise<T>): Promise<unknown> {
  const settled = promise.catch((error: unknown) => error)
  await vi.runAllTimersAsync()
  return settled
}

test('a call is made again after pauses that grow, and no sooner than the gateway asks', async () => {
  const { call, madeMs } = createCall(busy(), busy(), busy(5_000))
  const failed: FailedAttempt[] = []
  expect(await outcome(retry(call, { onRetry: each => failed.push(each) }))).toBe('answer')
  expect(madeMs).toEqual([0, 250, 750, 5_750])
  expect(failed.map(({ attempt, delayMs }) => [attempt, delayMs])).toEqual([
    [1, 250],
    [2, 500],
    [3, 5_000],
  ])
})

test('the last error is the one that it ends with, after so many attempts', async () => {
  const errors = [busy(), busy(), busy()]
  const { call, madeMs } = createCall(...errors)
  expect(await outcome(retry(call, { attempts: 3 }))).toBe(errors[2])
  expect(madeMs).toHaveLength(3)
})

test.each([
  ['that would end the same way', new GatewayError('invalid_params', 'wrong')],
  ['that may have run', cut()],
  ['that may have run, whatever else it says', new GatewayError('connection_lost', 'cut', { delivery: 'unknown', retryable: true })],
  ['that ran', new GatewayError('service_failed', 'no', { delivery: 'executed', retryable: true })],
  ['whose error is none of the gateway', new Error('a mistake of the page')],
  ['whose error is none at all', 'text'],
])('a call %s is not made again', async (_, error) => {
  const { call, madeMs } = createCall(error)
  expect(await outcome(retry(call))).toBe(error)
  expect(madeMs).toEqual([0])
})

test('a call that may run twice is made again where it may have run, but not where it ran or was cancelled', async () => {
  const { call } = createCall(cut(), new GatewayError('deadline_exceeded', 'late', { delivery: 'unknown' }))
  expect(await outcome(retry(call, { idempotent: true }))).toBe('answer')
  for (const error of [
    new GatewayError('service_failed', 'no', { delivery: 'executed' }),
    new GatewayError('cancelled', 'given up', { delivery: 'unknown' }),
  ]) {
    const { call: other, madeMs } = createCall(error)
    expect(await outcome(retry(other, { idempotent: true }))).toBe(error)
    expect(madeMs).toEqual([0])
  }
})

test('no pause goes beyond the time for all, and each attempt hears what is left of it, in whole milliseconds', async () => {
  const left: (number | undefined)[] = []
  const error = busy()
  const call = async ({ timeoutMs }: { timeoutMs?: number }): Promise<never> => {
    left.push(timeoutMs)
    throw error
  }
  expect(await outcome(retry(call, { totalMs: 999.6 }))).toBe(error)
  expect(left).toEqual([1_000, 750, 250])
  expect(await outcome(retry(createCall(busy(2_000)).call, { totalMs: 1_000 }))).toMatchObject({ retryAfterMs: 2_000 })
})

test('aborting ends the pause and the attempts, with its reason', async () => {
  const stop = new AbortController()
  const { call, madeMs } = createCall(busy(), busy())
  const retried = retry(call, { signal: stop.signal }).catch((error: unknown) => error)
  await vi.advanceTimersByTimeAsync(100)
  stop.abort('the page was left')
  expect(await retried).toBe('the page was left')
  expect([madeMs, vi.getTimerCount()]).toEqual([[0], 0])
  await expect(retry(call, { signal: AbortSignal.abort('never') })).rejects.toBe('never')
  expect(madeMs).toEqual([0])
})
