import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ReceivedFrames } from '../../../../server/src/gateway/received-frames.ts'

const { ackFrames, ackChars, ackMs } = facadeLimits

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})

afterEach(() => {
  vi.useRealTimers()
})

function counting(): { frames: ReceivedFrames; told: number[] } {
  const told: number[] = []
  return { frames: new ReceivedFrames(received => told.push(received)), told }
}

test('so many frames are acknowledged at once, again and again', () => {
  const { frames, told } = counting()
  for (let i = 0; i < 2 * ackFrames + 1; i++) frames.add(100)
  expect(told).toEqual([ackFrames, 2 * ackFrames])
})

test('large frames are acknowledged before there are so many', () => {
  const { frames, told } = counting()
  frames.add(ackChars - 1)
  expect(told).toEqual([])
  frames.add(1)
  expect(told).toEqual([2])
  for (let i = 0; i < 4; i++) frames.add(ackChars / 2)
  expect(told).toEqual([2, 4, 6])
})

test('a few small ones are acknowledged in time, and only once', () => {
  const { frames, told } = counting()
  frames.add(100)
  vi.advanceTimersByTime(ackMs - 1)
  frames.add(100)
  expect(told).toEqual([])
  vi.advanceTimersByTime(1)
  expect(told).toEqual([2])
  vi.advanceTimersByTime(10 * ackMs)
  expect(told).toEqual([2])
  frames.settle()
  expect(vi.getTimerCount()).toBe(0)
})
