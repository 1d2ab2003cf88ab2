import { HalibutError } from '../base/errors.ts'
import { DeflateTail, hasEnded } from './deflate-tail.ts'
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
  /**
   * What was inside: the BSON document, and whatever the sender put after it. May be a view of the bytes that were fed. Of one that was
   * {@link refused}: its first bytes, as far as they had come by then.
   */
  readonly document: Buffer
  /** Bytes after the message, where there were some. */
  readonly surplus: Buffer | undefined
  /** The size of the message on the wire. */
  readonly compressedBytes: number
  /** Why it was read over and no more than its beginning kept. */
  readonly refused: HalibutError | undefined
  /** Set when the end of the DEFLATE stream is still to come: what arrives next has to go through it first. */
  readonly tail: DeflateTail | undefined
}

/** From this size on a message is complete with its last BSON byte (spec §4.3). */
const largeFrom = 65_536
const firstOutputBytes = 1_024
/** What is kept of a message that is read over: what it is about stands at its beginning. */
const headBytes = 1_024
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
  #refused: HalibutError | undefined
  /** Of a message that is read over. */
  #head: Buffer = nothing
  #abandoned: HalibutError | undefined
  /** A message that is too large, or for which there is no memory, is read over up to its end; else it is an error at once. */
  passesOver = false

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

  /** Why the message under way is read over, or the one that was taken last has been. */
  get refused(): HalibutError | undefined {
    return this.#refused
  }

  /** Takes the next bytes; true: the message is complete, take it. On an error nothing is held any more. */
  feed(chunk: Buffer): boolean {
    if (this.#message !== undefined) throw new Error('take the complete message before feeding the next')
    if (chunk.length === 0 && this.#left === undefined) return false
    this.#left = undefined
    if (this.#abandoned !== undefined) throw this.#abandoned
    try {
      if (this.#zlib === undefined) {
        this.#refused = undefined
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
    this.#refused = message.refused
    return message
  }

  /** Forgets what it has, for good: whatever is fed from now on throws `why`. */
  abandon(why: HalibutError): void {
    this.reset()
    this.#abandoned = why
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
    this.#refused = undefined
    this.#head = nothing
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
    const document = chunk.subarray(5, end)
    this.#checkWhole(length, document)
    return this.#complete(document, chunk, end)
  }

  /** The usual case of a deflated message: all of it is here. False: it is not, or it is long; nothing has happened then. */
  #feedWhole(chunk: Buffer): boolean {
    const zlib = leaseInflater()
    try {
      const status = zlib.step(flushMode.finish, chunk, 0, chunk.length, scratch, 0, scratch.length)
      if (status === 'corrupt') throw corrupt()
      if (status === 'incomplete' || zlib.unusedOutput === 0) return false
      const length = scratch.length - zlib.unusedOutput
      this.#checkWhole(length, scratch.subarray(0, length))
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
      const keeps = !whole && this.#refused === undefined
      if (keeps && this.#produced === this.#output.length) this.#grow()
      const output = keeps ? this.#output : scratch
      const outputAt = keeps ? this.#produced : 0
      // What follows a small document is a part of the message; what follows a large one is not, and must not be touched.
      const end = large || !(keeps || whole) ? Math.min(output.length, limit - this.#produced + outputAt) : output.length
      const room = Math.min(end - outputAt, stepBytes)
      if (keeps && !this.#reserveUpTo(this.#produced + room)) continue
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
    const keeps = this.#refused === undefined
    const document = keeps ? (this.#output.length < this.#rootLength ? this.#grow() : this.#output) : scratch
    const lastAt = keeps ? this.#produced : 0
    let at = start
    for (let given = 0; ; given = 1) {
      if (given > chunk.length - at) return this.#goOn(chunk)
      if (zlib.step(flushMode.none, chunk, at, given, document, lastAt, 1) !== 'ok') throw corrupt()
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
    const refused = this.#refused
    this.#message = { document: refused ? this.#head : document, surplus, compressedBytes: this.#compressedBytes, refused, tail }
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
      this.#checkWhole(this.#rootLength, this.#output.subarray(0, this.#produced))
    }
    this.#checkLength(this.#refused ? this.#discarded : this.#produced + this.#discarded)
  }

  /** Of a document, of which `bytes` are all or the beginning. */
  #checkWhole(length: number, bytes: Buffer): void {
    if (length > this.#options.maxMessageBytes) this.#refuse(this.#tooLarge(length), bytes)
  }

  #checkLength(length: number): void {
    const { maxMessageBytes } = this.#options
    if (length > maxMessageBytes) throw this.#tooLarge(length)
  }

  #tooLarge(length: number): HalibutError {
    const { maxMessageBytes } = this.#options
    return new HalibutError('message_too_large', `the message is ${length} bytes or more, maxMessageBytes is ${maxMessageBytes}`, {
      advice: 'send or ask for less at a time, use a data stream, or raise maxMessageBytes',
    })
  }

  /** From here on the message is read over: its output is gone, and of its memory all but the inflater’s. */
  #refuse(why: HalibutError, bytes: Buffer): void {
    if (!this.passesOver) throw why
    this.#refused = why
    this.#head = Buffer.from(bytes.subarray(0, headBytes))
    this.#output = nothing
    const surplus = this.#reserved - inflaterBytes
    if (surplus <= 0) return
    this.#reserved -= surplus
    this.#options.release?.(surplus)
  }

  /** For the inflater, and for this much of the output. False: there is no memory for it, and the message is read over from now on. */
  #reserveUpTo(outputBytes: number): boolean {
    const missing = inflaterBytes + outputBytes - this.#reserved
    if (missing <= 0) return true
    try {
      this.#options.reserve?.(missing)
    } catch (why) {
      if (this.#zlib === undefined || !(why instanceof HalibutError)) throw why
      this.#refuse(why, this.#output.subarray(0, this.#produced))
      return false
    }
    this.#reserved += missing
    return true
  }
}

function corrupt(): HalibutError {
  return new HalibutError('protocol_error', 'The archive entry was compressed using an unsupported compression method.', {
    dotnetType: 'System.IO.InvalidDataException',
  })
}
