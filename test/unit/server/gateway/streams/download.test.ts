import { facadeLimits, frameHeaderBytes, readFrameHeader } from '@halibut-gateway/schemas/wire'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { defaultLimits, gatewayLimits } from '../../../../../server/src/base/limits.ts'
import { Download } from '../../../../../server/src/gateway/streams/download.ts'
import { DataStream } from '../../../../../server/src/runtime/data-streams.ts'
import { createWindows } from '../../../../support/session-windows.ts'

const { streamCreditBytes, streamWindowBytes } = facadeLimits

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A download of `length` bytes, each the low byte of its offset, and what became of it. */
function world(length: number, windows = createWindows()) {
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
  const download = new Download(2, source, windows, {
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

function contentOf(frames: readonly Buffer[]): number {
  return frames.reduce((sum, frame) => sum + frame.byteLength - frameHeaderBytes, 0)
}

test('full frames fill 64 KiB with the header of their WebSocket frame', async () => {
  const { download, content, frames, told } = world(150_000)
  download.begin(undefined)
  await vi.advanceTimersByTimeAsync(1)
  expect(frames.map(frame => frame.length + 4)).toEqual([65_536, 65_536, 150_000 - 2 * (65_532 - frameHeaderBytes) + frameHeaderBytes + 4])
  expect(frames.map(frame => readFrameHeader(frame)?.offset)).toEqual([0, 65_516, 131_032])
  expect(Buffer.concat(frames.map(frame => frame.subarray(frameHeaderBytes)))).toEqual(content)
  download.credit(150_000 + streamCreditBytes, 150_000)
  expect(told).toEqual([{ ended: 150_000 }, 'over'])
  expect(vi.getTimerCount()).toBe(0)
})

test('is sent as far as the browser grants, to the last byte, and no further than what is kept of it reaches', async () => {
  const { download, content, frames, told } = world(5_000_000)
  const received = () => Buffer.concat(frames.map(frame => frame.subarray(frameHeaderBytes)))
  download.begin(undefined)
  await vi.advanceTimersByTimeAsync(100)
  download.credit(300_001, 100_000)
  await vi.advanceTimersByTimeAsync(100)
  expect(received().byteLength).toBe(300_001)
  download.credit(Number.MAX_SAFE_INTEGER, 100_000)
  await vi.advanceTimersByTimeAsync(100)
  expect(received().byteLength).toBe(100_000 + streamCreditBytes)
  while (told.length === 0) {
    download.credit(Number.MAX_SAFE_INTEGER, received().byteLength)
    await vi.advanceTimersByTimeAsync(100)
  }
  expect(received().equals(content)).toBe(true)
  download.credit(Number.MAX_SAFE_INTEGER, 5_000_000)
  expect(told).toEqual([{ ended: 5_000_000 }, 'over'])
  expect(vi.getTimerCount()).toBe(0)
})

test('a browser that grants everything and takes nothing has no more under way than at first', async () => {
  const { download, frames } = world(50_000_000)
  download.begin(undefined)
  for (let i = 0; i < 20; i++) {
    download.credit(Number.MAX_SAFE_INTEGER, 0)
    await vi.advanceTimersByTimeAsync(100)
  }
  expect(contentOf(frames)).toBe(streamCreditBytes)
  download.discard()
})

test('says that it is held up after it has waited for credit for 5 ms, once, also where nothing of its credit is left', async () => {
  const { download, frames } = world(2_000_000)
  const heldUp = () => frames.flatMap((frame, i) => (readFrameHeader(frame)?.isHeldUp ? [[i, frame.byteLength - frameHeaderBytes]] : []))
  download.begin(undefined)
  await vi.advanceTimersByTimeAsync(gatewayLimits.wholeFrameMs - 1)
  expect([frames.length, heldUp()]).toEqual([4, []])
  await vi.advanceTimersByTimeAsync(2)
  expect(heldUp()).toEqual([[4, streamCreditBytes - 4 * (65_532 - frameHeaderBytes)]])
  await vi.advanceTimersByTimeAsync(100)
  expect(heldUp()).toHaveLength(1)
  const next = 4 * (65_532 - frameHeaderBytes)
  download.credit(next + streamCreditBytes, next)
  await vi.advanceTimersByTimeAsync(100)
  expect(heldUp()).toHaveLength(2)
  // Whole frames to the last byte of the credit.
  const whole = contentOf(frames) + 65_532 - frameHeaderBytes - (contentOf(frames) % (65_532 - frameHeaderBytes))
  download.credit(whole, whole - streamCreditBytes)
  await vi.advanceTimersByTimeAsync(100)
  expect([contentOf(frames), heldUp().at(-1)]).toEqual([whole, [frames.length - 1, 0]])
  download.discard()
})

test('sends the rest of its credit again, and that it is held up, where a cut lost that', async () => {
  const { download, frames } = world(2_000_000)
  const received = 4 * (65_532 - frameHeaderBytes)
  download.begin(undefined)
  await vi.advanceTimersByTimeAsync(100)
  expect(contentOf(frames)).toBe(streamCreditBytes)
  download.detach()
  frames.length = 0
  download.resume(received)
  download.credit(streamCreditBytes, 0)
  await vi.advanceTimersByTimeAsync(100)
  expect(frames.map(frame => readFrameHeader(frame))).toEqual([{ stream: 2, offset: received, isHeldUp: true }])
  expect(contentOf(frames)).toBe(streamCreditBytes - received)
  download.discard()
})

test('is not held up by a credit that comes soon, nor at its end', async () => {
  const { download, frames } = world(1_000_000)
  download.begin(undefined)
  while (contentOf(frames) < 1_000_000) {
    await vi.advanceTimersByTimeAsync(gatewayLimits.wholeFrameMs - 1)
    const sent = contentOf(frames)
    download.credit(sent + streamCreditBytes, sent)
  }
  await vi.advanceTimersByTimeAsync(100)
  expect(frames.map(frame => readFrameHeader(frame)?.isHeldUp)).not.toContain(true)
  download.discard()
})

test('has a larger window where the browser grants one, and goes back to the first one where others need what it has', async () => {
  const windows = createWindows()
  const { download, frames } = world(100_000_000, windows)
  const underWay = async (acknowledged: number): Promise<number> => {
    download.credit(acknowledged + streamWindowBytes, acknowledged)
    await vi.advanceTimersByTimeAsync(100)
    return contentOf(frames) - acknowledged
  }
  download.begin(undefined)
  await vi.advanceTimersByTimeAsync(100)
  for (let window = 2 * streamCreditBytes; window <= streamWindowBytes; window *= 2) {
    expect(await underWay(contentOf(frames))).toBe(window)
  }
  expect(await underWay(contentOf(frames))).toBe(streamWindowBytes)
  for (let i = 0; i < 12; i++) {
    while (windows.take(1_024, 0));
    await underWay(contentOf(frames))
  }
  expect(await underWay(contentOf(frames))).toBe(streamCreditBytes)
  download.discard()
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
    download.credit(streamCreditBytes + taken, taken)
  }
  expect(told).toEqual([])
  await vi.advanceTimersByTimeAsync(defaultLimits.streamUnreadMs)
  expect(told.at(-1)).toBe('over')
})
