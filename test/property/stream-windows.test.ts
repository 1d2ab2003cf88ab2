import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { MemoryBudget } from '../../server/src/base/memory-budget.ts'
import { seededRandom } from '../support/cutting-relay.ts'
import { FarSession } from '../support/far-sessions.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const { connectionCreditBytes, streamCreditBytes, streams } = facadeLimits
const mebibyte = 1024 * 1024

test.each([1, 2, 3, 4])(
  'through random delays and cuts every byte comes in its place, and no window passes a budget, seed %i',
  async seed => {
    const random = seededRandom(seed)
    const memory = new MemoryBudget(24 * mebibyte, 'streamBytesInFlight')
    const sessions = Array.from({ length: 3 }, (_, i) => new FarSession(`session ${i}`, memory, 1 + random() * 60))
    let begun = 0
    for (const session of sessions) {
      for (let i = 0; i < 3; i++) {
        const length = Math.floor(random() * 6 * mebibyte)
        // Slower than what the first window brings over the longest way.
        const reading = { pauseMs: random() < 0.3 ? 100 : 0 }
        session.download(length, reading)
        session.upload(length, reading)
        begun += 2
      }
    }
    const ended = (): number => sessions.reduce((sum, session) => sum + session.ended, 0)
    for (let turn = 0; turn < 2_000 && ended() < begun; turn++) {
      await vi.advanceTimersByTimeAsync(20)
      expect(memory.used).toBeLessThanOrEqual(24 * mebibyte)
      const session = sessions[Math.floor(random() * sessions.length)]
      if (turn < 200 && random() < 0.05) void session?.cut(random() * 50)
    }
    expect(sessions.flatMap(({ faults }) => faults)).toEqual([])
    expect(ended()).toBe(begun)
    for (const { granted } of sessions) {
      expect(granted.mostBytes).toBeLessThanOrEqual(connectionCreditBytes)
      expect(granted.mostToSlow).toBeLessThanOrEqual(streamCreditBytes)
    }
    await vi.advanceTimersByTimeAsync(1_000)
    expect(memory.used).toBe(0)
  },
)

test('64 data streams at once, all of them held up, stay within the budget of their session', async () => {
  const memory = new MemoryBudget(512 * mebibyte, 'streamBytesInFlight')
  const session = new FarSession('session', memory, 50)
  for (let i = 0; i < streams; i++) {
    session.download(2 * mebibyte, { pauseMs: 0 })
    session.upload(2 * mebibyte, { pauseMs: 0 })
  }
  let most = 0
  for (let turn = 0; turn < 500 && session.ended < 2 * streams; turn++) {
    await vi.advanceTimersByTimeAsync(20)
    most = Math.max(most, memory.used)
  }
  expect([session.faults, session.ended]).toEqual([[], 2 * streams])
  expect(session.granted.mostBytes).toBeLessThanOrEqual(connectionCreditBytes)
  // What windows have grown by, and 512 KiB of each download, as much as each of them and of the uploads has at first.
  expect(most).toBeLessThanOrEqual(connectionCreditBytes)
  expect(most).toBeGreaterThan(connectionCreditBytes / 2)
})
