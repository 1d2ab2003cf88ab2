import {
  type ErrorKind,
  facadeLimits,
  frameHeaderBytes,
  type RpcError,
  readFrameHeader,
  type StreamCredit,
  type StreamHandle,
  uploadFrameBytes,
  writeFrameHeader,
} from '@halibut-gateway/schemas/wire'
import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../../client-sdk/src/errors.ts'
import type { Download } from '../../../client-sdk/src/streams/download.ts'
import { type CallStreams, type StreamLink, StreamTable } from '../../../client-sdk/src/streams/stream-table.ts'
import type { UploadProgress } from '../../../client-sdk/src/streams/upload.ts'

const { streamCreditBytes } = facadeLimits
const contentBytes = uploadFrameBytes - frameHeaderBytes
/** Whole frames that the first credit lets go. */
const firstBytes = Math.floor(streamCreditBytes / contentBytes) * contentBytes

describe('a download', () => {
  test('hands its bytes out in order and ends after the end was told', async () => {
    const { table } = setUp()
    const download = downloadOf(table, { $stream: 2, length: 6 })
    table.receive(frame(2, 0, bytesOf(1, 2, 3)))
    table.receive(frame(2, 3, bytesOf(4, 5, 6)))
    table.ended({ stream: 2, length: 6 })
    expect(await download.bytes()).toEqual(bytesOf(1, 2, 3, 4, 5, 6))
    expect(table.open).toBe(0)
  })

  test('ends only with the last byte where the end came first', async () => {
    const { table } = setUp()
    const download = downloadOf(table, { $stream: 2, length: 3 })
    table.ended({ stream: 2, length: 3, sha256: 'ab' })
    const all = download.bytes()
    table.receive(frame(2, 0, bytesOf(1, 2)))
    table.receive(frame(2, 2, bytesOf(3)))
    expect(await all).toEqual(bytesOf(1, 2, 3))
    expect(await download.sha256).toBe('ab')
  })

  test('is open from when its handle came', () => {
    const { table } = setUp()
    downloadOf(table, { $stream: 2, length: 3 })
    expect(table.open).toBe(1)
  })

  test('reads as a stream, as text, as a Blob and by iteration', async () => {
    expect(await new Response(whole('hä').stream()).text()).toBe('hä')
    expect(await whole('hä').text()).toBe('hä')
    const blob = await whole('hä').blob('text/plain')
    expect([blob.type, await blob.text()]).toEqual(['text/plain', 'hä'])
    const chunks: Uint8Array[] = []
    for await (const chunk of whole('ab')) chunks.push(chunk)
    expect(chunks).toEqual([new TextEncoder().encode('ab')])
  })

  test('of no bytes ends with the end', async () => {
    const { table } = setUp()
    const download = downloadOf(table, { $stream: 2, length: 0 })
    table.ended({ stream: 2, length: 0 })
    expect((await download.bytes()).byteLength).toBe(0)
    expect(table.open).toBe(0)
  })

  test('never hands out a byte twice that comes again after a resume', async () => {
    const { table } = setUp()
    const download = downloadOf(table, { $stream: 2, length: 6 })
    table.receive(frame(2, 0, bytesOf(1, 2, 3)))
    expect(table.positions()).toEqual([{ stream: 2, received: 3 }])
    table.resumed([])
    table.receive(frame(2, 0, bytesOf(1, 2, 3)))
    table.receive(frame(2, 1, bytesOf(2, 3, 4, 5)))
    table.receive(frame(2, 5, bytesOf(6)))
    table.ended({ stream: 2, length: 6 })
    expect(await download.bytes()).toEqual(bytesOf(1, 2, 3, 4, 5, 6))
  })

  test('gives credit for what the reader took, at half of it and at its end', async () => {
    const { table, notes } = setUp()
    const length = 5 * 50_000
    const reader = downloadOf(table, { $stream: 2, length }).stream().getReader()
    for (let offset = 0; offset < length; offset += 50_000) table.receive(frame(2, offset, new Uint8Array(50_000)))
    expect(notes).toEqual([])
    for (let read = 0; read < 5; read++) await reader.read()
    expect(notes).toEqual([credit(2, 150_000), credit(2, length)])
  })

  test('says its credit once more after a resume', async () => {
    const { table, notes } = setUp()
    const reader = downloadOf(table, { $stream: 2, length: 10 }).stream().getReader()
    table.receive(frame(2, 0, bytesOf(1, 2, 3)))
    await reader.read()
    expect(notes).toEqual([])
    table.resumed([])
    expect(notes).toEqual([credit(2, 3)])
  })

  test('has twice the window where the gateway is held up and the reader is not behind', async () => {
    const { table, notes } = setUp()
    const download = downloadOf(table, { $stream: 2, length: 10_000_000 })
    const reader = download.stream().getReader()
    const window = (): number => {
      download.repeatCredit()
      return windowOf(notes.at(-1))
    }
    let at = 0
    const come = async (frames: number): Promise<void> => {
      for (let i = 1; i <= frames; i++, at += 65_536) {
        table.receive(frame(2, at, new Uint8Array(65_536), i === frames))
        await reader.read()
      }
    }
    await come(4)
    expect(window()).toBe(2 * streamCreditBytes)
    await come(8)
    expect(window()).toBe(4 * streamCreditBytes)
    for (let i = 0; i < 5; i++) await come(8)
    expect(window()).toBe(facadeLimits.streamWindowBytes)
  })

  test('has twice the window too where a frame without content says that the gateway is held up', async () => {
    const { table, notes } = setUp()
    const reader = downloadOf(table, { $stream: 2, length: streamCreditBytes + 1 })
      .stream()
      .getReader()
    table.receive(frame(2, 0, new Uint8Array(streamCreditBytes)))
    await reader.read()
    table.receive(frame(2, streamCreditBytes, new Uint8Array(), true))
    expect(windowOf(notes.at(-1))).toBe(2 * streamCreditBytes)
    const next = reader.read()
    table.receive(frame(2, streamCreditBytes, bytesOf(1)))
    expect(await next).toEqual({ done: false, value: bytesOf(1) })
  })

  test('has the window of the first byte where the reader is behind, however often the gateway is held up', async () => {
    const { table, notes } = setUp()
    const reader = downloadOf(table, { $stream: 2, length: 10_000_000 }).stream().getReader()
    let [at, granted] = [0, streamCreditBytes]
    for (let read = 0; read < 50; read++) {
      for (; at + 65_536 <= granted; at += 65_536) table.receive(frame(2, at, new Uint8Array(65_536), at + 2 * 65_536 > granted))
      await reader.read()
      granted = (notes.at(-1)?.params as { offset: number } | undefined)?.offset ?? granted
    }
    expect(notes.length).toBeGreaterThan(20)
    for (const note of notes) expect(windowOf(note)).toBe(streamCreditBytes)
  })

  test('breaks off where bytes are left out', async () => {
    const { table, notes } = setUp()
    const download = downloadOf(table, { $stream: 2, length: 6 })
    table.receive(frame(2, 1, bytesOf(2)))
    await expectKind(download.bytes(), 'protocol_error')
    expect(notes).toMatchObject([{ method: '$/stream/cancel', params: { stream: 2 } }])
    expect(table.open).toBe(0)
  })

  test('breaks off where more bytes come than it has', async () => {
    const { table } = setUp()
    const download = downloadOf(table, { $stream: 2, length: 1 })
    table.receive(frame(2, 0, bytesOf(1, 2)))
    await expectKind(download.bytes(), 'protocol_error')
  })

  test('that failed before anybody could read it says so to whoever reads it', async () => {
    const { table } = setUp()
    const handle = { $stream: 2, length: 6 }
    const { uploads: streams } = call(table)
    streams.onAnswer(table.announced([handle]))
    table.cancelled({ stream: 2, error: rpcError('stream_failed') })
    expect(table.open).toBe(0)
    await expectKind(streams.read(handle)?.bytes() ?? Promise.resolve(), 'stream_failed')
    expect(streams.read({ $stream: 4, length: 6 })).toBeUndefined()
  })

  test('fails where its end tells another length', async () => {
    const { table } = setUp()
    const download = downloadOf(table, { $stream: 2, length: 6 })
    table.ended({ stream: 2, length: 5, sha256: 'ab' })
    await expectKind(new Response(download.stream()).bytes(), 'stream_size_mismatch')
    expect(await download.sha256).toBeUndefined()
  })

  test('errs with what the gateway says, after the bytes that came', async () => {
    const { table } = setUp()
    const download = downloadOf(table, { $stream: 2, length: 6 })
    table.receive(frame(2, 0, bytesOf(1)))
    table.cancelled({ stream: 2, error: rpcError('stream_stalled') })
    const reader = download.stream().getReader()
    expect((await reader.read()).value).toEqual(bytesOf(1))
    await expectKind(reader.read(), 'stream_stalled')
    expect(await download.sha256).toBeUndefined()
  })

  test('can be read once', async () => {
    const download = whole('ab')
    await download.text()
    expect(() => download.stream()).toThrow(expect.objectContaining({ kind: 'stream_consumed' }))
    await expectKind(download.bytes(), 'stream_consumed')
  })

  test('that is cancelled tells the gateway once and ignores what still comes', async () => {
    const { table, notes } = setUp()
    const download = downloadOf(table, { $stream: 2, length: 6 })
    download.cancel('enough')
    download.cancel('enough')
    table.receive(frame(2, 0, bytesOf(1)))
    table.ended({ stream: 2, length: 6 })
    table.cancelled({ stream: 2 })
    expect(notes).toEqual([{ method: '$/stream/cancel', params: { stream: 2, reason: 'enough' } }])
    expect(table.open).toBe(0)
    await expectKind(download.bytes(), 'cancelled')
  })

  test('is cancelled by a reader that leaves', async () => {
    const { table, notes } = setUp()
    const download = downloadOf(table, { $stream: 2, length: 6 })
    table.receive(frame(2, 0, bytesOf(1)))
    for await (const _ of download) break
    expect(notes).toMatchObject([{ method: '$/stream/cancel', params: { stream: 2 } }])
  })

  test('breaks off with the session', async () => {
    const { table } = setUp()
    const all = downloadOf(table, { $stream: 2, length: 6 }).bytes()
    table.lost(new GatewayError('connection_lost', 'gone'))
    await expectKind(all, 'connection_lost')
    expect(table.open).toBe(0)
  })
})

describe('an upload', () => {
  test.each([
    ['bytes', (bytes: Uint8Array<ArrayBuffer>) => bytes],
    ['an ArrayBuffer', (bytes: Uint8Array<ArrayBuffer>) => bytes.buffer],
    ['a Blob', (bytes: Uint8Array<ArrayBuffer>) => new Blob([bytes])],
    ['a stream with a length', (bytes: Uint8Array<ArrayBuffer>) => ({ stream: new Blob([bytes]).stream(), length: bytes.byteLength })],
  ])('of %s goes in chunks and tells its end', async (_, source) => {
    const { table, link } = setUp()
    const bytes = pattern(contentBytes + 5)
    const { uploads } = call(table)
    expect(uploads.write(source(bytes))).toEqual({ $stream: 1, length: bytes.byteLength })
    expect(link.frames).toEqual([])
    uploads.onSent()
    await link.told('$/stream/end')
    expect(isSame(link.content(1), bytes)).toBe(true)
    expect(link.frames.map(each => each.byteLength - frameHeaderBytes)).toEqual([contentBytes, 5])
    expect(link.notes).toEqual([{ method: '$/stream/end', params: { stream: 1, length: bytes.byteLength } }])
  })

  test('of a bare stream has no length in its handle and tells it at its end', async () => {
    const { table, link } = setUp()
    const { uploads } = call(table)
    expect(uploads.write(new Blob(['abc']).stream())).toEqual({ $stream: 1 })
    uploads.onSent()
    await link.told('$/stream/end')
    expect(link.notes).toEqual([{ method: '$/stream/end', params: { stream: 1, length: 3 } }])
    expect(link.frames.map(each => each.byteLength - frameHeaderBytes)).toEqual([3])
  })

  test('has one id for one value, and odd ascending ids over the calls', () => {
    const { table } = setUp()
    const { uploads } = call(table)
    const blob = new Blob(['abc'])
    expect(uploads.write(blob)).toBe(uploads.write(blob))
    expect(uploads.write(new Blob(['abc']))).toEqual({ $stream: 3, length: 3 })
    expect(call(table).uploads.write(blob)).toEqual({ $stream: 5, length: 3 })
    expect(uploads.write('abc')).toBeUndefined()
    expect(uploads.write({ length: 3 })).toBeUndefined()
  })

  test('beyond those that may be under way waits for the first credit', async () => {
    const { table, link } = setUp()
    const { uploads } = call(table)
    for (let i = 0; i < facadeLimits.streams + 2; i++) uploads.write(bytesOf(i))
    const ids = (): (number | undefined)[] => link.frames.map(each => readFrameHeader(each)?.stream)
    const first = Array.from({ length: facadeLimits.streams }, (_, i) => 2 * i + 1)
    const waiting = 2 * facadeLimits.streams + 1
    uploads.onSent()
    await link.sent(facadeLimits.streams)
    // One that is over makes room for the next call, not for those that wait.
    table.credit({ stream: 1, offset: 1 + streamCreditBytes, acknowledged: 1 })
    begin(table, bytesOf(7))
    begin(table, bytesOf(8))
    await link.sent(facadeLimits.streams + 1)
    table.credit({ stream: waiting, offset: streamCreditBytes, acknowledged: 0 })
    await link.sent(facadeLimits.streams + 2)
    expect(ids()).toEqual([...first, waiting + 4, waiting])
    table.resumed([])
    expect(ids().slice(facadeLimits.streams + 2)).not.toContain(waiting + 2)
  })

  test('of pieces that are there fills frames across them', async () => {
    const { table, link } = setUp()
    const bytes = pattern(3 * contentBytes)
    const pieces = Array.from({ length: 7 }, (_, i) => bytes.slice((i * bytes.byteLength) / 7, ((i + 1) * bytes.byteLength) / 7))
    const stream = new ReadableStream<Uint8Array>({
      pull: controller => {
        const piece = pieces.shift()
        if (piece) controller.enqueue(piece)
        else controller.close()
      },
    })
    begin(table, { stream, length: bytes.byteLength })
    await link.told('$/stream/end')
    expect(link.frames.map(each => each.byteLength - frameHeaderBytes)).toEqual([contentBytes, contentBytes, contentBytes])
    expect(isSame(link.content(1), bytes)).toBe(true)
  })

  test('of a slow source keeps no piece back, and no more memory than it', async () => {
    const { table, link } = setUp()
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    const writer = writable.getWriter()
    begin(table, { stream: readable, length: 5 })
    await writer.write(bytesOf(1, 2, 3))
    await link.sent(3)
    await writer.write(bytesOf(4, 5))
    await link.sent(5)
    expect(link.frames.map(each => each.buffer.byteLength - frameHeaderBytes)).toEqual([3, 2])
    await writer.close()
    await link.told('$/stream/end')
    expect(link.content(1)).toEqual(bytesOf(1, 2, 3, 4, 5))
  })

  test('may have its pieces changed once they were read', async () => {
    const { table, link } = setUp()
    const piece = new Uint8Array(10)
    const changing = new ReadableStream<Uint8Array>(
      {
        pull: controller => {
          if (piece[0] === 3) return controller.close()
          piece.fill((piece[0] ?? 0) + 1)
          controller.enqueue(piece)
        },
      },
      { highWaterMark: 0 },
    )
    begin(table, { stream: changing, length: 30 })
    await link.told('$/stream/end')
    expect([...(link.content(1) ?? [])]).toEqual([1, 2, 3].flatMap(each => Array<number>(10).fill(each)))
  })

  test('stops at its credit and goes on with more', async () => {
    const { table, link } = setUp()
    const bytes = pattern(firstBytes + contentBytes)
    begin(table, bytes)
    await link.sent(firstBytes)
    expect(isSame(link.content(1), bytes.subarray(0, firstBytes))).toBe(true)
    table.credit({ stream: 1, offset: bytes.byteLength, acknowledged: 0 })
    await link.told('$/stream/end')
    expect(isSame(link.content(1), bytes)).toBe(true)
  })

  test('says that it is held up with the last frame for which it has credit, and not with those that bring it to its end', async () => {
    const { table, link } = setUp()
    begin(table, pattern(firstBytes + 2 * contentBytes))
    await link.sent(firstBytes)
    const heldUp = () => link.frames.map(each => readFrameHeader(each)?.isHeldUp)
    expect(heldUp()).toEqual([false, false, false, true])
    link.frames.length = 0
    table.resumed([])
    expect(heldUp()).toEqual([false, false, false, true])
    table.credit({ stream: 1, offset: firstBytes + 2 * contentBytes, acknowledged: firstBytes })
    await link.told('$/stream/end')
    expect(heldUp().slice(4)).toEqual([false, false])
  })

  test('is forgotten once all of it is acknowledged', async () => {
    const { table, link } = setUp()
    begin(table, pattern(10))
    await link.told('$/stream/end')
    expect(table.open).toBe(1)
    table.credit({ stream: 1, offset: 10 + streamCreditBytes, acknowledged: 10 })
    expect(table.open).toBe(0)
  })

  test('loses nothing where the gateway gives more credit than there is content', async () => {
    const { table, link } = setUp()
    const bytes = pattern(firstBytes + contentBytes)
    begin(table, bytes)
    await link.sent(firstBytes)
    table.credit({ stream: 1, offset: 10 * streamCreditBytes, acknowledged: firstBytes })
    await link.told('$/stream/end')
    expect(isSame(link.content(1), bytes)).toBe(true)
  })

  test('sends once more after a resume what the gateway has not received', async () => {
    const { table, link } = setUp()
    const bytes = pattern(3 * contentBytes)
    begin(table, bytes)
    await link.told('$/stream/end')
    table.credit({ stream: 1, offset: contentBytes + streamCreditBytes, acknowledged: contentBytes })
    link.frames.length = 0
    table.resumed([{ stream: 1, received: 2 * contentBytes }])
    expect(link.frames.map(each => readFrameHeader(each))).toEqual([{ stream: 1, offset: 2 * contentBytes, isHeldUp: false }])
    expect(isSame(link.frames[0]?.subarray(frameHeaderBytes), bytes.subarray(2 * contentBytes))).toBe(true)
  })

  test('begins again after a resume where the gateway has nothing of it', async () => {
    const { table, link } = setUp()
    const bytes = pattern(2 * contentBytes)
    begin(table, bytes)
    await link.told('$/stream/end')
    link.frames.length = 0
    table.resumed([])
    expect(isSame(link.content(1), bytes)).toBe(true)
  })

  test('waits while the link is not open', async () => {
    const { table, link } = setUp()
    link.open = false
    begin(table, { stream: new Blob([bytesOf(1, 2, 3)]).stream(), length: 3 })
    await turns()
    expect(link.frames).toEqual([])
    link.open = true
    table.resumed([])
    await link.told('$/stream/end')
    expect(link.content(1)).toEqual(bytesOf(1, 2, 3))
  })

  test('waits while much is in the socket', async () => {
    const { table, link } = setUp()
    link.bufferedAmount = 1024 * 1024 + 1
    begin(table, bytesOf(1, 2, 3))
    await turns()
    expect(link.frames).toEqual([])
    link.bufferedAmount = 0
    await link.told('$/stream/end')
    expect(link.content(1)).toEqual(bytesOf(1, 2, 3))
  })

  test('tells how far it is', async () => {
    const { table, link } = setUp()
    const { uploads, progress } = call(table)
    uploads.write(pattern(contentBytes + 5))
    uploads.onSent()
    await link.told('$/stream/end')
    const totalBytes = contentBytes + 5
    expect(progress[0]).toEqual({ sentBytes: contentBytes, totalBytes })
    expect(progress.at(-1)).toEqual({ sentBytes: totalBytes, totalBytes })
  })

  test('tells no total where nobody knows its length', async () => {
    const { table, link } = setUp()
    const { uploads, progress } = call(table)
    uploads.write(new Blob(['abc']).stream())
    uploads.onSent()
    await link.told('$/stream/end')
    expect(progress.at(-1)).toEqual({ sentBytes: 3 })
  })

  test.each([
    ['shorter', 4],
    ['longer', 2],
  ])('of a source that is %s than told is cancelled', async (_, length) => {
    const { table, link } = setUp()
    begin(table, { stream: new Blob(['abc']).stream(), length })
    await link.told('$/stream/cancel')
    expect(link.notes).toMatchObject([{ method: '$/stream/cancel', params: { stream: 1, reason: expect.stringContaining('bytes') } }])
    expect(table.open).toBe(0)
  })

  test('that the gateway cancels stops and cancels its source', async () => {
    const { table, link } = setUp()
    const { stream, cancelled } = endless()
    begin(table, stream)
    table.cancelled({ stream: 1, error: rpcError('stream_failed') })
    expect(await cancelled).toBe('not wanted')
    expect([table.open, link.frames, link.notes]).toEqual([0, [], []])
    table.credit({ stream: 1, offset: streamCreditBytes * 2, acknowledged: 0 })
  })

  test('of a call that is over is cancelled at the gateway and at its source', async () => {
    const { table, link } = setUp()
    const { stream, cancelled } = endless()
    const { uploads } = call(table)
    uploads.write(stream)
    uploads.onSent()
    uploads.cancel('not wanted')
    expect(await cancelled).toBe('not wanted')
    expect(link.notes).toEqual([{ method: '$/stream/cancel', params: { stream: 1, reason: 'not wanted' } }])
    expect(table.open).toBe(0)
  })

  test('that has not begun outlives a lost session, one that has begun does not', () => {
    const { table } = setUp()
    begin(table, pattern(streamCreditBytes * 2))
    const { uploads } = call(table)
    uploads.write(bytesOf(1))
    expect(table.open).toBe(1)
    table.lost(new GatewayError('connection_lost', 'gone'))
    expect(table.open).toBe(0)
    uploads.onSent()
    expect(table.open).toBe(1)
    uploads.cancel('over')
    expect(table.open).toBe(0)
  })
})

interface Note {
  readonly method: string
  readonly params: object
}

/** Keeps what was sent; `sent` and `told` resolve when it was. */
class FakeLink implements StreamLink {
  open = true
  bufferedAmount = 0
  readonly frames: Uint8Array[] = []
  readonly notes: Note[] = []
  #waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = []

  socket(): this | undefined {
    return this.open ? this : undefined
  }

  send(frame: Uint8Array): void {
    // As a socket does, so that what it was given may be filled again.
    this.frames.push(frame.slice())
    this.#look()
  }

  notify(method: string, params: object): void {
    this.notes.push({ method, params })
    this.#look()
  }

  sent(bytes: number): Promise<void> {
    return this.#until(() => this.frames.reduce((sum, each) => sum + each.byteLength - frameHeaderBytes, 0) >= bytes)
  }

  told(method: string): Promise<void> {
    return this.#until(() => this.notes.some(note => note.method === method))
  }

  /** The content that went up, put where its frames say. */
  content(stream: number): Uint8Array {
    const parts = this.frames.map(each => ({ header: readFrameHeader(each), content: each.subarray(frameHeaderBytes) }))
    const all = new Uint8Array(parts.reduce((sum, { content }) => sum + content.byteLength, 0))
    let next = 0
    for (const { header, content } of parts) {
      expect(header).toMatchObject({ stream, offset: next })
      all.set(content, next)
      next += content.byteLength
    }
    return all
  }

  #until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve()
    return new Promise(resolve => this.#waiting.push({ holds, resolve }))
  }

  #look(): void {
    for (const { resolve } of this.#waiting.filter(each => each.holds())) resolve()
    this.#waiting = this.#waiting.filter(each => !each.holds())
  }
}

function setUp(): { table: StreamTable; link: FakeLink; notes: Note[] } {
  const link = new FakeLink()
  return { table: new StreamTable(link), link, notes: link.notes }
}

function call(table: StreamTable): { uploads: CallStreams; progress: UploadProgress[] } {
  const progress: UploadProgress[] = []
  return { uploads: table.ofCall(each => progress.push(each)), progress }
}

/** The download of a handle that comes with an answer. */
function downloadOf(table: StreamTable, handle: StreamHandle): Download {
  return table.announced([handle]).get(handle.$stream) as Download
}

function begin(table: StreamTable, source: unknown): void {
  const { uploads } = call(table)
  uploads.write(source)
  uploads.onSent()
}

/** Lets a source be read. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

/** A source that gives nothing, and what it was cancelled with. */
function endless(): { stream: ReadableStream<Uint8Array>; cancelled: Promise<unknown> } {
  let stream = new ReadableStream<Uint8Array>()
  const cancelled = new Promise<unknown>(resolve => {
    stream = new ReadableStream<Uint8Array>({ cancel: reason => resolve(reason) })
  })
  return { stream, cancelled }
}

/** Much faster than `toEqual` for many bytes. */
function isSame(left: Uint8Array | undefined, right: Uint8Array): boolean {
  return left !== undefined && Buffer.from(left).equals(right)
}

function whole(text: string): Download {
  const { table } = setUp()
  const content = new TextEncoder().encode(text)
  const download = downloadOf(table, { $stream: 2, length: content.byteLength })
  table.receive(frame(2, 0, content))
  table.ended({ stream: 2, length: content.byteLength })
  return download
}

function frame(stream: number, offset: number, content: Uint8Array, isHeldUp = false): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(frameHeaderBytes + content.byteLength)
  writeFrameHeader(all, stream, offset, isHeldUp)
  all.set(content, frameHeaderBytes)
  return all
}

/** Of a window that has not grown. */
function credit(stream: number, acknowledged: number): Note {
  return { method: '$/stream/credit', params: { stream, offset: acknowledged + streamCreditBytes, acknowledged } }
}

/** What a credit grants beyond what it acknowledges. */
function windowOf(note: Note | undefined): number {
  const credit = note?.params as StreamCredit | undefined
  return credit ? credit.offset - credit.acknowledged : Number.NaN
}

function rpcError(kind: ErrorKind): RpcError {
  const data = { kind, delivery: 'executed', retryable: false, traceId: '0'.repeat(32), advice: 'none' } as const
  return { code: -32_000, message: `${kind} happened`, data }
}

function expectKind(promise: Promise<unknown>, kind: ErrorKind): Promise<void> {
  return expect(promise).rejects.toSatisfy(error => error instanceof GatewayError && error.kind === kind)
}

function bytesOf(...bytes: number[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(bytes)
}

function pattern(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => (index * 7 + (index >> 8)) & 0xff)
}
