import { createReadStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, expect, test } from 'vitest'
import type { ByteSink } from '../../../../server/src/codec/byte-source.ts'
import { DataStream } from '../../../../server/src/codec/data-stream.ts'
import { pattern, turn } from '../../../support/stream-sections.ts'

/** A stream of `count` pieces that tells what becomes of its producer. */
function counted(count: number, failsAt?: number) {
  const seen = { yielded: 0, closed: false }
  const stream = DataStream.from(async function* () {
    try {
      for (let i = 0; i < count; i++) {
        if (i === failsAt) throw new Error('the disk is gone')
        seen.yielded++
        yield Uint8Array.of(i)
      }
    } finally {
      seen.closed = true
    }
  }, count)
  return { stream, seen }
}

/** Each way to read piece by piece, as an async iterator. */
const ways: Readonly<Record<string, (stream: DataStream) => AsyncIterable<Uint8Array>>> = {
  'for await': stream => stream,
  'stream()': stream => stream.stream(),
  'readable()': stream => stream.readable(),
}

describe.each(Object.entries(ways))('%s', (name, open) => {
  test('gives the content in order, and nothing for what is empty', async () => {
    const pieces: number[] = []
    for await (const chunk of open(DataStream.from(() => [Buffer.of(1, 2), Buffer.alloc(0), Buffer.of(3)], 3))) pieces.push(...chunk)
    expect(pieces).toEqual([1, 2, 3])
    for await (const chunk of open(DataStream.from(''))) expect(chunk).toBe('nothing')
  })

  test('a reader that leaves early closes the producer', async () => {
    const { stream, seen } = counted(1_000_000)
    for await (const chunk of open(stream)) if (chunk[0] === 2) break
    await turn()
    expect(seen.closed).toBe(true)
    // A stream of Node reads some chunks ahead, until it has its high water mark.
    expect(seen.yielded).toBeLessThan(name === 'readable()' ? 100_000 : 4)
  })

  test('an error half-way comes after what was there before it, as it was thrown', async () => {
    const { stream, seen } = counted(10, 3)
    const got: number[] = []
    const reading = (async () => {
      for await (const chunk of open(stream)) got.push(...chunk)
    })()
    await expect(reading).rejects.toThrow('the disk is gone')
    // A stream of Node drops what it had read ahead.
    if (name !== 'readable()') expect(got).toEqual([0, 1, 2])
    expect(seen.closed).toBe(true)
  })

  test('is for one reader: the second gets stream_consumed, whichever way each reads', async () => {
    const consumed = { kind: 'stream_consumed', code: 'HAL_ERR_STREAM_CONSUMED' }
    const stream = DataStream.from('abc')
    const iterator = open(stream)[Symbol.asyncIterator]()
    await iterator.next()
    expect(stream.consumed).toBe(true)
    expect(() => stream.stream()).toThrow(expect.objectContaining(consumed))
    expect(() => stream.readable()).toThrow(expect.objectContaining(consumed))
    await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject(consumed)
    await expect(stream.text()).rejects.toMatchObject(consumed)
    await expect(stream.pump(() => undefined)).rejects.toMatchObject(consumed)
    await iterator.return?.()
  })

  test('chunks that do not stay as they are are the reader’s own', async () => {
    const shared = Buffer.alloc(2)
    const stream = new DataStream(6, {
      async pump(sink) {
        for (const text of ['ab', 'cd', 'ef']) {
          shared.write(text)
          const wait = sink(shared)
          shared.fill(0xee)
          await wait
        }
      },
    })
    const chunks: Uint8Array[] = []
    for await (const chunk of open(stream)) chunks.push(chunk)
    expect(Buffer.concat(chunks).toString()).toBe('abcdef')
  })
})

test('nothing is read ahead: the producer waits until its reader comes back', async () => {
  const { stream, seen } = counted(5)
  const reader = stream.stream().getReader()
  await turn()
  expect(seen.yielded).toBe(0)
  for (const n of [1, 2, 3]) {
    await reader.read()
    await turn()
    expect(seen.yielded).toBe(n)
  }
  await reader.cancel()
  await turn()
  expect(seen).toEqual({ yielded: 3, closed: true })
})

test('a stream of Node reads ahead as far as its high water mark, and no further', async () => {
  const seen = { bytes: 0 }
  const piece = 16 * 1024
  const stream = DataStream.from(function* () {
    for (let i = 0; i < 1_000; i++) {
      seen.bytes += piece
      yield new Uint8Array(piece)
    }
  }, 1_000 * piece)
  const readable = stream.readable()
  readable.once('readable', () => undefined)
  for (let i = 0; i < 50; i++) await turn()
  expect(seen.bytes).toBeGreaterThan(0)
  expect(seen.bytes).toBeLessThanOrEqual(readable.readableHighWaterMark + piece)
  readable.destroy()
})

test('a reader that is cancelled while it waits is answered, and the source hears that nobody wants the rest', async () => {
  for (const cancel of ['stream', 'readable'] as const) {
    let sink: ByteSink | undefined
    let discards = 0
    const stream = new DataStream(10, {
      pump: given => {
        sink = given
        return new Promise(() => undefined)
      },
      discard: () => void discards++,
    })
    if (cancel === 'stream') {
      const reader = stream.stream().getReader()
      const reading = reader.read()
      await turn()
      await reader.cancel()
      expect(await reading).toEqual({ done: true, value: undefined })
    } else {
      const readable = stream.readable()
      readable.resume()
      await turn()
      const closed = new Promise(resolve => readable.once('close', resolve))
      readable.destroy()
      await closed
    }
    expect(discards).toBe(1)
    expect(() => sink?.(Uint8Array.of(1))).toThrow(expect.objectContaining({ kind: 'cancelled' }))
  }
})

test('one that was opened and never read is given up without having been begun', async () => {
  let begun = false
  let discards = 0
  const source = {
    pump: async () => {
      begun = true
    },
    discard: () => void discards++,
  }
  await new DataStream(1, source).stream().cancel()
  new DataStream(1, source).readable().destroy()
  await turn()
  expect([begun, discards]).toEqual([false, 2])
})

test('a stream of Node goes through a pipeline whole', async () => {
  const content = pattern(3, 1_000_000)
  const pieces: Buffer[] = []
  const stream = DataStream.from(() => [content.subarray(0, 400_000), content.subarray(400_000)], content.length)
  await pipeline(stream.readable(), async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) pieces.push(chunk)
    yield ''
  })
  expect(Buffer.concat(pieces).equals(content)).toBe(true)
})

describe('what has a content', () => {
  test('text, bytes, buffers and blobs tell their length themselves', async () => {
    for (const content of ['£1', Buffer.from('£1'), new TextEncoder().encode('£1').buffer, new Blob(['£', '1'])]) {
      const stream = DataStream.from(content)
      expect(stream.length).toBe(3)
      expect(await stream.text()).toBe('£1')
    }
  })

  test('streams of Node and of the web, iterables and functions come with a length', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'data-stream-'))
    try {
      await writeFile(join(folder, 'file'), 'abcd')
      const pieces = [Buffer.from('ab'), Buffer.from('cd')]
      const contents = [
        createReadStream(join(folder, 'file')),
        Readable.from(pieces),
        new Blob(pieces).stream(),
        pieces,
        new Set(pieces),
        () => pieces,
        () => createReadStream(join(folder, 'file')),
      ]
      for (const content of contents) expect(await DataStream.from(content, 4).text()).toBe('abcd')
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('a stream that is not wanted, or that its reader leaves while it waits, is ended', async () => {
    const silent = () => new Readable({ read: () => undefined })
    const unread = silent()
    DataStream.from(unread, 1).discard()
    expect(unread.destroyed).toBe(true)
    const left = silent()
    const reading = DataStream.from(left, 1).readable()
    reading.resume()
    await turn()
    reading.destroy()
    await turn()
    expect(left.destroyed).toBe(true)
    let cancels = 0
    DataStream.from(new ReadableStream<Uint8Array>({ cancel: () => void cancels++ }), 1).discard()
    expect(cancels).toBe(1)
    const fails = (): never => {
      throw new Error('it cannot be ended')
    }
    for (const end of [{ cancel: () => void cancels++ }, { destroy: fails }, { cancel: () => Promise.reject(new Error('nor so')) }]) {
      DataStream.from(Object.assign([Buffer.of(1)], end), 1).discard()
    }
    expect(cancels).toBe(2)
  })

  test('what is none is told, and so is a piece that is no bytes', async () => {
    const refused = expect.objectContaining({
      kind: 'invalid_argument',
      message: expect.stringContaining('the content of a data stream: '),
    })
    for (const content of [undefined, null, 5, {}, [Buffer.of(1)]]) expect(() => DataStream.from(content as never)).toThrow(refused)
    for (const content of [undefined, null, 5, {}, 'text']) expect(() => DataStream.from(content as never, 4)).toThrow(refused)
    expect(() => DataStream.from([], '4' as never)).toThrow(/length must be a whole number/)
    await expect(DataStream.from(Readable.from(['ab']), 2).bytes()).rejects.toEqual(refused)
    await expect(DataStream.from((() => 5) as never, 2).bytes()).rejects.toEqual(refused)
    await expect(DataStream.fromFile('/nowhere/at/all')).rejects.toMatchObject({
      kind: 'invalid_argument',
      message: 'the file of a data stream, /nowhere/at/all: there is no such file or folder',
    })
    await expect(DataStream.fromFile(tmpdir())).rejects.toMatchObject({ kind: 'invalid_argument' })
    await expect(DataStream.from('x').saveTo(undefined as never)).rejects.toMatchObject({ kind: 'invalid_argument' })
  })
})

test('what is longer than asked for is told before anything is read', async () => {
  const { stream, seen } = counted(10)
  await expect(stream.bytes(5)).rejects.toMatchObject({
    kind: 'message_too_large',
    message: 'the data stream has 10 bytes, maxBytes is 5',
    advice: 'read it in pieces, or raise maxBytes',
  })
  expect([seen.yielded, stream.consumed]).toEqual([0, true])
})
