import { HalibutError } from '../base/errors.ts'
import { binarySubtype, bsonType } from './bson-types.ts'
import { writeGuid } from './guid.ts'

const initialCapacity = 4 * 1024
/** A document up to this size is copied out and the buffer kept for the next one; a larger one takes its buffer with it. */
const keptCapacity = 64 * 1024
/** A BSON length is a signed 32-bit number. */
const maxDocumentBytes = 0x7fff_ffff
/** Up to here a JavaScript loop beats the call into native code. */
const shortStringLength = 32

const int64Min = -(2n ** 63n)
const int64Max = 2n ** 63n - 1n

const float = new Float64Array(1)
const floatBytes = new Uint8Array(float.buffer)

/**
 * Writes one BSON document after another: `startRoot`, elements, `finish`. The instance keeps its buffer, so one serves a whole runtime
 * (encoding never waits). A value that BSON cannot hold throws `serialization_failed`; the next `startRoot` begins afresh.
 */
export class BsonWriter {
  #buffer = Buffer.allocUnsafeSlow(initialCapacity)
  #at = 0
  readonly #starts: number[] = []
  #depth = 0

  startRoot(): void {
    this.#starts[0] = 0
    this.#depth = 1
    this.#at = 4
  }

  /** Ends the root and returns it; the caller owns the bytes. Throws when a nested document was left open. */
  finish(): Buffer {
    if (this.#depth !== 1) throw new HalibutError('serialization_failed', `${this.#depth - 1} nested documents are still open`)
    this.#close()
    const length = this.#at
    if (length <= keptCapacity) {
      const document = Buffer.allocUnsafe(length)
      this.#buffer.copy(document, 0, 0, length)
      if (this.#buffer.length > keptCapacity * 2) this.#buffer = Buffer.allocUnsafeSlow(initialCapacity)
      return document
    }
    const document = this.#buffer.subarray(0, length)
    this.#buffer = Buffer.allocUnsafeSlow(initialCapacity)
    return document
  }

  startDocument(name: string): void {
    this.#start(bsonType.document, name)
  }

  startArray(name: string): void {
    this.#start(bsonType.array, name)
  }

  /** Ends the document or array that was started last. */
  end(): void {
    if (this.#depth < 2) throw new HalibutError('serialization_failed', 'no nested document is open')
    this.#close()
  }

  /** A lone surrogate becomes U+FFFD, as .NET writes it. */
  string(name: string, value: string): void {
    const length = value.length
    if (length <= shortStringLength) {
      this.#element(bsonType.string, name, 5 + length * 3)
      const start = this.#at + 4
      const end = this.#shortText(start, value)
      this.#int32At(start - 4, end - start + 1)
      this.#buffer[end] = 0
      this.#at = end + 1
      return
    }
    // 3 bytes a UTF-16 unit is the most there can be; a long string is measured, so that 40 MB do not ask for 120.
    const most = length <= 4096 ? length * 3 : Buffer.byteLength(value, 'utf8')
    this.#element(bsonType.string, name, 5 + most)
    const start = this.#at + 4
    const written = this.#buffer.write(value, start, most, 'utf8')
    this.#int32At(start - 4, written + 1)
    this.#buffer[start + written] = 0
    this.#at = start + written + 1
  }

  int32(name: string, value: number): void {
    if ((value | 0) !== value) throw new HalibutError('serialization_failed', `${value} of '${name}' does not fit an int32`)
    this.#element(bsonType.int32, name, 4)
    this.#int32At(this.#at, value)
    this.#at += 4
  }

  /** A number must be a safe integer. */
  int64(name: string, value: bigint | number): void {
    this.#element(bsonType.int64, name, 8)
    this.#int64(name, value)
  }

  /** NaN goes out with its sign bit set, as .NET writes it. */
  double(name: string, value: number): void {
    this.#element(bsonType.double, name, 8)
    const buffer = this.#buffer
    const at = this.#at
    float[0] = value
    for (let i = 0; i < 8; i++) buffer[at + i] = floatBytes[i] as number
    if (Number.isNaN(value)) {
      buffer[at + 6] = 0xf8
      buffer[at + 7] = 0xff
    }
    this.#at = at + 8
  }

  bool(name: string, value: boolean): void {
    this.#element(bsonType.bool, name, 1)
    this.#buffer[this.#at++] = value ? 1 : 0
  }

  null(name: string): void {
    this.#element(bsonType.null, name, 0)
  }

  /** Milliseconds since 1970, UTC. */
  date(name: string, ms: bigint | number): void {
    this.#element(bsonType.date, name, 8)
    this.#int64(name, ms)
  }

  binary(name: string, subtype: number, bytes: Uint8Array): void {
    this.#element(bsonType.binary, name, 5 + bytes.length)
    this.#int32At(this.#at, bytes.length)
    this.#buffer[this.#at + 4] = subtype
    this.#buffer.set(bytes, this.#at + 5)
    this.#at += 5 + bytes.length
  }

  /** A GUID given as text 8-4-4-4-12: binary of subtype 4 in .NET byte order. */
  guid(name: string, text: string): void {
    this.#element(bsonType.binary, name, 21)
    this.#int32At(this.#at, 16)
    this.#buffer[this.#at + 4] = binarySubtype.guid
    if (!writeGuid(this.#buffer, this.#at + 5, text)) {
      throw new HalibutError('serialization_failed', `'${text.slice(0, 64)}' of '${name}' is not a GUID of the form 8-4-4-4-12`)
    }
    this.#at += 21
  }

  #start(type: number, name: string): void {
    this.#element(type, name, 4)
    this.#starts[this.#depth++] = this.#at
    this.#at += 4
  }

  #close(): void {
    const start = this.#starts[--this.#depth] as number
    this.#reserve(1)
    this.#buffer[this.#at++] = 0
    this.#int32At(start, this.#at - start)
  }

  /** Type byte and name, with room for `valueBytes` after them. */
  #element(type: number, name: string, valueBytes: number): void {
    if (this.#depth === 0) throw new HalibutError('serialization_failed', 'startRoot has not been called')
    this.#reserve(2 + name.length * 3 + valueBytes)
    const buffer = this.#buffer
    buffer[this.#at++] = type
    let at = this.#at
    for (let i = 0; i < name.length; i++) {
      const code = name.charCodeAt(i)
      if (code > 0x7f) {
        at = this.#wideName(name)
        break
      }
      if (code === 0) throw nulInName(name)
      buffer[at++] = code
    }
    buffer[at] = 0
    this.#at = at + 1
  }

  #wideName(name: string): number {
    if (name.includes('\0')) throw nulInName(name)
    return this.#at + this.#buffer.write(name, this.#at, name.length * 3, 'utf8')
  }

  /** Writes text without its length; returns where it ends. */
  #shortText(start: number, text: string): number {
    const buffer = this.#buffer
    let at = start
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code > 0x7f) return start + buffer.write(text, start, text.length * 3, 'utf8')
      buffer[at++] = code
    }
    return at
  }

  #int32At(at: number, value: number): void {
    const buffer = this.#buffer
    buffer[at] = value
    buffer[at + 1] = value >>> 8
    buffer[at + 2] = value >>> 16
    buffer[at + 3] = value >>> 24
  }

  #int64(name: string, value: bigint | number): void {
    if (typeof value === 'number') {
      if (!Number.isSafeInteger(value)) throw new HalibutError('serialization_failed', `${value} of '${name}' is not a safe integer`)
      this.#int32At(this.#at, (value % 0x1_0000_0000) | 0)
      this.#int32At(this.#at + 4, Math.floor(value / 0x1_0000_0000) | 0)
    } else {
      if (value < int64Min || value > int64Max)
        throw new HalibutError('serialization_failed', `${value} of '${name}' does not fit an int64`)
      this.#buffer.writeBigInt64LE(value, this.#at)
    }
    this.#at += 8
  }

  #reserve(bytes: number): void {
    const needed = this.#at + bytes
    if (needed > this.#buffer.length) this.#grow(needed)
  }

  #grow(needed: number): void {
    if (needed > maxDocumentBytes) {
      throw new HalibutError(
        'message_too_large',
        `a message of ${needed} bytes or more does not fit BSON, whose lengths end at ${maxDocumentBytes}`,
      )
    }
    // One terminator a level is still to come; without the slack a large string would be followed by a copy of everything for one byte.
    const capacity = Math.max(needed + 256, this.#buffer.length < 4 * 1024 * 1024 ? this.#buffer.length * 2 : this.#buffer.length * 1.5)
    const grown = Buffer.allocUnsafeSlow(Math.min(Math.ceil(capacity), maxDocumentBytes))
    this.#buffer.copy(grown, 0, 0, this.#at)
    this.#buffer = grown
  }
}

function nulInName(name: string): HalibutError {
  return new HalibutError('serialization_failed', `the name ${JSON.stringify(name.slice(0, 64))} contains NUL, which BSON cannot hold`)
}
