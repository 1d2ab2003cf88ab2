import { afterEach, expect, test, vi } from 'vitest'
import { discardStreams } from '../../../../server/src/rpc/discard-streams.ts'
import { DataStream } from '../../../../server/src/runtime/data-streams.ts'

afterEach(() => void vi.useRealTimers())

/** Data streams that count how many of them were given up. */
function createStreams() {
  const discard = vi.fn()
  return { discard, next: () => new DataStream(1, { pump: () => Promise.resolve(), discard }) }
}

test('the data streams of a small result are given up at once, wherever they stand', () => {
  // However busy the machine is.
  vi.useFakeTimers({ toFake: ['performance'] })
  const { discard, next } = createStreams()
  const map = new Map<unknown, unknown>([
    [next(), 1],
    ['a', [next()]],
  ])
  void discardStreams({ a: next(), list: [next(), { b: next() }, null, 'text'], map, set: new Set([next()]), bytes: new Uint8Array(5) })
  expect(discard).toHaveBeenCalledTimes(6)
})

test('others have their turn while a large result is looked through, and its last data stream is given up too', async () => {
  const { discard, next } = createStreams()
  let turns = 0
  let done = false
  const count = (): void => {
    turns++
    if (!done) setImmediate(count)
  }
  setImmediate(count)
  const found = discardStreams([...Array.from({ length: 2_000_000 }, () => ({})), next()])
  expect(discard).not.toHaveBeenCalled()
  await found
  done = true
  expect([discard.mock.calls.length, turns > 3]).toEqual([1, true])
})
