import type { Parts } from './clr-type.ts'
import { newDeflater, sharedDeflater } from './shared-zlib.ts'
import { flushMode, type ZlibSteps } from './zlib-steps.ts'

export type { DeflateTail } from './deflate-tail.ts'
export { type InflatedMessage, MessageInflater, type MessageInflaterOptions } from './message-inflater.ts'

/** Up to here a message fits one network packet as it is, and storing it is 30 times cheaper than deflating. */
const storedUpTo = 1_200
/** From this size on the reference takes the last BSON byte for the end of the message (spec §4.3). */
const largeFrom = 65_536
const maxStoredBlock = 65_535
/** A large document is compressed in pieces of this size, so that one that does not shrink is noticed after the first. */
const pieceBytes = 256 * 1024

const scratch = Buffer.allocUnsafeSlow(64 * 1024)

/**
 * A document as one raw DEFLATE stream (RFC 1951, spec §4.1): stored where it is short or does not shrink, deflated otherwise.
 *
 * The reference leaves what follows the last byte of a large document in the stream and takes it for the next control line. So the last
 * byte of a message of 64 KiB or more is its last BSON byte (spec §4.3): all but that byte deflated, a sync flush, and a stored block.
 *
 *     deflate(document[0 … n-2])  00 00 FF FF   01  01 00  FE FF  document[n-1]
 */
export function deflateMessage(document: Buffer): Buffer {
  const length = document.length
  if (length <= storedUpTo) return stored(document)
  return (length < largeFrom ? deflateSmall(document) : deflateLarge(document)) ?? stored(document)
}

/** {@link deflateMessage} of a large document, in parts; each such message has a deflater of its own. */
export function* deflateInParts(document: Buffer): Parts<Buffer> {
  const zlib = newDeflater()
  try {
    return (yield* deflatePieces(zlib, document)) ?? stored(document)
  } finally {
    zlib.close()
  }
}

/** `01 LEN NLEN` and the bytes; several blocks above 65,535. */
function stored(document: Buffer): Buffer {
  const blocks = Math.max(1, Math.ceil(document.length / maxStoredBlock))
  const bytes = Buffer.allocUnsafe(document.length + blocks * 5)
  let at = 0
  for (let block = 0; block < blocks; block++) {
    const start = block * maxStoredBlock
    const length = Math.min(maxStoredBlock, document.length - start)
    bytes[at] = block === blocks - 1 ? 1 : 0
    bytes[at + 1] = length
    bytes[at + 2] = length >>> 8
    bytes[at + 3] = ~length
    bytes[at + 4] = ~length >>> 8
    bytes.set(length === document.length ? document : document.subarray(start, start + length), at + 5)
    at += 5 + length
  }
  return bytes
}

/** `undefined` when it does not shrink. */
function deflateSmall(document: Buffer): Buffer | undefined {
  const zlib = sharedDeflater()
  zlib.step(flushMode.finish, document, 0, document.length, scratch, 0, document.length)
  const unused = zlib.unusedOutput
  zlib.reset()
  // No room left means that it did not get done, or only just.
  return unused === 0 ? undefined : Buffer.from(scratch.subarray(0, document.length - unused))
}

/** `undefined` when it does not shrink. */
function deflateLarge(document: Buffer): Buffer | undefined {
  const zlib = sharedDeflater()
  try {
    const pieces = deflatePieces(zlib, document)
    for (;;) {
      const step = pieces.next()
      if (step.done) return step.value
    }
  } finally {
    zlib.reset()
  }
}

function* deflatePieces(zlib: ZlibSteps, document: Buffer): Parts<Buffer | undefined> {
  const parts: Buffer[] = []
  const body = document.length - 1
  let total = 0
  for (let at = 0; at < body; at += pieceBytes) {
    const length = Math.min(pieceBytes, body - at)
    const last = at + length === body
    total += deflatePiece(zlib, last ? flushMode.sync : flushMode.none, document, at, length, parts)
    if (total > (at + length) * 0.97) return undefined
    yield
  }
  parts.push(Buffer.from([0x01, 0x01, 0x00, 0xfe, 0xff, document[body] as number]))
  return Buffer.concat(parts)
}

/** Deflates one piece to the end of `parts`; returns how many bytes came out. */
function deflatePiece(zlib: ZlibSteps, flush: number, input: Buffer, start: number, length: number, parts: Buffer[]): number {
  let made = 0
  let unread = length
  for (;;) {
    zlib.step(flush, input, start + length - unread, unread, scratch, 0, scratch.length)
    unread = zlib.unusedInput
    const count = scratch.length - zlib.unusedOutput
    if (count > 0) parts.push(Buffer.from(scratch.subarray(0, count)))
    made += count
    if (zlib.unusedOutput > 0) return made
  }
}
