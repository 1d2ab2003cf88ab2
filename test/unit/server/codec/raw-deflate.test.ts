import { randomBytes } from 'node:crypto'
import { constants, deflateRawSync, deflateSync, gzipSync, inflateRawSync } from 'node:zlib'
import { serialize } from 'bson'
import { describe, expect, test } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { deflateInParts, deflateMessage, MessageInflater } from '../../../../server/src/codec/raw-deflate.ts'

const maxMessageBytes = 64 * 1024 * 1024
const next = Buffer.from('NEXT\r\n')

/** A document whose string has this many characters; they compress about as well as text does. */
function documentOf(characters: number): Buffer {
  let text = ''
  for (let i = 0; text.length < characters; i++) text += `line ${(i * 7919) % 1013} of the log; `
  return Buffer.from(serialize({ s: text.slice(0, characters) }))
}

function incompressible(bytes: number): Buffer {
  return Buffer.from(serialize({ b: randomBytes(bytes) }))
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

interface Received {
  documents: Buffer[]
  rest: Buffer
}

/** Feeds chunks to an inflater as a connection does: what a message leaves over is the beginning of the next thing. */
function receive(chunks: readonly Buffer[], messages: number): Received {
  const inflater = new MessageInflater({ maxMessageBytes })
  const documents: Buffer[] = []
  let rest = Buffer.alloc(0)
  let tail: ReturnType<MessageInflater['take']>['tail']
  for (const chunk of chunks) {
    let bytes: Buffer | undefined = Buffer.from(chunk)
    while (bytes !== undefined) {
      if (tail !== undefined) {
        bytes = tail.feed(bytes)
        if (bytes === undefined) break
        tail = undefined
      }
      if (documents.length === messages) {
        rest = Buffer.concat([rest, bytes])
        break
      }
      if (!feedAll(inflater, bytes)) break
      const message = inflater.take()
      documents.push(Buffer.from(message.document))
      tail = message.tail
      bytes = message.surplus
    }
  }
  return { documents, rest }
}

/** All of it, with what the inflater would rather do after a pause. */
function feedAll(inflater: MessageInflater, bytes: Buffer): boolean {
  for (let rest: Buffer | undefined = bytes; rest !== undefined; rest = inflater.left) if (inflater.feed(rest)) return true
  return false
}

const bytewise = (bytes: Buffer): Buffer[] => Array.from(bytes, byte => Buffer.from([byte]))

describe('deflateMessage', () => {
  test.each([5, 457, 1_200, 1_201, 5_000, 65_535, 65_536, 65_537, 131_072, 262_144, 262_145, 262_146, 1_000_000])(
    'a document of %i bytes comes out of zlib and of our inflater as it was',
    size => {
      for (const document of [Buffer.alloc(size, 'abcdefg'), randomBytes(size)]) {
        document.writeInt32LE(size, 0)
        const wire = deflateMessage(document)
        expect(inflateRawSync(wire).equals(document)).toBe(true)
        expect(wire.length).toBeLessThanOrEqual(size + 5 * Math.ceil(size / 65_535))
        const { documents, rest } = receive([Buffer.concat([wire, next])], 1)
        expect(documents[0]?.equals(document)).toBe(true)
        expect(rest.toString()).toBe('NEXT\r\n')
      }
    },
  )

  test('a short document is stored, a longer one is deflated, and one that does not shrink is stored', () => {
    expect(deflateMessage(documentOf(400)).length).toBe(400 + 13 + 5)
    expect(deflateMessage(documentOf(20_000)).length).toBeLessThan(10_000)
    expect(deflateMessage(incompressible(20_000)).length).toBe(20_000 + 13 + 5)
    expect(deflateMessage(incompressible(200_000)).length).toBe(200_000 + 13 + 4 * 5)
  })

  test('M24 the last wire byte of a document of 64 KiB and more is its last BSON byte, whatever its length modulo 8192', () => {
    for (const characters of [65_523, 65_524, 66_000, 100_000, 200_000]) {
      for (let step = 0; step < 16; step++) {
        for (const document of [documentOf(characters + step * 513), incompressible(characters + step * 513)]) {
          // All that comes before the last byte must be deflate that yields all but the last byte.
          const wire = deflateMessage(document)
          const before = inflateRawSync(wire.subarray(0, -1), { finishFlush: constants.Z_SYNC_FLUSH })
          expect(before.length).toBe(document.length - 1)
          expect(wire[wire.length - 1]).toBe(document[document.length - 1])
          expect(inflateRawSync(wire).equals(document)).toBe(true)
        }
      }
    }
  })

  test('in parts a large document comes out the same, with a pause for each piece', () => {
    for (const document of [documentOf(3_000_000), incompressible(1_000_000)]) {
      const parts = deflateInParts(document)
      const before = deflateMessage(Buffer.from(document.subarray(0, 100_000)))
      let pauses = 0
      for (let step = parts.next(); ; step = parts.next()) {
        if (step.done) {
          expect(step.value.equals(deflateMessage(document))).toBe(true)
          break
        }
        pauses++
        // Another message meanwhile.
        expect(deflateMessage(Buffer.from(document.subarray(0, 100_000))).equals(before)).toBe(true)
      }
      if (document.length === 3_000_000 + 13) expect(pauses).toBe(12)
    }
  })

  test('M24 such a message is found at every length modulo 8192', () => {
    const seen = new Set<number>()
    // Stored blocks have a length that can be chosen.
    for (let length = 70_000; length < 70_000 + 8192; length += 1) {
      const document = Buffer.alloc(length)
      document.writeInt32LE(length, 0)
      const wire = storedBlocks(document, 65_535, false)
      seen.add(wire.length % 8192)
      const cut = wire.length - (wire.length % 8192)
      const { documents, rest } = receive([wire.subarray(0, cut), Buffer.concat([wire.subarray(cut), next])], 1)
      expect(documents[0]?.length).toBe(length)
      expect(rest.length).toBe(next.length)
    }
    expect(seen.size).toBe(8192)
  })
})

/** Stored blocks by hand; the end in the last of them, or in an empty one of its own. */
function storedBlocks(document: Buffer, size: number, emptyFinal: boolean): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < document.length; at += size) {
    const block = document.subarray(at, at + size)
    const header = Buffer.alloc(5)
    header[0] = !emptyFinal && at + size >= document.length ? 1 : 0
    header.writeUInt16LE(block.length, 1)
    header.writeUInt16LE(block.length ^ 0xffff, 3)
    parts.push(header, block)
  }
  if (emptyFinal) parts.push(Buffer.from('010000ffff', 'hex'))
  return Buffer.concat(parts)
}

const syncFlushed = (document: Buffer): Buffer => deflateRawSync(document, { finishFlush: constants.Z_SYNC_FLUSH })
const finalBlock = Buffer.from([0x03, 0x00])

describe('MessageInflater', () => {
  const small = documentOf(443)
  const forms: [string, Buffer][] = [
    ['ordinary deflate', deflateRawSync(small)],
    ['one stored block', storedBlocks(small, 65_535, false)],
    ['stored blocks of 16 bytes', storedBlocks(small, 16, false)],
    ['stored blocks of one byte', storedBlocks(small, 1, false)],
    ['an empty final stored block', storedBlocks(small, 65_535, true)],
    ['a sync flush and an empty final block', Buffer.concat([syncFlushed(small), finalBlock])],
    ['level 0', deflateRawSync(small, { level: 0 })],
    ['fixed Huffman codes', deflateRawSync(small, { strategy: constants.Z_FIXED })],
    ['bytes after the document inside the stream', deflateRawSync(Buffer.concat([small, Buffer.alloc(3000, 7)]))],
  ]

  test.each(forms)('M04 %s is read, cut at any byte and byte by byte', (_what, wire) => {
    const following = deflateMessage(small)
    const all = Buffer.concat([wire, following, next])
    for (let cut = 0; cut <= wire.length; cut++) {
      const { documents, rest } = receive([all.subarray(0, cut), all.subarray(cut)], 2)
      expect(documents[0]?.subarray(0, small.length).equals(small)).toBe(true)
      expect(documents[1]?.equals(small)).toBe(true)
      expect(rest.toString()).toBe('NEXT\r\n')
    }
    const slow = receive(bytewise(all), 2)
    expect(slow.documents[1]?.equals(small)).toBe(true)
    expect(slow.rest.toString()).toBe('NEXT\r\n')
  })

  test.each(forms)('M05 %s gives back the control line that follows it', (_what, wire) => {
    const inflater = new MessageInflater({ maxMessageBytes })
    expect(inflater.feed(Buffer.concat([wire, next]))).toBe(true)
    const { surplus, compressedBytes, document } = inflater.take()
    expect(surplus?.toString()).toBe('NEXT\r\n')
    expect(compressedBytes).toBe(wire.length)
    expect(document.subarray(0, small.length).equals(small)).toBe(true)
    expect(inflater.started).toBe(false)
    expect(inflater.feed(wire)).toBe(true)
    expect(inflater.take().surplus).toBeUndefined()
  })

  test('a message is complete with the last byte of its stream, and not before', () => {
    for (const [, wire] of forms) {
      const inflater = new MessageInflater({ maxMessageBytes })
      expect(inflater.feed(wire.subarray(0, -1))).toBe(false)
      expect(inflater.started).toBe(true)
      expect(inflater.feed(wire.subarray(-1))).toBe(true)
      expect(inflater.take().compressedBytes).toBe(wire.length)
    }
  })

  const large = documentOf(200_000)
  const largeForms: [string, Buffer][] = [
    ['deflate', deflateRawSync(large)],
    ['stored blocks of 65535', storedBlocks(large, 65_535, false)],
    ['stored blocks of 4096', storedBlocks(large, 4_096, false)],
    ['a separate empty final block', storedBlocks(large, 65_535, true)],
    ['a sync flush and a final block', Buffer.concat([syncFlushed(large), finalBlock])],
    ['our own', deflateMessage(large)],
    ['deflate of 65536 bytes', deflateRawSync(documentOf(65_523))],
    ['deflate of 65535 bytes', deflateRawSync(documentOf(65_522))],
  ]

  test.each(largeForms)('a large message as %s is read whole, in reads of any size and with its last bytes late', (_what, wire) => {
    const expected = inflateRawSync(wire)
    const all = Buffer.concat([wire, next])
    const sizes = [1_000, 8_192, 16_384, 65_536, 1_000_000]
    const splits: Buffer[][] = sizes.map(size =>
      Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.subarray(i * size, (i + 1) * size)),
    )
    for (let late = 0; late <= 8; late++) {
      splits.push([wire.subarray(0, wire.length - late), wire.subarray(wire.length - late), next])
      splits.push([wire.subarray(0, wire.length - late), Buffer.concat([wire.subarray(wire.length - late), next])])
      splits.push([wire.subarray(0, wire.length - late), ...bytewise(Buffer.concat([wire.subarray(wire.length - late), next]))])
    }
    for (const chunks of splits) {
      const { documents, rest } = receive(chunks, 1)
      expect(documents[0]?.equals(expected)).toBe(true)
      expect(rest.toString()).toBe('NEXT\r\n')
    }
  })

  test('a large message without an end is complete, and what follows is not taken for its end', () => {
    const wire = syncFlushed(large)
    for (const following of ['NEXT\r\n', 'PROCEED\r\n', 'END\r\n', '\r\nNEXT\r\n']) {
      const line = Buffer.from(following)
      for (const chunks of [[wire, line], [Buffer.concat([wire, line])], [wire, ...bytewise(line)]]) {
        const { documents, rest } = receive(chunks, 1)
        expect(documents[0]?.equals(large)).toBe(true)
        expect(rest.toString()).toBe(following)
      }
    }
  })

  test('a large message is complete before its end has come', () => {
    const inflater = new MessageInflater({ maxMessageBytes })
    expect(inflater.feed(syncFlushed(large))).toBe(true)
    const { tail, document } = inflater.take()
    expect(document.equals(large)).toBe(true)
    expect(tail?.feed(Buffer.from([0x03]))).toBeUndefined()
    expect(tail?.feed(Buffer.from([0x00, 0x41]))?.toString()).toBe('A')
    expect(tail?.feed(next)?.toString()).toBe('NEXT\r\n')
  })

  test('the end of a large message may not go on for ever', () => {
    const inflater = new MessageInflater({ maxMessageBytes })
    inflater.feed(syncFlushed(large))
    const { tail } = inflater.take()
    const empty = Buffer.from('000000ffff'.repeat(100), 'hex')
    expect(tail?.feed(empty)).toBeUndefined()
    expect(tail?.feed(empty)).toBeUndefined()
    expect(tail?.feed(empty)?.length).toBe(485)
  })

  test.each([
    ['zlib', deflateSync(small)],
    ['gzip', gzipSync(small)],
    ['garbage', Buffer.from('garbage instead of deflate')],
    ['a stored block whose lengths differ', Buffer.from('0105000000', 'hex')],
  ])("M09 %s is the reference's error, and the inflater is as new", (_what, wire) => {
    const inflater = new MessageInflater({ maxMessageBytes })
    for (const chunks of [[wire], bytewise(wire)]) {
      const error = errorOf(() => chunks.forEach(chunk => void inflater.feed(chunk)))
      expect(error.kind).toBe('protocol_error')
      expect(error.message).toBe('The archive entry was compressed using an unsupported compression method.')
      expect(error.dotnetType).toBe('System.IO.InvalidDataException')
      expect(inflater.started).toBe(false)
      expect(inflater.feed(deflateRawSync(small))).toBe(true)
      inflater.take()
    }
  })

  test('M08 a message that breaks off is never complete, and giving it up gives everything back', () => {
    let reserved = 0
    const inflater = new MessageInflater({
      maxMessageBytes,
      reserve: bytes => {
        reserved += bytes
      },
      release: bytes => {
        reserved -= bytes
      },
    })
    const wire = deflateRawSync(large)
    expect(inflater.feed(wire.subarray(0, wire.length >> 1))).toBe(false)
    expect(inflater.started).toBe(true)
    expect(reserved).toBeGreaterThan(50_000)
    inflater.reset()
    expect(reserved).toBe(0)
    expect(inflater.started).toBe(false)
  })

  test('300 MiB of zeros in 300 KB take no memory and are an error', () => {
    const zeros = deflateRawSync(Buffer.alloc(300 * 1024 * 1024))
    expect(zeros.length).toBeLessThan(310_000)
    const claims: [string, number, string][] = [
      ['no length', 0, 'protocol_error'],
      ['an honest length', 300 * 1024 * 1024, 'message_too_large'],
      ['a length of 5', 5, 'message_too_large'],
      ['the largest length', maxMessageBytes, 'unbounded'],
    ]
    for (const [, claim, kind] of claims) {
      const head = Buffer.alloc(4)
      head.writeInt32LE(claim)
      const bomb = Buffer.concat([Buffer.from('000400fbff', 'hex'), head, zeros])
      let reserved = 0
      let most = 0
      const inflater = new MessageInflater({
        maxMessageBytes,
        reserve: bytes => {
          reserved += bytes
          most = Math.max(most, reserved)
        },
        release: bytes => {
          reserved -= bytes
        },
      })
      if (kind === 'unbounded') {
        // As long as it says of itself: the document is complete at the limit, and nothing beyond is made.
        expect(feedAll(inflater, bomb)).toBe(true)
        expect(inflater.take().document.length).toBe(maxMessageBytes)
        expect(most).toBeLessThanOrEqual(maxMessageBytes + 64 * 1024)
      } else {
        expect(errorOf(() => feedAll(inflater, bomb)).kind).toBe(kind)
        expect(most).toBeLessThan(128 * 1024)
      }
      expect(reserved).toBe(0)
    }
  })

  test('memory follows what arrives, not what is promised', () => {
    let reserved = 0
    const inflater = new MessageInflater({
      maxMessageBytes,
      reserve: bytes => {
        reserved += bytes
      },
    })
    const head = Buffer.alloc(4)
    head.writeInt32LE(maxMessageBytes)
    inflater.feed(Buffer.concat([Buffer.from('00ff7f0080', 'hex'), head]))
    expect(reserved).toBeLessThan(64 * 1024)
  })

  test('a budget that is used up ends the message and gives everything back', () => {
    let reserved = 0
    const inflater = new MessageInflater({
      maxMessageBytes,
      reserve: bytes => {
        if (reserved + bytes > 100_000) throw new HalibutError('memory_limit', 'used up')
        reserved += bytes
      },
      release: bytes => {
        reserved -= bytes
      },
    })
    expect(errorOf(() => inflater.feed(deflateRawSync(large))).kind).toBe('memory_limit')
    expect(reserved).toBe(0)
    expect(inflater.feed(deflateRawSync(small))).toBe(true)
  })

  test('a small limit holds for stored and deflated messages, whole and in parts', () => {
    for (const wire of [storedBlocks(small, 65_535, false), deflateRawSync(small), storedBlocks(small, 16, false)]) {
      for (const chunks of [[wire], bytewise(wire)]) {
        const inflater = new MessageInflater({ maxMessageBytes: small.length - 1 })
        expect(errorOf(() => chunks.forEach(chunk => void inflater.feed(chunk))).kind).toBe('message_too_large')
        const enough = new MessageInflater({ maxMessageBytes: small.length })
        expect(chunks.some(chunk => enough.feed(chunk))).toBe(true)
      }
    }
  })

  test('what is read over is not kept, ends where it ends, and leaves the next message alone', () => {
    const sizes = [1_000, 60_000, 65_536, 65_700, 300_000, 5_000_000]
    const makers = [
      deflateMessage,
      (document: Buffer) => deflateRawSync(document),
      (document: Buffer) => storedBlocks(document, 65_535, false),
    ]
    for (const size of sizes) {
      for (const document of [documentOf(size), incompressible(size)]) {
        for (const make of makers) {
          const wire = Buffer.concat([make(document), next])
          for (const pieceBytes of [wire.length, 16_384, 997]) {
            let [reserved, most] = [0, 0]
            const inflater = new MessageInflater({
              maxMessageBytes: 900,
              reserve: bytes => {
                reserved += bytes
                most = Math.max(most, reserved)
              },
              release: bytes => {
                reserved -= bytes
              },
            })
            inflater.passesOver = true
            let at = 0
            for (let done = false; !done; at += pieceBytes) done = feedAll(inflater, wire.subarray(at, at + pieceBytes))
            const { document: kept, refused, surplus = Buffer.alloc(0), tail } = inflater.take()
            expect(refused).toMatchObject({ kind: 'message_too_large' })
            expect(inflater.refused).toBe(refused)
            expect(kept.length).toBeLessThanOrEqual(1_024)
            expect(kept).toEqual(document.subarray(0, kept.length))
            const rest = Buffer.concat([surplus, wire.subarray(at)])
            expect((tail ? (tail.feed(rest) ?? tail.giveUp()) : rest).toString('latin1')).toBe('NEXT\r\n')
            expect(most).toBeLessThan(64 * 1024)
            expect(reserved).toBe(0)
            expect(feedAll(inflater, deflateMessage(documentOf(10)))).toBe(true)
            expect(inflater.take().refused).toBeUndefined()
          }
        }
      }
    }
  })

  test('a plain string of 5 MB that deflates 1000:1, and one of 40 MB, arrive whole', () => {
    for (const size of [5_000_000, 40_000_000]) {
      const document = Buffer.alloc(size, 'a')
      document.writeInt32LE(size, 0)
      for (const wire of [deflateMessage(document), deflateRawSync(document)]) {
        expect(wire.length).toBeLessThan(size / 200)
        const chunks = Array.from({ length: Math.ceil(wire.length / 16_384) }, (_, i) => wire.subarray(i * 16_384, (i + 1) * 16_384))
        const { documents, rest } = receive([...chunks, next], 1)
        expect(documents[0]?.equals(document)).toBe(true)
        expect(rest.toString()).toBe('NEXT\r\n')
      }
    }
  })
})
