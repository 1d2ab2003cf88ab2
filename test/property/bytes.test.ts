import { constants, deflateRawSync } from 'node:zlib'
import { deserialize } from 'bson'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HalibutError } from '../../server/src/base/errors.ts'
import { BsonReader, BsonWriter, bsonType } from '../../server/src/codec/bson.ts'
import { LineReader, PreambleReader, parseIdentity } from '../../server/src/codec/control-message.ts'
import { guidFromBytes, guidToBytes } from '../../server/src/codec/guid.ts'
import { deflateMessage, MessageInflater } from '../../server/src/codec/raw-deflate.ts'

const limits = { maxDepth: 64, maxElements: 100_000, maxMembers: 100_000 }
const maxMessageBytes = 4 * 1024 * 1024

/** A BSON value as plain data: what is written, and what reading gives back. */
/** The outdated subtype whose content begins with a second length: read (accepts.json has it), never written. */
const oldBinary = 2

type Tree =
  | { readonly is: 'string'; readonly of: string }
  | { readonly is: 'int32' | 'double'; readonly of: number }
  | { readonly is: 'int64' | 'date'; readonly of: bigint }
  | { readonly is: 'bool'; readonly of: boolean }
  | { readonly is: 'null' }
  | { readonly is: 'binary'; readonly of: readonly number[]; readonly subtype: number }
  | { readonly is: 'document' | 'array'; readonly of: readonly (readonly [string, Tree])[] }

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const name = fc
  .oneof(fc.constantFrom('$type', 'id', '__proto__', ''), fc.string({ unit: 'grapheme', maxLength: 12 }))
  .filter(text => !text.includes('\0'))
const { root } = fc.letrec<{ value: Tree; root: Tree }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.record({ is: fc.constant('string' as const), of: fc.string({ unit: 'grapheme', maxLength: 80 }) }),
    fc.record({ is: fc.constant('int32' as const), of: fc.integer() }),
    fc.record({ is: fc.constant('double' as const), of: fc.double() }),
    fc.record({ is: fc.constantFrom('int64' as const, 'date' as const), of: int64 }),
    fc.record({ is: fc.constant('bool' as const), of: fc.boolean() }),
    fc.constant({ is: 'null' as const }),
    fc.record({
      is: fc.constant('binary' as const),
      of: fc.array(fc.nat(255), { maxLength: 40 }),
      subtype: fc.nat(255).filter(subtype => subtype !== oldBinary),
    }),
    fc.record({ is: fc.constantFrom('document' as const, 'array' as const), of: fc.array(fc.tuple(name, tie('value')), { maxLength: 6 }) }),
  ),
  root: fc.record({ is: fc.constant('document' as const), of: fc.array(fc.tuple(name, tie('value')), { maxLength: 8 }) }),
}))

function writeTree(writer: BsonWriter, key: string, tree: Tree): void {
  switch (tree.is) {
    case 'string':
      writer.string(key, tree.of)
      break
    case 'int32':
      writer.int32(key, tree.of)
      break
    case 'double':
      writer.double(key, tree.of)
      break
    case 'int64':
      writer.int64(key, tree.of)
      break
    case 'date':
      writer.date(key, tree.of)
      break
    case 'bool':
      writer.bool(key, tree.of)
      break
    case 'null':
      writer.null(key)
      break
    case 'binary':
      writer.binary(key, tree.subtype, Buffer.from(tree.of))
      break
    case 'array':
      writer.startArray(key)
      tree.of.forEach(([, item], i) => {
        writeTree(writer, String(i), item)
      })
      writer.end()
      break
    case 'document':
      writer.startDocument(key)
      for (const [inner, item] of tree.of) writeTree(writer, inner, item)
      writer.end()
      break
  }
}

function encode(tree: Tree): Buffer {
  const writer = new BsonWriter()
  writer.startRoot()
  if (tree.is === 'document') for (const [key, item] of tree.of) writeTree(writer, key, item)
  return writer.finish()
}

function readEntered(reader: BsonReader): [string, Tree][] {
  const items: [string, Tree][] = []
  while (reader.next()) items.push([reader.name, readTree(reader)])
  return items
}

function readTree(reader: BsonReader): Tree {
  switch (reader.type) {
    case bsonType.string:
      return { is: 'string', of: reader.string() }
    case bsonType.int32:
      return { is: 'int32', of: reader.int32() }
    case bsonType.double:
      return { is: 'double', of: reader.double() }
    case bsonType.int64:
      return { is: 'int64', of: reader.int64() }
    case bsonType.date:
      return { is: 'date', of: reader.dateMs() }
    case bsonType.bool:
      return { is: 'bool', of: reader.bool() }
    case bsonType.binary: {
      const { subtype, bytes } = reader.binary()
      return { is: 'binary', of: [...bytes], subtype }
    }
    case bsonType.array:
      reader.enter()
      return { is: 'array', of: readEntered(reader) }
    case bsonType.document:
      reader.enter()
      return { is: 'document', of: readEntered(reader) }
    default:
      return { is: 'null' }
  }
}

function decode(document: Uint8Array): Tree {
  const reader = new BsonReader(document, limits)
  reader.enter()
  return { is: 'document', of: readEntered(reader) }
}

/** What comes back for a tree: an array’s names are its indices. */
function expected(tree: Tree): Tree {
  if (tree.is === 'array') return { is: 'array', of: tree.of.map(([, item], i) => [String(i), expected(item)]) }
  if (tree.is === 'document') return { is: 'document', of: tree.of.map(([key, item]) => [key, expected(item)]) }
  return tree
}

/** Runs it; anything but a HalibutError is a failure of the property. */
function survives(run: () => void): void {
  try {
    run()
  } catch (why) {
    if (!(why instanceof HalibutError)) throw why
  }
}

/** All messages and lines in these chunks, in the order: message, line, message, line … */
function receive(chunks: readonly Buffer[]): (Buffer | string)[] {
  const inflater = new MessageInflater({ maxMessageBytes })
  const lines = new LineReader(100)
  const things: (Buffer | string)[] = []
  for (const chunk of chunks) {
    let bytes: Buffer | undefined = chunk.length === 0 ? undefined : chunk
    while (bytes !== undefined) {
      if (things.length % 2 === 0) {
        if (!inflater.feed(bytes)) break
        const message = inflater.take()
        things.push(message.document)
        bytes = message.surplus
      } else {
        const found = lines.feed(bytes)
        if (found === undefined) break
        things.push(found.line)
        bytes = found.rest
      }
    }
  }
  return things
}

function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const cuts = [...new Set(places.map(place => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...cuts].map((from, i) => bytes.subarray(from, cuts[i] ?? bytes.length))
}

const wire = (document: Buffer): fc.Arbitrary<Buffer> =>
  fc.oneof(
    fc.constant(deflateMessage(document)),
    fc
      .record({ level: fc.integer({ min: 0, max: 9 }), strategy: fc.constantFrom(constants.Z_DEFAULT_STRATEGY, constants.Z_FIXED) })
      .map(options => deflateRawSync(document, options)),
    fc.constant(Buffer.concat([deflateRawSync(document, { finishFlush: constants.Z_SYNC_FLUSH }), Buffer.from([3, 0])])),
  )

describe('BSON', () => {
  test('what was written comes back', () => {
    fc.assert(
      fc.property(root, tree => {
        expect(decode(encode(tree))).toEqual(expected(tree))
      }),
    )
  })

  test('the bson package reads what was written', () => {
    fc.assert(
      fc.property(root, tree => {
        deserialize(encode(tree), { useBigInt64: true, promoteValues: true, validation: { utf8: false } })
      }),
    )
  })

  test('noise, and a document with some bytes changed or cut off, is read or refused', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), bytes => survives(() => decode(bytes))))
    fc.assert(
      fc.property(root, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), fc.nat(), (tree, changes, cut) => {
        const document = encode(tree)
        for (const [at, byte] of changes) document[at % document.length] = byte
        survives(() => decode(document))
        survives(() => decode(document.subarray(0, cut % document.length)))
        survives(() => {
          const reader = new BsonReader(document, limits)
          reader.enter()
          while (reader.next());
        })
      }),
      { numRuns: 500 },
    )
  })

  test('reading and passing over agree about what is well formed', () => {
    const accepts = (run: () => void): boolean => {
      try {
        run()
        return true
      } catch {
        return false
      }
    }
    fc.assert(
      fc.property(root, fc.nat(), fc.nat(255), (tree, at, byte) => {
        const document = encode(tree)
        document[at % document.length] = byte
        const skips = accepts(() => {
          const reader = new BsonReader(document, limits)
          reader.enter()
          while (reader.next());
        })
        if (accepts(() => decode(document))) expect(skips).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})

describe('the wire', () => {
  test('M04 M05 any cut of the bytes gives the same messages and control lines', () => {
    const conversation = fc.array(
      root.chain(tree => fc.tuple(fc.constant(tree), wire(encode(tree)), fc.constantFrom('NEXT', 'PROCEED', ''))),
      {
        minLength: 1,
        maxLength: 4,
      },
    )
    fc.assert(
      fc.property(conversation, fc.array(fc.nat(), { maxLength: 12 }), (messages, places) => {
        const bytes = Buffer.concat(messages.flatMap(([, message, line]) => [message, Buffer.from(`${line}\r\n`)]))
        const things = receive(cutAt(bytes, places))
        expect(things.map(thing => (typeof thing === 'string' ? thing : thing.toString('hex')))).toEqual(
          messages.flatMap(([tree, , line]) => [encode(tree).toString('hex'), line]),
        )
      }),
      { numRuns: 300 },
    )
  })

  test('M24 large messages survive any cut, with what follows them', () => {
    const size = fc.oneof(fc.integer({ min: 65_520, max: 65_560 }), fc.integer({ min: 65_536, max: 300_000 }))
    fc.assert(
      fc.property(size, fc.boolean(), fc.nat(255), fc.array(fc.nat(), { maxLength: 8 }), (length, text, seed, places) => {
        const document = Buffer.alloc(length)
        for (let i = 0, x = seed; i < length; i++) {
          x = (Math.imul(x, 1_103_515_245) + 12_345) & 0x7fff_ffff
          document[i] = text ? 97 + (x >> 28) : x >> 16
        }
        document.writeInt32LE(length, 0)
        document[length - 1] = 0
        const bytes = Buffer.concat([deflateMessage(document), Buffer.from('NEXT\r\n')])
        const things = receive(cutAt(bytes, places))
        expect(Buffer.isBuffer(things[0]) && things[0].equals(document)).toBe(true)
        expect(things[1]).toBe('NEXT')
      }),
      { numRuns: 60 },
    )
  })

  test('M09 noise gives messages, waiting, or a HalibutError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.array(fc.nat(), { maxLength: 4 }), (noise, places) =>
        survives(() => void receive(cutAt(Buffer.from(noise), places))),
      ),
      { numRuns: 1000 },
    )
  })

  test('a message with bytes changed never yields more than the limit, nor another kind of error', () => {
    fc.assert(
      fc.property(root, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }), (tree, changes) => {
        const bytes = Buffer.from(deflateRawSync(encode(tree)))
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte
        survives(() => {
          for (const thing of receive([bytes])) if (typeof thing !== 'string') decode(thing)
        })
      }),
      { numRuns: 500 },
    )
  })

  test('C04 any bytes are lines or a HalibutError, and never more than the limit is kept', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.nat(), { maxLength: 6 }), (noise, places) => {
        survives(() => {
          const lines = new LineReader(64)
          for (const chunk of cutAt(Buffer.from(noise), places)) {
            for (let rest: Buffer | undefined = chunk; rest !== undefined; ) {
              const found: ReturnType<LineReader['feed']> = lines.feed(rest)
              if (found) expect(found.line.length).toBeLessThanOrEqual(64)
              if (found) survives(() => void parseIdentity(found.line))
              rest = found?.rest
            }
          }
        })
        const preamble = new PreambleReader(64)
        for (const chunk of cutAt(Buffer.from(noise), places)) expect(preamble.feed(chunk)?.head.length ?? 0).toBeLessThanOrEqual(2)
      }),
    )
  })

  test('a GUID comes back from its bytes', () => {
    fc.assert(
      fc.property(fc.uuid(), guid => {
        expect(guidFromBytes(guidToBytes(guid))).toBe(guid)
      }),
    )
  })
})
