import { facadeLimits, frameHeaderBytes, readFrameHeader } from '@halibut-gateway/schemas/wire'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { defaultLimits } from '../../../../../server/src/base/limits.ts'
import { Download } from '../../../../../server/src/gateway/streams/download.ts'
import { DataStream } from '../../../../../server/src/runtime/data-streams.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A download of `length` bytes, each the low byte of its offset, and what became of it. */
function world(length: number) {
  const content = Buffer.alloc(length, Buffer.from(Array.from({ length: 256 }, (_, i) => i)))
  const frames: Buffer[] = []
  const told: unknown[] = []
  const source = new DataStream(length, {
    pump: async sink => {
      for (let at = 0; at < length; at += 16_384) {
        const wait = sink(content.subarray(at, at + 16_384))
        if (wait) await wait
      }
    },
  })
  const download = new Download(2, source, {
    send: (frame, done) => {
      frames.push(Buffer.from(frame))
      done()
      return true
    },
    together: write => write(),
    ended: sent => told.push({ ended: sent }),
    failed: why => told.push(why),
    over: () => told.push('over'),
  })
  return { download, content, frames, told }
}

test('full frames fill 64 KiB with the header of their WebSocket frame', async () => {
  const { download, content, frames, told } = world(150_000)
  download.begin(undefined)
  await vi.advanceTimersByTimeAsync(1)
  expect(frames.map(frame => frame.length + 4)).toEqual([65_536, 65_536, 150_000 - 2 * (65_532 - frameHeaderBytes) + frameHeaderBytes + 4])
  expect(frames.map(frame => readFrameHeader(frame)?.offset)).toEqual([0, 65_516, 131_032])
  expect(Buffer.concat(frames.map(frame => frame.subarray(frameHeaderBytes)))).toEqual(content)
  download.credit(150_000 + facadeLimits.streamCreditBytes)
  expect(told).toEqual([{ ended: 150_000 }, 'over'])
  expect(vi.getTimerCount()).toBe(0)
})

test('a credit beyond what can be under way holds, to its last byte', async () => {
  const { download, content, frames, told } = world(5_000_000)
  download.begin(undefined)
  download.credit(4_000_001)
  await vi.advanceTimersByTimeAsync(100)
  const received = () => Buffer.concat(frames.map(frame => frame.subarray(frameHeaderBytes)))
  expect(received().byteLength).toBe(4_000_001)
  download.credit(Number.MAX_SAFE_INTEGER)
  await vi.advanceTimersByTimeAsync(100)
  expect(received().equals(content)).toBe(true)
  expect(told).toEqual([{ ended: 5_000_000 }, 'over'])
  expect(vi.getTimerCount()).toBe(0)
})

test('a browser that wanted nothing kept, and has not received it, cannot go on', async () => {
  const { download, told } = world(1_000_000)
  download.begin(undefined)
  download.credit(900_000)
  await vi.advanceTimersByTimeAsync(100)
  download.detach()
  download.resume(500_000)
  expect(told).toEqual([expect.objectContaining({ kind: 'stream_failed', message: expect.stringContaining('500000') }), 'over'])
  expect(vi.getTimerCount()).toBe(0)
})

test('a download that nobody reads ends as stream_stalled after its time, however small it is', async () => {
  const { download, told } = world(100)
  download.begin(undefined)
  await vi.advanceTimersByTimeAsync(defaultLimits.streamUnreadMs - 1)
  expect(told).toEqual([{ ended: 100 }])
  await vi.advanceTimersByTimeAsync(1)
  expect(told.slice(1)).toEqual([expect.objectContaining({ kind: 'stream_stalled', phase: 'stream' }), 'over'])
  expect(vi.getTimerCount()).toBe(0)
})

test('a browser that takes some of it has the whole time again', async () => {
  const { download, told } = world(1_000_000)
  download.begin(undefined)
  for (let taken = 1; taken <= 3; taken++) {
    await vi.advanceTimersByTimeAsync(defaultLimits.streamUnreadMs - 1)
    download.credit(facadeLimits.streamCreditBytes + taken)
  }
  expect(told).toEqual([])
  await vi.advanceTimersByTimeAsync(defaultLimits.streamUnreadMs)
  expect(told.at(-1)).toBe('over')
})
