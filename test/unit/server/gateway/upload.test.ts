import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { expect, test, vi } from 'vitest'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'
import { Upload } from '../../../../server/src/gateway/streams/upload.ts'
import { createStreamSpool } from '../../../../server/src/runtime/stream-spool.ts'
import { createWindows } from '../../../support/session-windows.ts'

const hello = Buffer.from('hello')

/** A frame comes. */
function receive(upload: Upload, offset: number, content: Buffer, isHeldUp = false) {
  return upload.receive({ offset, isHeldUp }, content)
}

function spooled(upload: Upload): Promise<void> {
  return upload.spool(createStreamSpool({ spoolMemoryBytes: 1_000, spoolFileBytes: 1_000, streamUnreadMs: 60_000 }), 1_000)
}

function createUpload(length?: number): Upload {
  const upload: Upload = new Upload(1, length, createWindows(), {
    credit: (offset, acknowledged) => void windows.set(upload, offset - acknowledged),
    over: () => undefined,
  })
  return upload
}

/** What each was granted last beyond what was acknowledged. */
const windows = new WeakMap<Upload, number>()

test('content behind the end that was told breaks the rules, also where no length was told before', () => {
  const upload = createUpload()
  expect(receive(upload, 0, hello)).toBeUndefined()
  upload.end(5)
  expect(receive(upload, 5, hello)).toBe('credit_exceeded')
})

test('an end may come before its content, as it does when a session goes on', async () => {
  const upload = createUpload()
  const whole = spooled(upload)
  upload.end(10)
  expect([receive(upload, 0, hello), receive(upload, 5, hello), receive(upload, 10, hello)]).toEqual([
    undefined,
    undefined,
    'credit_exceeded',
  ])
  await whole
  expect(upload.length).toBe(10)
  upload.stream.discard()
})

test.each([
  ['another one than was told', [6], 5],
  ['less than has come', [4], undefined],
  ['another one than the end before', [5, 6], undefined],
] as const)('an end that says %s ends the upload', async (_name, ends, length) => {
  const upload = createUpload(length)
  const whole = spooled(upload)
  receive(upload, 0, hello)
  for (const end of ends) upload.end(end)
  await expect(whole).rejects.toMatchObject({ kind: 'stream_size_mismatch' })
})

const { streamCreditBytes } = facadeLimits
const { readAheadBytes, wholeFrameMs } = gatewayLimits
const frame = Buffer.alloc(64 * 1024)

/** An upload of so many frames, whose agent takes one each time `take` is called, and the credits that were given. */
function paced(frames: number): { upload: Upload; credits: number[]; take: () => Promise<void>; whole: Promise<void> } {
  const credits: number[] = []
  const upload = new Upload(1, frames * frame.byteLength, createWindows(), {
    credit: offset => credits.push(offset),
    over: () => undefined,
  })
  let release: (() => void) | undefined
  const whole = upload.stream.pump(
    () =>
      new Promise(resolve => {
        release = resolve
      }),
  )
  return {
    upload,
    credits,
    whole,
    async take() {
      await turn()
      release?.()
      await turn()
    },
  }
}

/** What it is granted beyond what is acknowledged. */
function windowOf(upload: Upload): number | undefined {
  upload.repeatCredit()
  return windows.get(upload)
}

function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

function send(upload: Upload, from: number, frames: number): unknown[] {
  return Array.from({ length: frames }, (_, i) => receive(upload, (from + i) * frame.byteLength, frame))
}

test('has credit for each frame that has come while the agent is not far behind, then for each that it takes', async () => {
  const { upload, credits, take } = paced(20)
  const ahead = readAheadBytes / frame.byteLength
  const beyond = (frames: number): number => frames * frame.byteLength + streamCreditBytes
  expect(send(upload, 0, ahead + 2)).not.toContain('credit_exceeded')
  expect(credits).toEqual(Array.from({ length: ahead }, (_, i) => beyond(i + 1)))
  await take()
  expect(credits.slice(ahead)).toEqual([beyond(ahead + 1)])
  await take()
  await take()
  expect(credits.slice(ahead)).toEqual([beyond(ahead + 1), beyond(ahead + 2)])
  upload.stream.discard()
})

test('more than the credit that was given breaks the rules', () => {
  const { upload, credits } = paced(20)
  const allowed = (readAheadBytes + streamCreditBytes) / frame.byteLength
  expect(send(upload, 0, allowed)).not.toContain('credit_exceeded')
  expect(credits.at(-1)).toBe(allowed * frame.byteLength)
  expect(receive(upload, allowed * frame.byteLength, Buffer.alloc(1))).toBe('credit_exceeded')
  upload.stream.discard()
})

test('a browser that is held up for 5 ms while the agent keeps up has twice the window, once for each half of it that has come', async () => {
  const now = vi.spyOn(performance, 'now').mockReturnValue(0)
  const upload = createUpload(64 * frame.byteLength)
  const { stream } = upload
  void stream.pump(() => undefined).catch(() => undefined)
  let at = 0
  const come = async (frames: number, afterMs: number): Promise<void> => {
    for (let i = 0; i < frames; i++, at += frame.byteLength) {
      now.mockReturnValue(performance.now() + afterMs)
      receive(upload, at, frame, true)
      await turn()
    }
  }
  await come(8, wholeFrameMs - 1)
  expect(windowOf(upload)).toBe(streamCreditBytes)
  await come(1, wholeFrameMs)
  expect(windowOf(upload)).toBe(2 * streamCreditBytes)
  // It says so again with what was under way before it could know.
  await come(3, wholeFrameMs)
  expect(windowOf(upload)).toBe(2 * streamCreditBytes)
  await come(1, 0)
  expect(windowOf(upload)).toBe(4 * streamCreditBytes)
  stream.discard()
  now.mockRestore()
})

test('its window never grows while the agent is behind, whatever the browser says', async () => {
  const now = vi.spyOn(performance, 'now').mockReturnValue(0)
  const { upload, credits, take } = paced(200)
  let sent = 0
  for (let i = 0; i < 60; i++) {
    while (receive(upload, sent * frame.byteLength, frame, sent >= 3) === undefined) {
      sent++
      now.mockReturnValue(sent * 100)
      if ((sent + 1) * frame.byteLength > (credits.at(-1) ?? streamCreditBytes)) break
    }
    await take()
  }
  expect(sent).toBeGreaterThan(60)
  expect((credits.at(-1) ?? 0) - 60 * frame.byteLength).toBe(streamCreditBytes + readAheadBytes)
  upload.stream.discard()
  now.mockRestore()
})

test('its last byte is acknowledged once the agent has taken all', async () => {
  const { upload, credits, take, whole } = paced(3)
  send(upload, 0, 3)
  expect(credits.at(-1)).toBe(2 * frame.byteLength + streamCreditBytes)
  for (let i = 0; i < 3; i++) await take()
  await whole
  expect(credits.at(-1)).toBe(3 * frame.byteLength + streamCreditBytes)
})

test('a credit that is said once more takes nothing back', async () => {
  const { upload, credits, take, whole } = paced(3)
  send(upload, 0, 3)
  upload.repeatCredit()
  expect(credits.slice(-2)).toEqual([2, 2].map(frames => frames * frame.byteLength + streamCreditBytes))
  for (let i = 0; i < 3; i++) await take()
  await whole
})

test('what is kept of small frames is no more than twice their content, however large the pieces that the socket read', async () => {
  const upload = createUpload(32 * 4_100)
  for (let i = 0; i < 32; i++) {
    const read = Buffer.alloc(64 * 1024, i)
    expect(receive(upload, i * 4_100, read.subarray(100, 4_200))).toBeUndefined()
  }
  const kept = new Set<ArrayBufferLike>()
  const content: Buffer[] = []
  await upload.stream.pump(chunk => {
    kept.add(chunk.buffer)
    content.push(Buffer.from(chunk))
    return undefined
  })
  const sent = Array.from({ length: 32 }, (_, i) => Buffer.alloc(4_100, i))
  expect(Buffer.concat(content).equals(Buffer.concat(sent))).toBe(true)
  expect([...kept].reduce((sum, each) => sum + each.byteLength, 0)).toBeLessThanOrEqual(2 * 32 * 4_100)
})

test('a frame as large as what the socket reads at once is not copied', async () => {
  const upload = createUpload(frame.byteLength)
  receive(upload, 0, frame)
  const kept: ArrayBufferLike[] = []
  await upload.stream.pump(chunk => void kept.push(chunk.buffer))
  expect([kept.length, kept[0] === frame.buffer]).toEqual([1, true])
})
