import { expect, test } from 'vitest'
import { ShortSection } from '../../../../server/src/exchange/short-section.ts'

const length = 1_000
const trailer = Buffer.alloc(8)
trailer.writeBigInt64LE(BigInt(length))

/** What is noticed after these bytes, in pieces of `size`. */
function noticed(bytes: Uint8Array, size: number): number | undefined {
  const section = new ShortSection(length)
  for (let at = 0; at < bytes.length; at += size) section.take(bytes.subarray(at, at + size))
  return section.endedAfter
}

test.each([1, 3, 8, 14, 15, 2_000])(
  'a trailer that comes too early is noticed, with and without the line after it, in pieces of %i',
  size => {
    for (const content of [0, 1, 500, 986, 992, 997, 999]) {
      for (const line of ['', 'N', 'NEXT\r', 'NEXT\r\n']) {
        const bytes = Buffer.concat([Buffer.alloc(content, 7), trailer, Buffer.from(line)]).subarray(0, length + 8)
        const isWhole = bytes.length === content + 8 + line.length
        if (isWhole) expect([content, line, noticed(bytes, size)]).toEqual([content, line, content])
      }
    }
  },
)

test('a trailer in its place, or content that holds something like it, is none', () => {
  expect(noticed(Buffer.concat([Buffer.alloc(length, 7), trailer]), 100)).toBeUndefined()
  expect(noticed(Buffer.concat([Buffer.alloc(5), trailer, Buffer.from('x')]), 100)).toBeUndefined()
  expect(noticed(Buffer.concat([Buffer.alloc(5), trailer, Buffer.from('NEXT\r\nx')]), 100)).toBeUndefined()
  expect(noticed(Buffer.alloc(7), 100)).toBeUndefined()
  expect(new ShortSection(0).endedAfter).toBeUndefined()
})
