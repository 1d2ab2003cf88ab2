import { returnInflater } from './shared-zlib.ts'
import { flushMode, type ZlibSteps } from './zlib-steps.ts'

/** Bytes of DEFLATE that may still come after the last BSON byte of a large document; more is something else. */
const maxTailBytes = 1_024
/** An empty stored block without its header: `00 00 FF FF`. Where one ends, the sender may stop. */
const syncFlush = 0xffff_0000

const nothing = Buffer.alloc(0)
const scratch = Buffer.allocUnsafeSlow(1)

/**
 * The end of a large message’s DEFLATE stream, which had not come when the document was complete. A sender’s last packet may hold just
 * that (two .NET peers lose step over it); one that never ends its stream sends something else instead. What is not DEFLATE, or would
 * yield another byte, belongs to what comes next, from the last sync flush on. Holds a native inflater until it knows.
 */
export class DeflateTail {
  #zlib: ZlibSteps | undefined
  /** Bytes since the document or since the last sync flush: DEFLATE so far, but perhaps not meant as such. */
  #held: Buffer = nothing
  #seen = 0

  constructor(zlib: ZlibSteps) {
    this.#zlib = zlib
  }

  /** Takes what arrived. `undefined`: all of it belongs to the end, or may; feed more. Bytes: those that come after the message; done. */
  feed(chunk: Buffer): Buffer | undefined {
    const zlib = this.#zlib
    if (zlib === undefined) return chunk
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    let held = 0
    for (let at = this.#held.length; at < bytes.length; at++) {
      const isDeflate = zlib.step(flushMode.none, bytes, at, 1, scratch, 0, 1) === 'ok'
      if (!isDeflate || zlib.unusedOutput === 0 || ++this.#seen > maxTailBytes) return this.close(bytes.subarray(held))
      if (hasEnded(zlib)) return this.close(bytes.subarray(at + 1 - zlib.unusedInput))
      if (at >= 3 && bytes.readUInt32LE(at - 3) === syncFlush) held = at + 1
    }
    this.#held = Buffer.from(bytes.subarray(held))
    return undefined
  }

  /** The input has ended: what was held was no DEFLATE then, but comes after the message. */
  giveUp(): Buffer {
    return this.close(this.#held)
  }

  /** Nothing more will come. Returns `rest`. */
  close(rest: Buffer = nothing): Buffer {
    if (this.#zlib !== undefined) returnInflater(this.#zlib)
    this.#zlib = undefined
    this.#held = nothing
    return rest
  }
}

/**
 * Whether an inflater that has used all its input has seen the end of its stream. Asked to finish, it reports an error if it has not;
 * that error does not hurt it.
 */
export function hasEnded(zlib: ZlibSteps): boolean {
  return zlib.step(flushMode.finish, nothing, 0, 0, scratch, 0, 1) === 'ok'
}
