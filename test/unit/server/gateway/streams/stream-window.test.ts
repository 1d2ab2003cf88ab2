import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { StreamWindow } from '../../../../../server/src/gateway/streams/stream-window.ts'
import { createWindows } from '../../../../support/session-windows.ts'

const { connectionCreditBytes, streamCreditBytes, streams, streamWindowBytes } = facadeLimits
/** What all windows of a session have beyond what each begins with. */
const sharedBytes = connectionCreditBytes - 2 * streams * streamCreditBytes

/** What a window lets be under way. */
function widthOf(window: StreamWindow): number {
  return window.reach - window.base
}

/** A receiver that takes all that may come, and is held up for as long as that makes the window larger. */
function grow(window: StreamWindow): void {
  while (window.grow(window.reach));
}

test('one window alone grows to streamWindowBytes, twice as large for each half of it that was done with', () => {
  const window = new StreamWindow(createWindows())
  expect(widthOf(window)).toBe(streamCreditBytes)
  expect(window.grow(streamCreditBytes / 2 - 1)).toBe(false)
  expect(window.grow(streamCreditBytes / 2)).toBe(true)
  expect([window.base, widthOf(window)]).toEqual([streamCreditBytes / 2, 2 * streamCreditBytes])
  expect(window.grow(streamCreditBytes)).toBe(false)
  grow(window)
  expect(widthOf(window)).toBe(streamWindowBytes)
})

test('what was granted is never taken back, nor moved back', () => {
  const window = new StreamWindow(createWindows())
  window.moveTo(100_000)
  window.moveTo(50_000)
  expect([window.base, window.reach]).toEqual([100_000, 100_000 + streamCreditBytes])
})

test('64 windows that all want more have no more than the session, each at least what it began with, and the last some of it', () => {
  const shared = createWindows()
  const windows = Array.from({ length: 2 * streams }, () => new StreamWindow(shared))
  for (let round = 0; round < 20; round++) {
    for (const window of windows) {
      window.grow(window.reach)
      expect(windows.reduce((sum, each) => sum + widthOf(each), 0)).toBeLessThanOrEqual(connectionCreditBytes)
    }
  }
  const widths = windows.map(widthOf)
  expect(Math.min(...widths)).toBeGreaterThanOrEqual(streamCreditBytes)
  expect(widths.at(-1)).toBeLessThanOrEqual(2 * streamCreditBytes)
  expect(widths.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(connectionCreditBytes / 2)
})

test('a window that has more than is left for others gives back half at a time, and only what its receiver has come after', () => {
  const shared = createWindows()
  const [first, second] = [new StreamWindow(shared), new StreamWindow(shared)]
  grow(first)
  grow(second)
  expect([widthOf(first), widthOf(second)]).toEqual([streamWindowBytes, streamWindowBytes / 2])
  const { base, reach } = first
  first.moveTo(base + 1_000)
  expect(first.reach).toBe(reach)
  first.moveTo(reach)
  expect(widthOf(first)).toBe(streamWindowBytes / 2)
  for (let i = 0; i < 10; i++) first.moveTo(first.reach)
  expect(widthOf(first)).toBe(streamWindowBytes / 2)
})

test('a window whose data stream is over gives all of it back, once', () => {
  const shared = createWindows()
  const windows = [new StreamWindow(shared), new StreamWindow(shared)]
  for (const window of windows) {
    grow(window)
    window.close()
    window.close()
  }
  expect([shared.take(sharedBytes / 2, 0), shared.take(sharedBytes / 4, 0), shared.take(sharedBytes / 4, 0)]).toEqual([true, true, false])
})
