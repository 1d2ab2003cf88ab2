import { describe, expect, test } from 'vitest'
import {
  END,
  formatIdentity,
  LineReader,
  NEXT,
  PROCEED,
  type Preamble,
  PreambleReader,
  parseIdentity,
} from '../../../../server/src/codec/control-message.ts'

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')

describe('LineReader', () => {
  test('a control line is a word with CR LF', () => {
    expect([NEXT, PROCEED, END].map(String)).toEqual(['NEXT\r\n', 'PROCEED\r\n', 'END\r\n'])
  })

  test('what follows a line is given back', () => {
    const found = new LineReader(100).feed(bytes('NEXT\r\nPROCEED\r\n'))
    expect([found?.line, found?.rest?.toString()]).toEqual(['NEXT', 'PROCEED\r\n'])
    expect(new LineReader(100).feed(NEXT)?.rest).toBeUndefined()
  })

  test('a line arrives in any two parts', () => {
    for (let cut = 0; cut < PROCEED.length; cut++) {
      const lines = new LineReader(100)
      expect(lines.feed(PROCEED.subarray(0, cut))).toBeUndefined()
      expect(lines.feed(Buffer.concat([PROCEED.subarray(cut), bytes('x')]))).toEqual({ line: 'PROCEED', rest: bytes('x') })
      expect(lines.feed(NEXT)?.line).toBe('NEXT')
    }
  })

  test('C02 empty lines are lines', () => {
    const lines = new LineReader(100)
    expect(lines.feed(bytes('\r\n\r\nPROCEED\r\n'))).toEqual({ line: '', rest: bytes('\r\nPROCEED\r\n') })
  })

  test('C03 a lone LF does not end a line', () => {
    const lines = new LineReader(100)
    expect(lines.feed(bytes('PROCEED\n'))).toBeUndefined()
    expect(lines.feed(bytes('\r\n'))?.line).toBe('PROCEED\n')
  })

  test("C04 a CR that LF does not follow is the reference's error", () => {
    expect(() => new LineReader(100).feed(bytes('PROCEED\rX'))).toThrow("Unexpected byte after '\r' in control message: 0x58")
    const lines = new LineReader(100)
    lines.feed(bytes('PROCEED\r'))
    expect(() => lines.feed(bytes('\r'))).toThrow("Unexpected byte after '\r' in control message: 0xD")
  })

  test('a line that grows past its limit is an error before it ends, and nothing of it is kept', () => {
    const lines = new LineReader(8)
    expect(lines.feed(bytes('12345678\r\n'))?.line).toBe('12345678')
    expect(() => lines.feed(bytes('123456789'))).toThrow('longer than 8 bytes')
    expect(() => lines.feed(bytes('123456789\r'))).toThrow('longer than 8 bytes')
    expect(() => lines.feed(bytes('123456789\r\n'))).toThrow('longer than 8 bytes')
    expect(lines.feed(bytes('1234'))).toBeUndefined()
    expect(() => lines.feed(bytes('56789'))).toThrow('longer than 8 bytes')
    expect(lines.feed(NEXT)?.line).toBe('NEXT')
  })
})

describe('PreambleReader', () => {
  const read = (text: string, max = 20_000): Preamble | undefined => new PreambleReader(max).feed(bytes(text))

  test.each(['MX\n\nrest', 'MX\r\n\r\nrest', 'MX\r\n\nrest', 'MX\n\r\r\nrest', 'M\rX\n\nrest'])('%j ends at its empty line', text => {
    expect(read(text)).toEqual({ head: 'MX', rest: bytes('rest') })
  })

  test('lines before the empty one belong to it, and an empty first line is not the end', () => {
    expect(read('MX\nfoo\n\n')).toEqual({ head: 'MX', rest: undefined })
    expect(read('\nMX')).toBeUndefined()
    expect(read('\n\nMX')).toEqual({ head: '\n\n', rest: bytes('MX') })
  })

  test('it ends at its limit without touching what follows', () => {
    expect(read('MXyyyyyyyy', 5)).toEqual({ head: 'MX', rest: bytes('yyyyy') })
  })

  test('it arrives byte by byte, and the end of input shows what there was', () => {
    const reader = new PreambleReader(100)
    for (const byte of bytes('MX\r\n\r')) expect(reader.feed(Buffer.from([byte]))).toBeUndefined()
    expect(reader.feed(bytes('\n'))).toEqual({ head: 'MX', rest: undefined })
    expect(new PreambleReader(100).finish()).toEqual({ head: '', rest: undefined })
    const short = new PreambleReader(100)
    short.feed(bytes('G'))
    expect(short.finish()).toEqual({ head: 'G', rest: undefined })
  })

  test('an endless one costs nothing, however many there are', () => {
    const endless = bytes('x'.repeat(19_990))
    const before = process.memoryUsage().heapUsed
    const readers = Array.from({ length: 200 }, () => new PreambleReader(20_000))
    for (const reader of readers) expect(reader.feed(endless)).toBeUndefined()
    // What each byte left behind would be 600 KB a reader.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(20_000_000)
    expect(readers).toHaveLength(200)
  })
})

describe('identities', () => {
  test('a block is one line and an empty one', () => {
    expect(formatIdentity({ type: 'client' }).toString()).toBe('MX-CLIENT 1.0\r\n\r\n')
    expect(formatIdentity({ type: 'server' }).toString()).toBe('MX-SERVER 1.0\r\n\r\n')
    expect(formatIdentity({ type: 'subscriber', subscription: 'poll://a/' }).toString()).toBe('MX-SUBSCRIBER 1.0 poll://a/\r\n\r\n')
    for (const subscription of ['', 'poll://a b/', 'poll://a/\r\nNEXT']) {
      expect(() => formatIdentity({ type: 'subscriber', subscription })).toThrow('contains spaces or control characters')
    }
  })

  test.each([
    ['MX-CLIENT 1.0', { type: 'client' }],
    ['MX-CLIENT', { type: 'client' }],
    ['  MX-CLIENT   9.9 more words', { type: 'client' }],
    ['MX-SERVER 1.0', { type: 'server' }],
    ['MX-SUBSCRIBER 1.0 poll://SQ-TENTAPOLL', { type: 'subscriber', subscription: 'poll://SQ-TENTAPOLL' }],
    ['MX-SUBSCRIBER  1.0  poll://a/ x', { type: 'subscriber', subscription: 'poll://a/' }],
  ])('%j is understood', (line, identity) => {
    expect(parseIdentity(line)).toEqual(identity)
  })

  test.each([
    ['', 'Unable to receive the remote identity; the identity line was empty.'],
    ['mx-client 1.0', "Unable to process remote identity; unknown identity type: 'mx-client'"],
    ['MX-OTHER 1.0', "Unable to process remote identity; unknown identity type: 'MX-OTHER'"],
    ['   ', "Unable to process remote identity; unknown identity type: ''"],
    [
      'MX-SUBSCRIBER 1.0',
      'Unable to receive the remote identity; the client identified as a subscriber, but did not supply a subscription ID.',
    ],
    ['MX-SUBSCRIBER 1.0 relative', 'Invalid URI: The format of the URI could not be determined.'],
  ])('%j is refused', (line, message) => {
    expect(() => parseIdentity(line)).toThrow(message)
  })
})
