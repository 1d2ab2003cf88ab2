import { HalibutError } from '../base/errors.ts'
import { bsonType } from './bson-types.ts'

/** What a document may cost its reader. */
export interface BsonReaderLimits {
  /** Nested documents and arrays, the root counted. */
  readonly maxDepth: number
  /** Elements in all documents together. */
  readonly maxElements: number
  /** Members of one object that is kept by name, entries of one dictionary or set. */
  readonly maxMembers: number
}

/** A place in a document that {@link BsonReader.seek} goes back to. */
export interface Mark {
  readonly type: number
  readonly start: number
  readonly nameEnd: number
  readonly pending: boolean
  readonly ends: readonly number[]
}

/** Going back re-reads elements; together no more than this many times the elements a document may have. */
const maxReadings = 4

/** From this size on a document or array is read in parts. */
const largeFrom = 16 * 1024
/** Of a longer string so much is decoded at a time. */
const textPiece = 256 * 1024
/** So many elements, or bytes, are read between two places where reading may pause. */
const elementsAtOnce = 128
const bytesAtOnce = 256 * 1024

/** A longer name is no member’s and no key’s: it is found, compared and kept whole. */
const maxNameLength = 1024 * 1024
/** From here on the end of a name is looked for by machine. */
const shortName = 64

/** What an element costs that is kept: its place in what holds it, and a small value. */
const elementBytes = 24

/** What holds the bytes of a binary. */
const binaryBytes = 96

/** Binary subtype 2. */
const oldBinary = 2

/**
 * Names and short strings recur from message to message (`$type`, `params`, a service’s name): they are made once. For the row “message
 * codec”: without the table a small message takes 27 % longer.
 */
const internedTexts: ({ readonly bytes: Uint8Array; readonly text: string } | undefined)[] = new Array(2048).fill(undefined)
const maxInternedLength = 64

const float = new Float64Array(1)
const floatBytes = new Uint8Array(float.buffer)

/**
 * A cursor over one BSON document. Nothing is decoded that is not asked for, and no tree is built. Every length is checked against the
 * document around it, and elements and depth are counted; what is wrong throws `protocol_error`, what is too much `message_too_large`.
 * What the values made of it cost is counted too, so that whoever keeps them can be charged. Bytes after the root document are ignored (spec §4.3).
 *
 *     reader.enter()
 *     while (reader.next()) switch (reader.name) { case 'id': id = reader.string() … }
 */
export class BsonReader {
  readonly #bytes: Buffer
  readonly #limits: BsonReaderLimits
  /** Where each entered document ends: the offset of its terminating NUL. */
  readonly #ends: number[] = []
  #depth = 0
  #rootEntered = false
  /** The first byte not yet read. While a value is pending: its first byte. */
  #at = 0
  #type = 0
  /** The current element: its type byte, and the NUL that ends its name. */
  #start = 0
  #nameEnd = 0
  #pending = false
  #elements = 0
  #readings = 0
  #furthest = -1
  #pausedAt = 0
  #pausedAtByte = 0
  #made = 0
  /** The text of the last long string that was decoded before it is read; it may be read twice. */
  #decoded: { readonly at: number; readonly text: string } | undefined

  constructor(document: Uint8Array, limits: BsonReaderLimits) {
    this.#bytes = Buffer.isBuffer(document) ? document : Buffer.from(document.buffer, document.byteOffset, document.byteLength)
    this.#limits = limits
  }

  /** The current element’s type byte. */
  get type(): number {
    return this.#type
  }

  /** The current element’s name. */
  get name(): string {
    return shortText(this.#bytes, this.#start + 1, this.#nameEnd)
  }

  /** Whether the current element is a document or an array that is to be read in parts. */
  get large(): boolean {
    if (!this.#pending || (this.#type !== bsonType.document && this.#type !== bsonType.array)) return false
    const at = this.#at
    return at + 4 < (this.#ends[this.#depth - 1] as number) && this.#bytes.readInt32LE(at) >= largeFrom
  }

  /** About how many bytes of memory the values read so far take. */
  get cost(): number {
    return this.#elements * elementBytes + this.#made
  }

  /** Adds to {@link cost} what the reader of a value makes beside the values inside. */
  makes(bytes: number): void {
    this.#made += bytes
  }

  /** Whoever keeps members or entries by name or by value has `count` of them. @throws {HalibutError} `message_too_large` */
  holds(count: number): void {
    const { maxMembers } = this.#limits
    if (count <= maxMembers) return
    throw new HalibutError(
      'message_too_large',
      `an object, a dictionary or a set has more than the ${maxMembers} members allowed (maxMessageMembers)`,
      {
        advice: 'send or ask for less at a time, use a list, or raise maxMessageMembers',
      },
    )
  }

  /** Whether so much was read since the last time this was true that others may wait for their turn. */
  mayPause(): boolean {
    if (this.#readings - this.#pausedAt < elementsAtOnce && this.#at - this.#pausedAtByte < bytesAtOnce) return false
    this.#pausedAt = this.#readings
    this.#pausedAtByte = this.#at
    return true
  }

  /** Goes into the root document (the first time), or into the current element, which must be a document or an array. */
  enter(): void {
    if (this.#rootEntered) {
      this.#take(this.#type === bsonType.array ? bsonType.array : bsonType.document)
      this.#push((this.#ends[this.#depth - 1] as number) - this.#at)
    } else {
      this.#rootEntered = true
      this.#push(this.#bytes.length)
    }
  }

  /** Goes to the next element of the document entered last; false at its end, which leaves that document. */
  next(): boolean {
    if (this.#pending) this.skip()
    const end = this.#ends[this.#depth - 1]
    if (end === undefined) return false
    const bytes = this.#bytes
    const start = this.#at
    if (start >= end) {
      this.#depth--
      this.#at = end + 1
      return false
    }
    let at = start + 1
    const soon = Math.min(end, at + shortName)
    while (at < soon && bytes[at] !== 0) at++
    if (at === soon && at > start + 1) at = endOfLongName(bytes, at, end)
    // A name that ends at the terminator leaves no room for it, and a value needs its bytes before it.
    if (at >= end) throw malformed('Read past end of current container context.')
    this.#count(start)
    this.#type = bytes[start] as number
    this.#start = start
    this.#nameEnd = at
    this.#at = at + 1
    this.#pending = true
    return true
  }

  /** Also of JavaScript code and of a symbol, which are read as strings (spec §4.6.1). */
  string(): string {
    this.#take(this.#type === bsonType.code || this.#type === bsonType.symbol ? this.#type : bsonType.string)
    return this.#text()
  }

  int32(): number {
    this.#take(bsonType.int32)
    return this.#int32()
  }

  /** Also of a timestamp, which is read as an integer (spec §4.6.1). */
  int64(): bigint {
    this.#take(this.#type === bsonType.timestamp ? bsonType.timestamp : bsonType.int64)
    return this.#bytes.readBigInt64LE(this.#advance(8))
  }

  double(): number {
    this.#take(bsonType.double)
    const at = this.#advance(8)
    for (let i = 0; i < 8; i++) floatBytes[i] = this.#bytes[at + i] as number
    return float[0] as number
  }

  bool(): boolean {
    this.#take(bsonType.bool)
    return this.#bytes[this.#advance(1)] !== 0
  }

  /** Milliseconds since 1970, UTC. */
  dateMs(): bigint {
    this.#take(bsonType.date)
    return this.#bytes.readBigInt64LE(this.#advance(8))
  }

  /** The 12 bytes are a view of the document. */
  objectId(): Buffer {
    this.#take(bsonType.objectId)
    const at = this.#advance(12)
    return this.#bytes.subarray(at, at + 12)
  }

  /** The bytes are a view of the document. */
  binary(): { subtype: number; bytes: Buffer } {
    this.#take(bsonType.binary)
    const length = this.#int32()
    if (length < 0) throw malformed(`A binary’s length is ${length}.`)
    this.#made += binaryBytes + length
    const subtype = this.#bytes[this.#advance(1)] as number
    const at = this.#advance(length)
    if (subtype !== oldBinary) return { subtype, bytes: this.#bytes.subarray(at, at + length) }
    // The old generic subtype has its length once more inside.
    if (length < 4 || this.#bytes.readInt32LE(at) !== length - 4) throw malformed('An old binary’s two lengths do not fit each other.')
    return { subtype, bytes: this.#bytes.subarray(at + 4, at + length) }
  }

  /** The bytes of a {@link binary} for whoever keeps them: a copy, unless they are most of a large document, which is then kept with them. */
  own(bytes: Buffer): Buffer {
    return bytes.length > bytesAtOnce && bytes.length * 2 > this.#bytes.length ? bytes : Buffer.from(bytes)
  }

  /** Passes over the current value, whatever its type, and checks it on the way: lengths, depth and count hold for it too. */
  skip(): void {
    if (!this.#pending) return
    if (this.#type === bsonType.document || this.#type === bsonType.array) {
      const outer = this.#depth
      this.enter()
      while (this.#depth > outer) {
        if (this.next() && (this.#type === bsonType.document || this.#type === bsonType.array)) this.enter()
      }
      return
    }
    this.#pending = false
    this.#skipScalar()
  }

  /** Passes over what is large by its length alone: it was marked, and is read later. */
  leap(): void {
    this.enter()
    this.#at = (this.#ends[--this.#depth] as number) + 1
  }

  /** {@link skip} of what is large, in parts. */
  *skipInParts(): Generator<undefined, void, undefined> {
    const outer = this.#depth
    this.enter()
    while (this.#depth > outer) {
      if (this.next() && (this.#type === bsonType.document || this.#type === bsonType.array)) this.enter()
      if (this.mayPause()) yield
    }
  }

  /** Whether the current element is a string so long that it is to be decoded in parts, before it is read. */
  get longText(): boolean {
    const type = this.#type
    if (!this.#pending || (type !== bsonType.string && type !== bsonType.code && type !== bsonType.symbol)) return false
    const at = this.#at
    return at + 4 < (this.#ends[this.#depth - 1] as number) && this.#bytes.readInt32LE(at) > textPiece
  }

  /** Decodes the current element, a {@link longText}, in parts; reading it then gives that. */
  *decodeText(): Generator<undefined, void, undefined> {
    const mark = this.mark()
    this.#pending = false
    const length = this.#int32()
    const start = this.#advance(length)
    const end = start + length - 1
    let text = ''
    for (let at = start; at < end; ) {
      const next = characterBefore(this.#bytes, Math.min(at + textPiece, end), end)
      text += this.#bytes.toString('utf8', at, next)
      at = next
      yield
    }
    this.seek(mark)
    this.#decoded = { at: start, text }
  }

  /** Remembers the current element, for {@link seek}. */
  mark(): Mark {
    return {
      type: this.#type,
      start: this.#start,
      nameEnd: this.#nameEnd,
      pending: this.#pending,
      ends: this.#ends.slice(0, this.#depth),
    }
  }

  /** Goes back to a marked element, whose value was not read then. */
  seek(mark: Mark): void {
    this.#type = mark.type
    this.#start = mark.start
    this.#nameEnd = mark.nameEnd
    this.#at = mark.nameEnd + 1
    this.#pending = mark.pending
    this.#depth = mark.ends.length
    for (let i = 0; i < mark.ends.length; i++) this.#ends[i] = mark.ends[i] as number
    if (this.#pausedAtByte > this.#at) this.#pausedAtByte = this.#at
  }

  /** Begins to read the current value, which must be of `type`. */
  #take(type: number): void {
    if (!this.#pending || this.#type !== type) {
      throw malformed(`The element '${this.#rootEntered ? this.name : ''}' has BSON type ${this.#type}, not ${type}.`)
    }
    this.#pending = false
  }

  /** Enters the document that starts here and may take `room` bytes. */
  #push(room: number): void {
    if (this.#depth >= this.#limits.maxDepth) {
      throw new HalibutError('protocol_error', `The reader's MaxDepth of ${this.#limits.maxDepth} has been exceeded.`, {
        dotnetType: 'Newtonsoft.Json.JsonReaderException',
      })
    }
    if (room < 5) throw malformed('Unexpected end when deserializing object.')
    const start = this.#at
    const length = this.#bytes.readInt32LE(start)
    if (length < 5) throw malformed('Read past end of current container context.')
    if (length > room) throw malformed('Unexpected end when deserializing object.')
    const end = start + length - 1
    if (this.#bytes[end] !== 0) throw malformed('Unexpected end of object byte value.')
    this.#ends[this.#depth++] = end
    this.#at = start + 4
  }

  #count(start: number): void {
    if (start > this.#furthest) {
      this.#furthest = start
      if (++this.#elements > this.#limits.maxElements) throw tooMany(this.#limits.maxElements)
    }
    if (++this.#readings > this.#limits.maxElements * maxReadings) throw tooMany(this.#limits.maxElements)
  }

  /** Passes over `bytes` and returns where they begin. */
  #advance(bytes: number): number {
    const at = this.#at
    if (bytes > (this.#ends[this.#depth - 1] as number) - at) throw malformed('Read past end of current container context.')
    this.#at = at + bytes
    return at
  }

  #int32(): number {
    const at = this.#advance(4)
    const bytes = this.#bytes
    return (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)
  }

  /** Length, bytes, and one byte that should be NUL but need not be (spec §4.3). */
  #text(): string {
    const length = this.#int32()
    if (length < 1) throw malformed(`A string’s length is ${length}.`)
    const at = this.#advance(length)
    const end = at + length - 1
    if (length <= maxInternedLength) return shortText(this.#bytes, at, end)
    this.#made += length
    const decoded = this.#decoded
    if (decoded?.at === at) return decoded.text
    try {
      return this.#bytes.toString('utf8', at, end)
    } catch (cause) {
      throw new HalibutError('message_too_large', `a string of ${length} bytes is longer than JavaScript can hold`, { cause })
    }
  }

  #skipScalar(): void {
    switch (this.#type) {
      case bsonType.null:
      case bsonType.undefined:
      case bsonType.minKey:
      case bsonType.maxKey:
        return
      case bsonType.bool:
        this.#advance(1)
        return
      case bsonType.int32:
        this.#advance(4)
        return
      case bsonType.double:
      case bsonType.date:
      case bsonType.int64:
      case bsonType.timestamp:
        this.#advance(8)
        return
      case bsonType.objectId:
        this.#advance(12)
        return
      case bsonType.decimal128:
        this.#advance(16)
        return
      case bsonType.string:
      case bsonType.code:
      case bsonType.symbol:
        this.#skipCounted(1, 0)
        return
      case bsonType.binary:
        this.#skipCounted(0, 1)
        return
      case bsonType.dbPointer:
        this.#skipCounted(1, 12)
        return
      case bsonType.codeWithScope:
        // The length counts itself, and at least an empty string and an empty document.
        this.#skipCounted(14, -4)
        return
      case bsonType.regex:
        this.#skipToNul()
        this.#skipToNul()
        return
      default:
        throw malformed(`The element '${this.name}' has the unknown BSON type ${this.#type}.`)
    }
  }

  #skipCounted(least: number, extra: number): void {
    const length = this.#int32()
    if (length < least) throw malformed(`A value’s length is ${length}.`)
    this.#advance(length + extra)
  }

  #skipToNul(): void {
    const end = this.#ends[this.#depth - 1] as number
    let at = this.#at
    while (at < end && this.#bytes[at] !== 0) at++
    if (at >= end) throw malformed('Read past end of current container context.')
    this.#at = at + 1
  }
}

/** Text of a few bytes: from the table when it was met before. A table that others can fill only makes a miss, never a wrong text. */
function shortText(bytes: Buffer, start: number, end: number): string {
  const length = end - start
  if (length > maxInternedLength) return bytes.toString('utf8', start, end)
  let hash = length
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0
  const slot = (hash ^ (hash >>> 11)) & (internedTexts.length - 1)
  const known = internedTexts[slot]
  if (known !== undefined && known.bytes.length === length) {
    const knownBytes = known.bytes
    let i = 0
    while (i < length && knownBytes[i] === bytes[start + i]) i++
    if (i === length) return known.text
  }
  const text = bytes.toString('utf8', start, end)
  internedTexts[slot] = { bytes: Uint8Array.prototype.slice.call(bytes, start, end), text }
  return text
}

/** The NUL that ends a name of more than a few bytes. */
function endOfLongName(bytes: Buffer, at: number, end: number): number {
  const found = bytes.indexOf(0, at)
  if (found < 0 || found >= end) throw malformed('Unexpected end of the document in an element’s name.')
  if (found - at > maxNameLength) {
    throw new HalibutError('message_too_large', `the name of an element has ${found - at} bytes or more, ${maxNameLength} are allowed`)
  }
  return found
}

/** Where a character begins, at `at` or up to three bytes before: so that none is cut. */
function characterBefore(bytes: Buffer, at: number, end: number): number {
  let start = at
  while (at < end && start > at - 3 && ((bytes[start] as number) & 0xc0) === 0x80) start--
  return start
}

function malformed(message: string): HalibutError {
  return new HalibutError('protocol_error', message, { dotnetType: 'Newtonsoft.Json.JsonReaderException' })
}

function tooMany(limit: number): HalibutError {
  return new HalibutError('message_too_large', `a message holds more than the ${limit} elements allowed (maxMessageElements)`, {
    advice: 'send or ask for less at a time, or raise maxMessageElements',
  })
}
