import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { CallStreams } from '../../../../server/src/rpc/call-streams.ts'
import { takeUploads } from '../../../../server/src/rpc/upload-times.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function uploadsThatTake(ms: number): CallStreams {
  const unused = (): never => {
    throw new Error('not used here')
  }
  return {
    isPossible: true,
    ready: () => new Promise(resolve => setTimeout(resolve, ms)),
    wantDigest: unused,
    accept: unused,
    offer: unused,
    uploads: unused,
  }
}

test.each([
  [{}, {}],
  [{ timeoutMs: 100 }, { timeoutMs: 60 }],
  [{ queueTimeoutMs: 100 }, { queueTimeoutMs: 60 }],
  [
    { queueTimeoutMs: 100, timeoutMs: 1_000 },
    { queueTimeoutMs: 60, timeoutMs: 960 },
  ],
])('of %j an upload that took 40 ms leaves %j', async (deadlines, left) => {
  const taken = takeUploads(uploadsThatTake(40), deadlines)
  await vi.advanceTimersByTimeAsync(40)
  expect(await taken).toEqual(left)
  expect(vi.getTimerCount()).toBe(0)
})

test.each([{ timeoutMs: 30 }, { queueTimeoutMs: 30, timeoutMs: 100 }, { queueTimeoutMs: 100, timeoutMs: 30 }])(
  'an upload that takes longer than %j fails the call',
  async deadlines => {
    const failed = expect(takeUploads(uploadsThatTake(40), deadlines)).rejects.toMatchObject({
      kind: 'deadline_exceeded',
      delivery: 'not_sent',
    })
    await vi.advanceTimersByTimeAsync(30)
    await failed
  },
)
