import { constants, deflateRawSync } from 'node:zlib'
import type { ErrorKind } from '@halibut-gateway/schemas/wire'

/** What a hostile peer says, made by hand: none of it comes from the code under test. */
export interface Attack {
  readonly name: string
  /** In place of the opening, or after it and perhaps after one ordinary exchange. */
  readonly after: 'nothing' | 'opening' | 'exchange'
  readonly pieces: readonly Uint8Array[]
  /** Whether our side ends when all has been said; else the other side must end. */
  readonly ends: boolean
  /** At least one of these is logged. Default: whatever a hostile peer may cause, or nothing. */
  readonly kinds?: readonly ErrorKind[]
}

/** Which message a peer of that role sends. */
export type MessageKind = 'request' | 'response'

const text = (value: string): Buffer => Buffer.from(value, 'latin1')
const nul = Buffer.of(0)

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(value)
  return bytes
}

function element(type: number, name: string, value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(type), text(name), nul, value])
}

function bson(...elements: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(elements)
  return Buffer.concat([int32(body.length + 5), body, nul])
}

function stringElement(name: string, value: string): Buffer {
  return element(0x02, name, Buffer.concat([int32(value.length + 1), text(value), nul]))
}

/** A message around one hostile value: the first parameter of `method`, or the result. */
function document(kind: MessageKind, slot: (name: string) => Buffer, method = 'SayHello'): Buffer {
  const members =
    kind === 'request'
      ? [
          stringElement('$type', 'Halibut.Transport.Protocol.RequestMessage, Halibut'),
          stringElement('id', 'r1'),
          stringElement('service', 'IEchoService'),
          stringElement('method', method),
          element(0x04, 'params', bson(slot('0'))),
        ]
      : [
          stringElement('$type', 'Halibut.Transport.Protocol.ResponseMessage, Halibut'),
          stringElement('id', 'r1'),
          element(0x0a, 'error', Buffer.alloc(0)),
          slot('result'),
        ]
  return bson(element(0x03, 'Message', bson(...members)))
}

function nested(depth: number): Buffer {
  const heads: Buffer[] = []
  for (let level = depth; level > 0; level--) heads.push(int32(5 + 8 * level), Buffer.of(0x04, 0x30, 0))
  return Buffer.concat([...heads, bson(), Buffer.alloc(depth)])
}

const streamId = Buffer.from('33221100554477668899aabbccddeeff', 'hex')

function streamDocument(length: bigint, id = streamId): Buffer {
  return bson(
    stringElement('$type', 'Halibut.DataStream, Halibut'),
    element(0x05, 'id', Buffer.concat([int32(16), Buffer.of(4), id])),
    element(0x12, 'length', int64(length)),
  )
}

function manyStreams(count: number): Buffer {
  const each = new Array<Buffer>(count).fill(element(0x03, '', streamDocument(1n)))
  return bson(
    stringElement('$type', 'System.Collections.Generic.List`1[[Halibut.DataStream, Halibut]], mscorlib'),
    element(0x04, '$values', bson(...each)),
  )
}

let mebibytesOfZeros: Buffer | undefined

/** A DEFLATE stream of `head` and 300 MiB of zeros, in about 300 KB; without an end. */
function bomb(head: Uint8Array): Uint8Array[] {
  mebibytesOfZeros ??= Buffer.concat(
    new Array<Buffer>(300).fill(deflateRawSync(Buffer.alloc(1024 * 1024), { level: 9, finishFlush: constants.Z_FULL_FLUSH })),
  )
  return [Buffer.concat([deflateRawSync(head, { finishFlush: constants.Z_FULL_FLUSH }), mebibytesOfZeros])]
}

/** A long element and the length of a document around 300 MiB of it. */
const bombHead = Buffer.concat([int32(300 * 1024 * 1024), Buffer.of(0x05), text('z\0'), int32(300 * 1024 * 1024 - 20), nul])

const broken: readonly ErrorKind[] = ['protocol_error', 'serialization_failed']
const tooMuch: readonly ErrorKind[] = ['message_too_large', 'protocol_error']
const gone: readonly ErrorKind[] = ['connection_lost', 'identify_failed', 'stream_failed']
const late: readonly ErrorKind[] = ['io_timeout', 'identify_failed']

const crafted = new Map<MessageKind, readonly Attack[]>()

/** Every form of attack that needs no luck, for a peer that sends such messages. Made once. */
export function craftedAttacks(kind: MessageKind): readonly Attack[] {
  const made = crafted.get(kind) ?? craftAttacks(kind)
  crafted.set(kind, made)
  return made
}

function craftAttacks(kind: MessageKind): readonly Attack[] {
  const streamMethod = 'CountBytes'
  const message = (slot: (name: string) => Buffer, method?: string): Buffer => deflateRawSync(document(kind, slot, method))
  const opened = (name: string, pieces: readonly Uint8Array[], kinds?: readonly ErrorKind[], ends = false): Attack => ({
    name,
    after: 'opening',
    pieces,
    ends,
    ...(kinds && { kinds }),
  })
  const value = (name: string, type: number, bytes: Uint8Array, kinds: readonly ErrorKind[] = broken): Attack =>
    opened(
      name,
      [message(slot => element(type, slot, bytes))],
      // Whether a malformed value in a slot that nobody looks at is noticed is the reader’s affair; the end is then ours.
      kinds,
      true,
    )
  const stream = (name: string, declared: bigint, sent: Uint8Array, kinds: readonly ErrorKind[], ends: boolean): Attack =>
    opened(name, [message(slot => element(0x03, slot, streamDocument(5n)), streamMethod), streamId, int64(declared), sent], kinds, ends)
  const whole = message(slot => stringElement(slot, 'Paul'.repeat(50)))
  return [
    opened('300 MiB of zeros', bomb(Buffer.alloc(1)), tooMuch),
    opened('300 MiB of zeros in a document that says so', bomb(bombHead), tooMuch),
    opened('300 MiB of zeros in a document that says 40 bytes', bomb(Buffer.concat([int32(40), Buffer.alloc(36)])), tooMuch),
    opened('300 MiB of zeros after an ordinary document', bomb(document(kind, slot => stringElement(slot, 'Paul'))), undefined, true),
    opened('a document that says 2 GiB', [deflateRawSync(int32(0x7fff_ffff))], tooMuch, true),
    opened('a document that says 60 MiB, and no more', [deflateRawSync(int32(60 * 1024 * 1024), { finishFlush: 2 })], gone, true),
    opened('a document of negative length', [deflateRawSync(int32(-5))], broken, true),
    opened('a document of no length', [deflateRawSync(Buffer.alloc(64))], broken, true),
    opened('half a document, then silence', [whole.subarray(0, whole.length >> 1)], late),
    opened('half a document, then the end', [whole.subarray(0, whole.length >> 1)], gone, true),
    opened(
      'half a document in a whole DEFLATE stream',
      [deflateRawSync(document(kind, slot => stringElement(slot, 'Paul')).subarray(0, 60))],
      broken,
      true,
    ),
    value('100 levels', 0x04, nested(100), tooMuch),
    value('100,000 levels', 0x04, nested(100_000), tooMuch),
    value('350,000 elements', 0x04, bson(Buffer.alloc(700_000, Buffer.of(0x0a, 0))), tooMuch),
    value('10,001 data streams', 0x03, manyStreams(10_001), tooMuch),
    value('an inner document that is longer than the one around it', 0x03, Buffer.concat([int32(100_000), Buffer.alloc(8)])),
    value('an inner document of negative length', 0x03, Buffer.concat([int32(-1), nul])),
    value('an inner document without its end', 0x03, Buffer.concat([int32(5), Buffer.of(7)])),
    value('a string of length 0', 0x02, Buffer.concat([int32(0), nul])),
    value('a string of negative length', 0x02, Buffer.concat([int32(-2_147_483_648), nul])),
    value('a string that is longer than the message', 0x02, Buffer.concat([int32(0x7fff_ffff), text('x\0')])),
    value('a binary of negative length', 0x05, Buffer.concat([int32(-1), nul])),
    value('a binary that is longer than the message', 0x05, Buffer.concat([int32(0x7fff_ffff), nul])),
    value('a type that does not exist', 0x7f, Buffer.alloc(4)),
    value('half a number', 0x12, Buffer.alloc(2)),
    opened(
      'keys of the prototype',
      [
        message(slot =>
          element(
            0x03,
            slot,
            bson(
              element(0x03, '__proto__', bson(element(0x08, 'polluted', Buffer.of(1)))),
              element(0x03, 'constructor', bson(element(0x03, 'prototype', bson(element(0x08, 'polluted', Buffer.of(1)))))),
            ),
          ),
        ),
      ],
      undefined,
      true,
    ),
    opened(
      'a message whose keys are of the prototype',
      [
        deflateRawSync(
          bson(
            element(0x03, '__proto__', bson(stringElement('Message', 'x'))),
            element(0x03, 'Message', bson(element(0x03, '__proto__', bson()))),
          ),
        ),
      ],
      undefined,
      true,
    ),
    stream('a data stream of 2^63-1 bytes', 2n ** 63n - 1n, Buffer.alloc(1_000), ['protocol_error'], false),
    stream('a data stream of 2^53-1 bytes, and its first ones', 2n ** 53n - 1n, Buffer.alloc(100_000), gone, true),
    stream('a data stream of -1 bytes', -1n, Buffer.alloc(8), ['stream_size_mismatch'], true),
    stream('a data stream of -2^63 bytes', -(2n ** 63n), text('hello'), ['stream_size_mismatch', ...gone], true),
    stream('a data stream whose lengths differ', 5n, Buffer.concat([text('hello'), int64(6n)]), ['stream_size_mismatch'], true),
    stream('half a data stream, then silence', 5n, text('he'), late, false),
    opened(
      'a section of a data stream that nobody announced',
      [message(slot => element(0x03, slot, streamDocument(5n)), streamMethod), Buffer.alloc(16, 9), int64(5n), text('hello'), int64(5n)],
      ['protocol_error'],
    ),
    opened('an endless line in place of a message', endless('NEXT'), broken),
    { name: 'an endless line', after: 'exchange', pieces: endless('N'), ends: false, kinds: ['protocol_error', 'identify_failed'] },
    {
      name: 'a word that is none',
      after: 'exchange',
      pieces: [text('PROCEED, NEXT\r\n')],
      ends: false,
      kinds: ['protocol_error', 'identify_failed'],
    },
    {
      name: '100,000 empty lines, then a word that is none',
      after: 'exchange',
      pieces: [text('\r\n'.repeat(100_000)), text('NOPE\r\n')],
      ends: false,
      kinds: broken,
    },
    { name: '100,000 empty lines, then the end', after: 'exchange', pieces: [text('\r\n'.repeat(100_000))], ends: true, kinds: gone },
    {
      name: 'a CR that stands alone',
      after: 'exchange',
      pieces: [text('NEXT\rNEXT\r\n')],
      ends: false,
      kinds: ['protocol_error', 'identify_failed'],
    },
    { name: 'nothing but the end', after: 'exchange', pieces: [], ends: true },
    {
      name: 'an endless identity',
      after: 'nothing',
      pieces: [text('MX\r\n\r\nMX-SERVER 1.0'), ...endless(' x')],
      ends: false,
      kinds: broken,
    },
    {
      name: '100,000 empty lines in place of an identity',
      after: 'nothing',
      pieces: [text('MX'), text('\r\n'.repeat(100_000))],
      ends: false,
      kinds: broken,
    },
    { name: 'silence', after: 'nothing', pieces: [], ends: false, kinds: late },
  ]
}

/** For a peer that dials: what comes before the identity. */
export const preambleAttacks: readonly Attack[] = [
  { name: 'an endless preamble', after: 'nothing', pieces: endless('MX'), ends: false, kinds: ['protocol_error'] },
  // A browser gets a page, and no error is logged.
  { name: 'an endless request for a page', after: 'nothing', pieces: endless('GET /'), ends: false },
  { name: 'one byte', after: 'nothing', pieces: [text('M')], ends: true, kinds: ['protocol_error', 'connection_lost'] },
  { name: 'half a preamble, then silence', after: 'nothing', pieces: [text('MX\r\n')], ends: false, kinds: ['io_timeout'] },
]

/** 8 MiB without an end of line. */
function endless(start: string): Uint8Array[] {
  return [text(start), ...new Array<Buffer>(128).fill(Buffer.alloc(64 * 1024, 'x'))]
}
