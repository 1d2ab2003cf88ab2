import { isTyped } from '@halibut-gateway/schemas/contract'
import { type BsonReader, bsonType } from './bson.ts'
import { bytes } from './bytes-values.ts'
import {
  type ClrType,
  clrType,
  type DecodeContext,
  encodeStated,
  type Filling,
  type Materialised,
  materialisedNull,
  type Parts,
  readFailed,
  refuse,
  refuseValue,
} from './clr-type.ts'
import type { TypeOf } from './collection-values.ts'
import { fromResultOf } from './convert-result.ts'
import { DataStream } from './data-stream.ts'
import { dataStreamType } from './data-stream-values.ts'
import { readDate } from './date-values.ts'
import { guidFromBytes } from './guid.ts'
import { bodyInParts, fillInParts } from './read-in-parts.ts'
import { readMetadata } from './read-metadata.ts'
import { scalarTypes } from './scalar-values.ts'
import { systemType } from './type-names.ts'

const { int64, double, string, bool, dateTime, guid } = scalarTypes

/** A document or array without a type: .NET’s JSON object or array, which binds to nothing. */
const untypedObject = untyped('Newtonsoft.Json.Linq.JObject')
const untypedArray = untyped('Newtonsoft.Json.Linq.JArray')

function untyped(name: string): ClrType {
  const type: ClrType = clrType({
    name: systemType(name),
    node: 'object',
    reference: true,
    encode: () => refuse('a document without a type cannot be sent: say its type with typed(…)'),
    readTyped: reader => readUntyped(reader),
    large: { read: readUntypedInParts },
    fromResult: fromResultOf(() => type),
  })
  return type
}

/** True for the run-time type of a document or array that came without one. */
function isUntyped(type: ClrType): boolean {
  return type === untypedObject || type === untypedArray
}

/** Reads the current element as .NET reads one into an object slot (spec §4.6.1). */
export function materialise(reader: BsonReader, context: DecodeContext): Materialised {
  switch (reader.type) {
    case bsonType.int64:
    case bsonType.timestamp:
      return of(int64, reader.int64())
    case bsonType.int32:
      return of(int64, BigInt(reader.int32()))
    case bsonType.string:
    case bsonType.code:
    case bsonType.symbol:
      return of(string, reader.string())
    case bsonType.double:
      return of(double, reader.double())
    case bsonType.bool:
      return of(bool, reader.bool())
    case bsonType.null:
    case bsonType.undefined:
      return materialisedNull
    case bsonType.date:
      return of(dateTime, readDate(reader))
    case bsonType.binary:
      return materialiseBinary(reader)
    case bsonType.objectId:
      return of(bytes, Buffer.from(reader.objectId()))
    case bsonType.document:
      return materialiseDocument(reader, context)
    case bsonType.array:
      return of(untypedArray, readUntyped(reader))
    case bsonType.regex:
    case bsonType.codeWithScope:
    case bsonType.dbPointer:
      return of(untypedObject, null)
    default:
      return readFailed(`Unexpected BsonType value: ${reader.type} (Parameter 'type')`, 'System.ArgumentOutOfRangeException')
  }
}

/** {@link materialise} of what is large. */
export function* materialiseInParts(reader: BsonReader, context: DecodeContext): Parts<Materialised> {
  if (reader.longText) yield* reader.decodeText()
  if (!reader.large) return materialise(reader, context)
  if (reader.type === bsonType.array) return of(untypedArray, yield* readUntypedInParts(reader, context))
  reader.enter()
  const { type, tagged, pending } = readMetadata(reader, context, anything)
  if (tagged) return of(type, yield* bodyInParts(type, reader, context, pending))
  return of(untypedObject, yield* fillInParts(new MembersOf(untypedObject, reader), reader, noTypes, pending))
}

function of(type: ClrType, value: unknown): Materialised {
  return { clrType: type.shortName, type, value }
}

function materialiseBinary(reader: BsonReader): Materialised {
  const { subtype, bytes: wire } = reader.binary()
  if (subtype !== 4) return of(bytes, reader.own(wire))
  if (wire.length !== 16) readFailed("Byte array for Guid must be exactly 16 bytes long. (Parameter 'b')", 'System.ArgumentException')
  return of(guid, guidFromBytes(wire))
}

function materialiseDocument(reader: BsonReader, context: DecodeContext): Materialised {
  reader.enter()
  const { type, tagged, pending } = readMetadata(reader, context, anything)
  if (tagged) return of(type, type.readBody(reader, context, pending))
  return of(untypedObject, readUntypedMembers(reader, pending))
}

/** The declared type of an object slot: every type fits. */
const anything: ClrType = clrType({
  name: systemType('System.Object'),
  node: 'object',
  reference: true,
  assignableFrom: () => true,
  encode: () => refuse('an object slot is written by objectSlotType'),
  readTyped: () => null,
  fromResult: () => null,
})

/** Values without a type: scalars as in an object slot, documents as null-prototype objects. `$type` inside means nothing. */
function readUntyped(reader: BsonReader): unknown {
  if (reader.type === bsonType.document) {
    reader.enter()
    return readUntypedMembers(reader, reader.next())
  }
  if (reader.type === bsonType.array) {
    const items: unknown[] = []
    reader.makes(arrayBytes)
    reader.enter()
    while (reader.next()) items.push(readUntyped(reader))
    return items
  }
  return natural(materialise(reader, noTypes))
}

/** {@link readUntyped} of what is large. */
function* readUntypedInParts(reader: BsonReader, context: DecodeContext): Parts<unknown> {
  const isArray = reader.type === bsonType.array
  reader.enter()
  const filling = isArray ? new ItemsOf(untypedArray, reader) : new MembersOf(untypedObject, reader)
  return yield* fillInParts(filling, reader, context, reader.next())
}

/** What an array of a few items takes beside them, an object without prototype, and each of its members. */
const arrayBytes = 160
const objectBytes = 184
const memberBytes = 24

/** The items of an array that are all read as one type. */
class ItemsOf implements Filling {
  readonly place = undefined
  readonly #type: ClrType
  readonly #items: unknown[] = []

  constructor(type: ClrType, reader: BsonReader) {
    this.#type = type
    reader.makes(arrayBytes)
  }

  at(): ClrType {
    return this.#type
  }

  put(value: unknown): void {
    this.#items.push(value)
  }

  end(): unknown {
    return this.#items
  }
}

/** The members of a document that are all read as one type. */
class MembersOf implements Filling {
  readonly place = undefined
  readonly #type: ClrType
  readonly #value: Record<string, unknown> = Object.create(null)
  #name = ''
  #count = 0

  constructor(type: ClrType, reader: BsonReader) {
    this.#type = type
    reader.makes(objectBytes)
  }

  at(reader: BsonReader): ClrType {
    reader.holds(++this.#count)
    this.#name = memberName(reader)
    return this.#type
  }

  put(value: unknown): void {
    this.#value[this.#name] = value
  }

  end(): unknown {
    return this.#value
  }
}

/** The name of the current element as a member of an object without prototype. */
function memberName(reader: BsonReader): string {
  const { name } = reader
  reader.makes(memberBytes + name.length)
  return name
}

const noTypes: DecodeContext = {
  streams: [],
  maxStreams: 0,
  resolve: () => readFailed('no types here'),
  trace: undefined,
}

function readUntypedMembers(reader: BsonReader, pending: boolean): unknown {
  const value: Record<string, unknown> = Object.create(null)
  reader.makes(objectBytes)
  for (let more = pending; more; more = reader.next()) value[memberName(reader)] = readUntyped(reader)
  return value
}

/**
 * A type that is named and not known, where nobody has said what to expect: its members are read as plain data. Whatever was named stays
 * unused.
 */
export const unknownType: ClrType = clrType({
  name: systemType('System.Object'),
  node: 'object',
  reference: true,
  encode: () => refuse('a value of an unknown type cannot be sent'),
  readTyped: (reader, context) => readPlain(reader, context),
  readBody: readPlainBody,
  large: { read: readPlainInParts, body: reader => new PlainBody(reader) },
  fromResult: result => natural(result),
})

function readPlain(reader: BsonReader, context: DecodeContext): unknown {
  if (reader.type === bsonType.document) {
    reader.enter()
    return readPlainBody(reader, context, reader.next())
  }
  if (reader.type !== bsonType.array) return natural(materialise(reader, context))
  const items: unknown[] = []
  reader.makes(arrayBytes)
  reader.enter()
  while (reader.next()) items.push(readPlain(reader, context))
  return items
}

function* readPlainInParts(reader: BsonReader, context: DecodeContext): Parts<unknown> {
  const isArray = reader.type === bsonType.array
  reader.enter()
  const filling = isArray ? new ItemsOf(unknownType, reader) : new PlainBody(reader)
  return yield* fillInParts(filling, reader, context, reader.next())
}

/** A list whose type was said stands in `$values`. */
function readPlainBody(reader: BsonReader, context: DecodeContext, pending: boolean): unknown {
  const body = new PlainBody(reader)
  for (let more = pending; more; more = reader.next()) {
    body.at(reader)
    body.put(readPlain(reader, context))
  }
  return body.end()
}

class PlainBody implements Filling {
  readonly place = undefined
  readonly #value: Record<string, unknown> = Object.create(null)
  #name = ''
  #count = 0
  #list: unknown

  constructor(reader: BsonReader) {
    reader.makes(objectBytes)
  }

  at(reader: BsonReader): ClrType {
    reader.holds(++this.#count)
    this.#name = memberName(reader)
    return unknownType
  }

  put(item: unknown): void {
    if (this.#name === '$values') this.#list = item
    else if (this.#name !== '$type' && this.#name !== '$id') this.#value[this.#name] = item
  }

  end(): unknown {
    return this.#list ?? this.#value
  }
}

/** Types whose values need no word about their type in an object slot. */
const naturalKeys: ReadonlySet<string> = new Set([int64, double, string, bool, dateTime, bytes, dataStreamType].map(type => type.key))

/** What was found in an object slot, with its type where the value alone does not tell it. */
function natural(it: Materialised): unknown {
  if (it.type === undefined) return null
  return naturalKeys.has(it.type.key) || isUntyped(it.type) ? it.value : { $type: it.type.node, $value: it.value }
}

/** System.Object as a member or an item: any value whose type is plain, or said. */
export function objectSlotType(typeOf: TypeOf): ClrType {
  const type: ClrType = clrType({
    name: systemType('System.Object'),
    node: 'object',
    reference: true,
    open: () => true,
    assignableFrom: () => true,
    encode(writer, name, value, _slot, context) {
      if (isTyped(value)) encodeStated(typeOf(value.$type), writer, name, value.$value, 'object', context)
      else if (value === null || value === undefined) writer.null(name)
      else naturalType(value).encode(writer, name, value, 'object', context)
    },
    readTyped: (reader, context) => natural(materialise(reader, context)),
    large: {
      *read(reader, context) {
        return natural(yield* materialiseInParts(reader, context))
      },
    },
    fromResult: result => natural(result),
  })
  return type
}

/** The type that a value has by itself. */
function naturalType(value: unknown): ClrType {
  switch (typeof value) {
    case 'string':
      return string
    case 'bigint':
      return int64
    case 'number':
      return double
    case 'boolean':
      return bool
    default:
      if (value instanceof Date) return dateTime
      if (value instanceof Uint8Array) return bytes
      if (value instanceof DataStream) return dataStreamType
      return refuseValue('a value with its type: typed(…)', value)
  }
}

/** An argument without a contract: like an object slot, but a whole number is a long, which is what parameters bind to. */
export function untypedArgumentType(typeOf: TypeOf): ClrType {
  const slot = objectSlotType(typeOf)
  return {
    ...slot,
    encode(writer, name, value, _slot, context) {
      const type = typeof value === 'number' && Number.isSafeInteger(value) && !Object.is(value, -0) ? int64 : slot
      type.encode(writer, name, value, 'object', context)
    },
  }
}

/** A value of a message without a contract, in plain JavaScript: small integers as numbers, no word about types. */
export function toUntyped(it: Materialised): unknown {
  return simplify(it.value)
}

const itemsAtOnce = 1024

/** {@link toUntyped} of what may be large. */
export function* toUntypedInParts(it: Materialised): Parts<unknown> {
  return yield* simplifyInParts(it.value)
}

function* simplifyInParts(value: unknown): Parts<unknown> {
  if (typeof value !== 'object' || value === null) return simplify(value)
  yield
  if (Array.isArray(value)) {
    const items: unknown[] = []
    for (const item of value) {
      if (items.length % itemsAtOnce === 0) yield
      items.push(typeof item === 'object' ? yield* simplifyInParts(item) : simplify(item))
    }
    return items
  }
  if (isTyped(value)) return yield* simplifyInParts(value.$value)
  if (value instanceof Map) {
    const map = new Map<unknown, unknown>()
    for (const [key, item] of value) {
      if (map.size % itemsAtOnce === 0) yield
      map.set(simplify(key), typeof item === 'object' ? yield* simplifyInParts(item) : simplify(item))
    }
    return map
  }
  if (value instanceof Set) return new Set((yield* simplifyInParts([...value])) as unknown[])
  if (!isPlain(value)) return value
  const plain: Record<string, unknown> = Object.create(null)
  let count = 0
  for (const key in value) {
    if (++count % itemsAtOnce === 0) yield
    const item = (value as Record<string, unknown>)[key]
    plain[key] = typeof item === 'object' ? yield* simplifyInParts(item) : simplify(item)
  }
  return plain
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

function simplify(value: unknown): unknown {
  if (typeof value === 'bigint') return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value
  if (Array.isArray(value)) return value.map(simplify)
  if (typeof value !== 'object' || value === null) return value
  if (isTyped(value)) return simplify(value.$value)
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [simplify(key), simplify(item)]))
  if (value instanceof Set) return new Set([...value].map(simplify))
  if (!isPlain(value)) return value
  const plain: Record<string, unknown> = Object.create(null)
  for (const [key, item] of Object.entries(value)) plain[key] = simplify(item)
  return plain
}
