import { NEXT } from '../codec/control-message.ts'

const trailerBytes = 8
/** A trailer, and what a polling agent writes behind it. */
const tailBytes = trailerBytes + NEXT.length

/**
 * Notices a section that is shorter than its header says: its source got shorter while it was sent, and the sender went on with the trailer and
 * the next control line, which now stand where content was promised. Nothing more comes then; whoever waited would take them for content.
 */
export class ShortSection {
  readonly #length: number
  readonly #trailer = Buffer.alloc(trailerBytes)
  /** The last bytes that came, at its end. */
  readonly #tail = Buffer.alloc(tailBytes)
  #received = 0

  constructor(length: number) {
    this.#length = length
    this.#trailer.writeBigInt64LE(BigInt(length))
  }

  /** How many bytes of content came, where what came last looks like a trailer; `undefined`: it does not, or stands where it should. */
  get endedAfter(): number | undefined {
    for (let behind = 0; behind <= NEXT.length; behind++) {
      const content = this.#received - behind - trailerBytes
      if (content < 0) return undefined
      if (this.#endsWith(behind)) return content < this.#length ? content : undefined
    }
    return undefined
  }

  /** Bytes came, of the content or of what should be the trailer. The view is valid only during the call. */
  take(bytes: Uint8Array): void {
    const tail = this.#tail
    this.#received += bytes.length
    const last = bytes.length > tailBytes ? bytes.subarray(bytes.length - tailBytes) : bytes
    tail.copyWithin(0, last.length)
    tail.set(last, tailBytes - last.length)
  }

  /** Whether the last bytes are a trailer and the first `behind` bytes of the next line. */
  #endsWith(behind: number): boolean {
    const tail = this.#tail
    const end = tailBytes - behind
    for (let i = 0; i < trailerBytes; i++) if (tail[end - trailerBytes + i] !== this.#trailer[i]) return false
    for (let i = 0; i < behind; i++) if (tail[end + i] !== NEXT[i]) return false
    return true
  }
}
