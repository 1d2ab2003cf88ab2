import { Binary, BSON, Code, Decimal128, Double, Int32, Long, MaxKey, MinKey, ObjectId, serialize, Timestamp } from 'bson'
import { describe, expect, test } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { BsonReader, BsonWriter } from '../../../../server/src/codec/bson.ts'

const limits = { maxDepth: 64, maxElements: 100_000, maxMembers: 100_000 }

function write(fill: (writer: BsonWriter) => void): Buffer {
  const writer = new BsonWriter()
  writer.startRoot()
  fill(writer)
  return writer.finish()
}

function open(document: Uint8Array, of = limits): BsonReader {
  const reader = new BsonReader(document, of)
  reader.enter()
  return reader
}

/** Everything is passed over, and so checked. */
function walk(document: Uint8Array, of = limits): number {
  const reader = open(document, of)
  let elements = 0
  while (reader.next()) elements++
  return elements
}

function errorOf(run: () => unknown): HalibutError {
  try {
    run()
  } catch (why) {
    if (why instanceof HalibutError) return why
    throw why
  }
  throw new Error('nothing was thrown')
}

describe('BsonWriter', () => {
  test('writes every type as the bson package does', () => {
    const ours = write(writer => {
      writer.string('s', 'Paul')
      writer.int32('i', -7)
      writer.int64('l', -5_000_000_000n)
      writer.int64('m', 9_007_199_254_740_991)
      writer.int64('n', -9_007_199_254_740_991)
      writer.double('d', 1.5)
      writer.bool('t', true)
      writer.bool('f', false)
      writer.null('z')
      writer.date('w', -1)
      writer.binary('b', 0, Buffer.from([1, 2, 3]))
      writer.startDocument('o')
      writer.startArray('a')
      writer.string('0', 'ä')
      writer.string('1', 'x'.repeat(100))
      writer.end()
      writer.end()
    })
    const theirs = serialize({
      s: 'Paul',
      i: new Int32(-7),
      l: -5_000_000_000n,
      m: Long.fromNumber(9_007_199_254_740_991),
      n: Long.fromNumber(-9_007_199_254_740_991),
      d: new Double(1.5),
      t: true,
      f: false,
      z: null,
      w: new Date(-1),
      b: new Binary(Buffer.from([1, 2, 3]), 0),
      o: { a: ['ä', 'x'.repeat(100)] },
    })
    expect(ours.toString('hex')).toBe(Buffer.from(theirs).toString('hex'))
  })

  test('writes the golden response of the reference', () => {
    const ours = write(writer => {
      writer.startDocument('Message')
      writer.string('$type', 'Halibut.Transport.Protocol.ResponseMessage, Halibut')
      writer.string('id', 'x')
      writer.null('error')
      writer.null('result')
      writer.end()
    })
    expect(ours.toString('hex')).toBe(
      '6b000000034d657373616765005d000000022474797065003400000048616c696275742e5472616e73706f72742e50726f746f636f6c2e526573706f6e73654d6573736167652c2048616c6962757400026964000200000078000a6572726f72000a726573756c74000000',
    )
  })

  test('M13 a GUID goes out as binary of subtype 4 in .NET byte order', () => {
    const ours = write(writer => writer.guid('g', '00112233-4455-6677-8899-aabbccddeeff'))
    expect(ours.subarray(7, -1).toString('hex')).toBe('100000000433221100554477668899aabbccddeeff')
    expect(errorOf(() => write(writer => writer.guid('g', '00112233-4455-6677-8899-aabbccddeefg'))).kind).toBe('serialization_failed')
  })

  test('NaN has its sign bit set and a lone surrogate becomes U+FFFD, as .NET writes them', () => {
    expect(
      write(writer => writer.double('d', Number.NaN))
        .subarray(7, -1)
        .toString('hex'),
    ).toBe('000000000000f8ff')
    for (const filler of ['', 'x'.repeat(50), 'x'.repeat(5000)]) {
      const reader = open(write(writer => writer.string('s', `${filler}a\ud800b`)))
      reader.next()
      expect(reader.string()).toBe(`${filler}a\ufffdb`)
    }
  })

  test('a name with NUL is refused, and the next document is not touched by it', () => {
    const writer = new BsonWriter()
    for (const name of ['a\0b', 'é\0']) {
      writer.startRoot()
      expect(errorOf(() => writer.null(name)).kind).toBe('serialization_failed')
    }
    writer.startRoot()
    writer.null('é')
    expect(writer.finish().toString('hex')).toBe(Buffer.from(serialize({ é: null })).toString('hex'))
  })

  test('numbers out of range are refused with their name', () => {
    for (const value of [2 ** 31, -(2 ** 31) - 1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(errorOf(() => write(writer => writer.int32('i', value))).message).toContain("'i'")
    }
    for (const value of [2n ** 63n, -(2n ** 63n) - 1n, 2 ** 53, 0.5]) {
      expect(errorOf(() => write(writer => writer.int64('l', value))).message).toContain("'l'")
    }
    expect(walk(write(writer => writer.int64('l', 2n ** 63n - 1n)))).toBe(1)
    expect(walk(write(writer => writer.int64('l', -(2n ** 63n))))).toBe(1)
  })

  test('what finish returned stays as it is when the writer goes on', () => {
    const writer = new BsonWriter()
    const documents = ['a', 'b'.repeat(70_000), 'c'].map(text => {
      writer.startRoot()
      writer.string('s', text)
      return writer.finish()
    })
    expect(
      documents.map(document => {
        const reader = open(document)
        reader.next()
        return reader.string().slice(0, 1)
      }),
    ).toEqual(['a', 'b', 'c'])
  })

  test('a document that is left open is an error, and so is one end too many', () => {
    expect(errorOf(() => write(writer => writer.startDocument('o'))).kind).toBe('serialization_failed')
    expect(errorOf(() => write(writer => writer.end())).kind).toBe('serialization_failed')
  })

  test('a string of 40 MB arrives whole', () => {
    const text = 'äbcdefgh'.repeat(5_000_000)
    const document = write(writer => writer.string('s', text))
    expect(document.length).toBe(45_000_000 + 13)
    const reader = open(document)
    reader.next()
    expect(reader.string() === text).toBe(true)
  })
})

describe('BsonReader', () => {
  test('an empty document has no elements, and bytes after the root are ignored', () => {
    expect(walk(Buffer.from('0500000000', 'hex'))).toBe(0)
    expect(walk(Buffer.from('0500000000ffffff', 'hex'))).toBe(0)
  })

  test('reads what the bson package writes', () => {
    const reader = open(
      serialize({ a: 1, b: 2n, c: 1.5, d: 'text', e: true, f: new Date(5), g: new Binary(Buffer.from('abc'), 5), h: null }),
    )
    const seen: unknown[] = []
    while (reader.next()) {
      seen.push(reader.name)
      if (reader.name === 'a') seen.push(reader.int32())
      if (reader.name === 'b') seen.push(reader.int64())
      if (reader.name === 'c') seen.push(reader.double())
      if (reader.name === 'd') seen.push(reader.string())
      if (reader.name === 'e') seen.push(reader.bool())
      if (reader.name === 'f') seen.push(reader.dateMs())
      if (reader.name === 'g') {
        const { subtype, bytes } = reader.binary()
        seen.push(subtype, bytes.toString())
      }
    }
    expect(seen).toEqual(['a', 1, 'b', 2n, 'c', 1.5, 'd', 'text', 'e', true, 'f', 5n, 'g', 5, 'abc', 'h'])
  })

  test('types that are never written here are passed over', () => {
    const document = serialize(
      {
        id: new ObjectId(),
        regex: /a+/i,
        code: new Code('x'),
        scoped: new Code('x', { y: 1 }),
        stamp: new Timestamp(5n),
        decimal: Decimal128.fromString('1.5'),
        min: new MinKey(),
        max: new MaxKey(),
        nothing: undefined,
        symbol: new BSON.BSONSymbol('s'),
        last: 7,
      },
      { ignoreUndefined: false },
    )
    const reader = open(document)
    let last = 0
    while (reader.next()) if (reader.name === 'last') last = reader.int32()
    expect(last).toBe(7)
  })

  test('going back to a mark reads the elements again, in documents that were left too', () => {
    const reader = open(serialize({ outer: { x: 1, y: { z: 2 } }, later: { w: 3 } }))
    reader.next()
    const mark = reader.mark()
    reader.skip()
    reader.next()
    reader.enter()
    reader.seek(mark)
    expect(reader.name).toBe('outer')
    reader.enter()
    expect([reader.next(), reader.name, reader.int32()]).toEqual([true, 'x', 1])
    expect([reader.next(), reader.name]).toEqual([true, 'y'])
    expect(reader.next()).toBe(false)
    expect([reader.next(), reader.name]).toEqual([true, 'later'])
    expect(reader.next()).toBe(false)
  })

  test('a string need not end in NUL, and invalid UTF-8 becomes U+FFFD', () => {
    const document = Buffer.from(serialize({ s: 'ab' }))
    document[document.length - 2] = 0x41
    document[document.length - 3] = 0xff
    const reader = open(document)
    reader.next()
    expect(reader.string()).toBe('a\ufffd')
  })

  test('a value that is read as another type is an error', () => {
    const reader = open(serialize({ a: 1 }))
    reader.next()
    expect(errorOf(() => reader.string()).kind).toBe('protocol_error')
  })

  test.each([
    ['a root length that is too small', '0400000000'],
    ['a root length that is negative', 'ffffffff00'],
    ['a root length beyond the bytes', '0600000000'],
    ['a root that does not end in NUL', '0500000001'],
    ['fewer bytes than a length', '0500'],
    ['no byte at all', ''],
    ['a name without end', '080000000a414100'],
    ['a type without name', '060000000a00'],
    ['a string of length 0', '0d00000002610000000000000000'],
    ['a string of negative length', '0d000000026100ffffffff000000'],
    ['a string beyond its document', '0e000000026100030000004100'.padEnd(28, '0')],
    ['a binary beyond its document', '0e00000005610003000000000000'],
    ['a binary of length 2^31-1', '0e00000005610 0ffffff7f000000'.replace(' ', '')],
    ['an int32 cut by the end', '0a000000106100000000'],
    ['an int64 cut by the end', '0d0000001261000000000000'.padEnd(26, '0')],
    ['a nested document beyond its parent', '0d000000036100060000000000'],
    ['a nested document of length 4', '0d000000036100040000000000'],
    ['a nested document that does not end in NUL', '0d000000036100050000000100'],
    ['a regex without end', '0a0000000b6100414100'],
    ['an unknown type', '0800000020610000'],
    ['a type byte of 0 before the end', '08000000000a6100'],
  ])('%s is a protocol error', (_what, hex) => {
    expect(errorOf(() => walk(Buffer.from(hex, 'hex'))).kind).toBe('protocol_error')
  })

  function nested(levels: number, name = 'a'): Buffer {
    return write(writer => {
      for (let level = 1; level < levels; level++) writer.startDocument(name)
      for (let level = 1; level < levels; level++) writer.end()
    })
  }

  test('M27 64 levels are read and 65 are not, in passed-over values too', () => {
    expect(walk(nested(64))).toBe(1)
    expect(errorOf(() => walk(nested(65))).message).toBe("The reader's MaxDepth of 64 has been exceeded.")
    expect(errorOf(() => walk(nested(100_000))).kind).toBe('protocol_error')
  })

  test('elements are counted, in passed-over values too', () => {
    const document = serialize({ a: Array.from({ length: 100 }, () => null) })
    expect(walk(document, { maxDepth: 64, maxElements: 101, maxMembers: 100_000 })).toBe(1)
    expect(errorOf(() => walk(document, { maxDepth: 64, maxElements: 100, maxMembers: 100_000 })).kind).toBe('message_too_large')
  })

  test('reading again and again ends at a multiple of the element limit', () => {
    const reader = open(serialize({ a: { b: null, c: null } }), { maxDepth: 64, maxElements: 10, maxMembers: 100_000 })
    reader.next()
    const mark = reader.mark()
    const again = () => {
      for (let i = 0; i < 100; i++) {
        reader.seek(mark)
        reader.skip()
      }
    }
    expect(errorOf(again).kind).toBe('message_too_large')
  })

  test('a short text is right although another one took its place in the table', () => {
    const names = Array.from({ length: 5000 }, (_, i) => `name${i}`)
    const document = serialize(Object.fromEntries(names.map(name => [name, name])))
    for (let round = 0; round < 2; round++) {
      const reader = open(document)
      for (const name of names) {
        reader.next()
        expect(reader.name).toBe(name)
        expect(reader.string()).toBe(name)
      }
    }
  })
})
