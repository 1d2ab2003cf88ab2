import { HalibutError } from '../base/errors.ts'
import { leaseInflater, returnInflater } from './shared-zlib.ts'
import { flushMode, type ZlibSteps } from './zlib-steps.ts'

export interface MessageInflaterOptions {
  /** The largest document, in bytes; more is `message_too_large`. */
  readonly maxMessageBytes: number
  /** Asked before memory is taken for a message that arrives in parts; may throw, which ends that message. */
  readonly reserve?: (bytes: number) => void
  /** Gives back what was reserved, at the latest in `take` or `reset`. */
  readonly release?: (bytes: number) => void
}

/** A received message. */
export interface InflatedMessage {
  /** What was inside: the BSON document, and whatever the sender put after it. May be a view of the bytes that were fed. */
  readonly document: Buffer
  /** Bytes after the message, where there were some. */
  readonly surplus: Buffer | undefined
  /** The size of the message on the wire. */
  readonly compressedBytes: number
  /** Set when the end of the DEFLATE stream is still to come: what arrives next has to go through it first. */
  readonly tail: DeflateTail | undefined
}

/** Bytes of DEFLATE that may still come after the last BSON byte of a large document; more is something else. */
const maxTailBytes = 1_024
/** From this size on a message is complete with its last BSON byte (spec §4.3). */
const largeFrom = 65_536
/** An empty stored block without its header: `00 00 FF FF`. Where one ends, the sender may stop. */
const syncFlush = 0xffff_0000
const firstOutputBytes = 1_024
/** One step makes no more than this, and one call no more than a few: then others may have their turn. */
const stepBytes = 512 * 1024
const atOnceBytes = 2 * 1024 * 1024
/** What a native inflater takes: its state and a window of 32 KiB. */
const inflaterBytes = 44 * 1024

const nothing = Buffer.alloc(0)
const scratch = Buffer.allocUnsafeSlow(64 * 1024)

/**
 * Turns bytes from the wire into one message after another. Feed it until it says that the message is complete, then take it.
 *
 * A message has no length before it. One whose document is shorter than 64 KiB ends where its DEFLATE stream ends, be that a single bit
 * or an empty block that arrives later. A longer one ends with its last BSON byte, as for the reference: its stream may lack an
 * end (spec §4.3). Usually a message is inside one chunk and costs no more than the inflating; only one that arrives in parts
 * holds a native inflater and memory, which grows with what has arrived and never with what is promised.
 */
export class MessageInflater {
  readonly #options: MessageInflaterOptions
  #zlib: ZlibSteps | undefined
  #output: Buffer = nothing
  #produced = 0
  /** The length that the document states in its first four bytes; -1 until they are there. */
  #rootLength = -1
  /** Bytes after the document inside the DEFLATE stream: counted, not kept. */
  #discarded = 0
  #compressedBytes = 0
  #reserved = 0
  #message: InflatedMessage | undefined
  #left: Buffer | undefined

  constructor(options: MessageInflaterOptions) {
    this.#options = options
  }

  /** Whether a part of a message has been consumed. */
  get started(): boolean {
    return this.#compressedBytes > 0
  }

  /** Bytes of the last chunk that would have made too much at once: what is to be fed next, after a pause. Perhaps none, which then matters. */
  get left(): Buffer | undefined {
    return this.#left
  }

  /** Takes the next bytes; true: the message is complete, take it. On an error nothing is held any more. */
  feed(chunk: Buffer): boolean {
    if (this.#message !== undefined) throw new Error('take the complete message before feeding the next')
    if (chunk.length === 0 && this.#left === undefined) return false
    this.#left = undefined
    try {
      if (this.#zlib === undefined) {
        if (this.#feedStored(chunk) || this.#feedWhole(chunk)) return true
        this.#start()
      }
      return this.#feedPart(chunk)
    } catch (why) {
      this.reset()
      throw why
    }
  }

  /** The complete message; the inflater is then ready for the next. */
  take(): InflatedMessage {
    const message = this.#message
    if (message === undefined) throw new Error('no message is complete')
    this.reset()
    return message
  }

  /** Forgets what it has, and gives memory and handle back. */
  reset(): void {
    if (this.#zlib !== undefined) returnInflater(this.#zlib)
    this.#zlib = undefined
    this.#output = nothing
    this.#produced = 0
    this.#rootLength = -1
    this.#discarded = 0
    this.#compressedBytes = 0
    this.#message = undefined
    this.#left = undefined
    if (this.#reserved > 0) this.#options.release?.(this.#reserved)
    this.#reserved = 0
  }

  /** A message that is one stored block, as our own short ones are, needs no inflater. */
  #feedStored(chunk: Buffer): boolean {
    if (((chunk[0] as number) & 7) !== 1 || chunk.length < 5) return false
    const length = chunk.readUInt16LE(1)
    if ((length ^ chunk.readUInt16LE(3)) !== 0xffff) throw corrupt()
    const end = 5 + length
    if (chunk.length < end) return false
    this.#checkLength(length)
    return this.#complete(chunk.subarray(5, end), chunk, end)
  }

  /** The usual case of a deflated message: all of it is here. False: it is not, or it is long; nothing has happened then. */
  #feedWhole(chunk: Buffer): boolean {
    const zlib = leaseInflater()
    try {
      const status = zlib.step(flushMode.finish, chunk, 0, chunk.length, scratch, 0, scratch.length)
      if (status === 'corrupt') throw corrupt()
      if (status === 'incomplete' || zlib.unusedOutput === 0) return false
      const length = scratch.length - zlib.unusedOutput
      this.#checkLength(length)
      return this.#complete(Buffer.from(scratch.subarray(0, length)), chunk, chunk.length - zlib.unusedInput)
    } finally {
      returnInflater(zlib)
    }
  }

  #start(): void {
    this.#reserveUpTo(firstOutputBytes)
    this.#zlib = leaseInflater()
    this.#output = Buffer.allocUnsafeSlow(firstOutputBytes)
  }

  #feedPart(chunk: Buffer): boolean {
    const zlib = this.#zlib as ZlibSteps
    let at = 0
    for (const pauseAt = this.#produced + this.#discarded + atOnceBytes; ; ) {
      if (this.#produced + this.#discarded >= pauseAt) return this.#pause(chunk, at)
      const large = this.#rootLength >= largeFrom
      // The last byte of a large document is for #endLarge.
      const limit = large ? this.#rootLength - 1 : this.#rootLength
      const whole = limit >= 0 && this.#produced >= limit
      if (whole && large) return this.#endLarge(zlib, chunk, at)
      if (!whole && this.#produced === this.#output.length) this.#grow()
      const output = whole ? scratch : this.#output
      const outputAt = whole ? 0 : this.#produced
      const room = Math.min((large ? Math.min(output.length, limit) : output.length) - outputAt, stepBytes)
      if (!whole) this.#reserveUpTo(this.#produced + room)
      if (zlib.step(flushMode.none, chunk, at, chunk.length - at, output, outputAt, room) !== 'ok') throw corrupt()
      at = chunk.length - zlib.unusedInput
      const made = room - zlib.unusedOutput
      if (whole) this.#discarded += made
      else this.#produced += made
      this.#checkProduced()
      if (zlib.unusedOutput === 0) continue
      if (zlib.unusedInput === 0 && !hasEnded(zlib)) return this.#goOn(chunk)
      return this.#complete(this.#output.subarray(0, this.#produced), chunk, at)
    }
  }

  /**
   * All of a large document but its last byte is there, up to `chunk[at]`. That byte is asked for with one byte of input at a time, so
   * that nothing after it is touched that it does not need. The end of the DEFLATE stream may follow in this chunk, in the next, or never.
   */
  #endLarge(zlib: ZlibSteps, chunk: Buffer, start: number): boolean {
    const document = this.#output.length < this.#rootLength ? this.#grow() : this.#output
    let at = start
    for (let given = 0; ; given = 1) {
      if (given > chunk.length - at) return this.#goOn(chunk)
      if (zlib.step(flushMode.none, chunk, at, given, document, this.#produced, 1) !== 'ok') throw corrupt()
      at += given - zlib.unusedInput
      if (zlib.unusedOutput === 0) break
      if (zlib.unusedInput > 0 || hasEnded(zlib)) return this.#complete(document.subarray(0, this.#produced), chunk, at)
    }
    this.#zlib = undefined
    const tail = new DeflateTail(zlib)
    const surplus = hasEnded(zlib) ? tail.close(chunk.subarray(at)) : tail.feed(chunk.subarray(at))
    if (surplus === undefined) return this.#complete(document, chunk, chunk.length, tail)
    return this.#complete(document, chunk, chunk.length - surplus.length)
  }

  #pause(chunk: Buffer, at: number): false {
    this.#compressedBytes += at
    this.#left = chunk.subarray(at)
    return false
  }

  #goOn(chunk: Buffer): false {
    this.#compressedBytes += chunk.length
    return false
  }

  /** `end`: where in the last chunk the message ends. */
  #complete(document: Buffer, chunk: Buffer, end: number, tail?: DeflateTail): true {
    this.#compressedBytes += end
    const surplus = end < chunk.length ? chunk.subarray(end) : undefined
    this.#message = { document, surplus, compressedBytes: this.#compressedBytes, tail }
    return true
  }

  /**
   * The next size of the output: double, and never beyond what the document says of itself. From a few megabytes on it is that at once, so that
   * nothing has to be copied again: the system gives memory for what is written only, and only that is reserved.
   */
  #grow(): Buffer {
    const { length } = this.#output
    const doubled = length >= atOnceBytes ? this.#rootLength : length * 2
    const wanted = this.#rootLength < 0 ? doubled : Math.min(this.#rootLength, doubled)
    const grown = Buffer.allocUnsafeSlow(wanted)
    this.#output.copy(grown, 0, 0, this.#produced)
    this.#output = grown
    return grown
  }

  #checkProduced(): void {
    if (this.#rootLength < 0 && this.#produced >= 4) {
      this.#rootLength = this.#output.readInt32LE(0)
      if (this.#rootLength < 5) {
        throw new HalibutError('protocol_error', `The message states a length of ${this.#rootLength} bytes.`, {
          dotnetType: 'Newtonsoft.Json.JsonReaderException',
        })
      }
      this.#checkLength(this.#rootLength)
    }
    this.#checkLength(this.#produced + this.#discarded)
  }

  #checkLength(length: number): void {
    const { maxMessageBytes } = this.#options
    if (length <= maxMessageBytes) return
    throw new HalibutError('message_too_large', `the message is ${length} bytes or more, maxMessageBytes is ${maxMessageBytes}`, {
      advice: 'send or ask for less at a time, use a data stream, or raise maxMessageBytes',
    })
  }

  /** For the inflater, and for this much of the output. */
  #reserveUpTo(outputBytes: number): void {
    const missing = inflaterBytes + outputBytes - this.#reserved
    if (missing <= 0) return
    this.#options.reserve?.(missing)
    this.#reserved += missing
  }
}

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
function hasEnded(zlib: ZlibSteps): boolean {
  return zlib.step(flushMode.finish, nothing, 0, 0, scratch, 0, 1) === 'ok'
}

function corrupt(): HalibutError {
  return new HalibutError('protocol_error', 'The archive entry was compressed using an unsupported compression method.', {
    dotnetType: 'System.IO.InvalidDataException',
  })
}
