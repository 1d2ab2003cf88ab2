import { createHash } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { nativeDeflater, nativeInflater } from '../../server/src/codec/native-zlib.ts'
import { portableDeflater, portableInflater } from '../../server/src/codec/portable-zlib.ts'
import { flushMode, type ZlibSteps } from '../../server/src/codec/zlib-steps.ts'

const text = Buffer.from(
  Array.from({ length: 9_000 }, (_, i) =>
    createHash('md5')
      .update(String(i % 700))
      .digest('hex'),
  ).join(' '),
)
const nothing = Buffer.alloc(0)

describe.each([
  ['of Node', nativeInflater, nativeDeflater],
  ['in JavaScript', portableInflater, portableDeflater],
])('zlib in steps, %s', (_name, createInflater, createDeflater) => {
  const inflater = createInflater() as ZlibSteps
  const deflater = createDeflater() as ZlibSteps
  afterAll(() => {
    inflater.close()
    deflater.close()
  })

  /** Runs input through in parts of these sizes, with so much room at a time. */
  function through(zlib: ZlibSteps, input: Buffer, sizes: readonly number[], room: number, last: number): Buffer {
    const output = Buffer.alloc(room)
    const parts: Buffer[] = []
    for (let at = 0, turn = 0; at < input.length; turn++) {
      const end = Math.min(input.length, at + (sizes[turn % sizes.length] as number))
      for (;;) {
        expect(zlib.step(end === input.length ? last : flushMode.none, input, at, end - at, output, 0, room)).toBe('ok')
        at = end - zlib.unusedInput
        parts.push(Buffer.from(output.subarray(0, room - zlib.unusedOutput)))
        if (zlib.unusedOutput > 0) break
      }
      expect(at).toBe(end)
    }
    zlib.reset()
    return Buffer.concat(parts)
  }

  test('any cut of the input and any room give the same content', () => {
    const compressed = deflateRawSync(text)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50_000 }), { minLength: 1 }), fc.integer({ min: 20, max: 100_000 }), (sizes, room) => {
        expect(through(inflater, compressed, sizes, room, flushMode.none).equals(text)).toBe(true)
        expect(inflateRawSync(through(deflater, text, sizes, room, flushMode.finish)).equals(text)).toBe(true)
      }),
      { numRuns: 40 },
    )
  })

  test('what follows the end is left alone and counted', () => {
    const compressed = deflateRawSync(text.subarray(0, 100))
    const output = Buffer.alloc(1_000)
    expect(
      inflater.step(flushMode.none, Buffer.concat([compressed, Buffer.from('NEXT')]), 0, compressed.length + 4, output, 0, 1_000),
    ).toBe('ok')
    expect([inflater.unusedInput, inflater.unusedOutput]).toEqual([4, 900])
    // Once more, it has ended.
    expect(inflater.step(flushMode.finish, nothing, 0, 0, output, 0, 1)).toBe('ok')
    inflater.reset()
  })

  test('a part asked to be the whole is incomplete, and goes on all the same', () => {
    const compressed = deflateRawSync(text.subarray(0, 1_000))
    const output = Buffer.alloc(2_000)
    expect(inflater.step(flushMode.finish, compressed, 0, 100, output, 0, 2_000)).toBe('incomplete')
    inflater.reset()
    expect(inflater.step(flushMode.none, compressed, 0, 100, output, 0, 2_000)).toBe('ok')
    const made = 2_000 - inflater.unusedOutput
    expect(inflater.step(flushMode.finish, nothing, 0, 0, output, made, 2_000 - made)).toBe('incomplete')
    expect(inflater.step(flushMode.none, compressed, 100, compressed.length - 100, output, made, 2_000 - made)).toBe('ok')
    expect(output.subarray(0, 1_000).equals(text.subarray(0, 1_000))).toBe(true)
    inflater.reset()
  })

  test('what is no DEFLATE is corrupt, and after a reset it is as new', () => {
    const output = Buffer.alloc(1_000)
    expect(inflater.step(flushMode.none, Buffer.from([0x07, 1, 2, 3]), 0, 4, output, 0, 1_000)).toBe('corrupt')
    inflater.reset()
    expect(through(inflater, deflateRawSync(text), [1_000], 1_000, flushMode.none).equals(text)).toBe(true)
  })

  test('a sync flush writes out all that went in', () => {
    const output = Buffer.alloc(1_000)
    expect(deflater.step(flushMode.sync, text, 0, 300, output, 0, 1_000)).toBe('ok')
    const made = 1_000 - deflater.unusedOutput
    expect(output.subarray(made - 4, made).toString('hex')).toBe('0000ffff')
    deflater.reset()
    expect(inflater.step(flushMode.none, output, 0, made, Buffer.alloc(300), 0, 300)).toBe('ok')
    expect(inflater.unusedOutput).toBe(0)
    inflater.reset()
  })
})

test('where Node has changed inside, messages go through the JavaScript one', async () => {
  vi.resetModules()
  const asked = vi.fn(() => undefined)
  vi.doMock('../../server/src/codec/native-zlib.ts', () => ({ nativeInflater: asked, nativeDeflater: asked }))
  try {
    const { deflateMessage, MessageInflater } = await import('../../server/src/codec/raw-deflate.ts')
    const document = Buffer.alloc(200_000, text)
    document.writeInt32LE(document.length)
    const message = deflateMessage(document)
    expect(inflateRawSync(message).equals(document)).toBe(true)
    const inflater = new MessageInflater({ maxMessageBytes: 1_000_000 })
    expect(inflater.feed(message.subarray(0, 10_000))).toBe(false)
    expect(inflater.feed(Buffer.concat([message.subarray(10_000), Buffer.from('NEXT')]))).toBe(true)
    const { document: received, surplus } = inflater.take()
    expect(received.equals(document)).toBe(true)
    expect(surplus?.toString()).toBe('NEXT')
    expect(asked).toHaveBeenCalledTimes(1)
  } finally {
    vi.doUnmock('../../server/src/codec/native-zlib.ts')
    vi.resetModules()
  }
})
