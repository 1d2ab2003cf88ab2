import { isTyped, type TypeNode } from '@halibut-gateway/schemas/contract'
import { type BsonReader, bsonType } from './bson.ts'
import {
  type ClrType,
  clrType,
  type DecodeContext,
  type EncodeContext,
  encodeStated,
  enterEncoded,
  type Filling,
  readFailed,
  refuse,
  refuseValue,
} from './clr-type.ts'
import type { TypeOf } from './collection-values.ts'
import { fromResultOf } from './convert-result.ts'
import { readMetadata } from './read-metadata.ts'
import type { TypeName } from './type-names.ts'

/** A member as the codec needs it. */
export interface ObjectMember {
  readonly name: string
  readonly type: ClrType
  readonly omitNull: boolean
  /** The contract’s value of one that is missing. */
  readonly fallback?: (() => unknown) | undefined
}

/** What makes a class, struct, interface, tuple or pair. */
export interface ObjectParts {
  readonly name: TypeName
  readonly node: TypeNode
  readonly reference: boolean
  readonly abstract: boolean
  /** Compiled after the type itself exists, since members may name it. */
  readonly members: readonly ObjectMember[]
  /** Types whose values can stand where this one is declared. */
  readonly derived: readonly ClrType[]
  /** Values are arrays of the members in order, instead of objects. */
  readonly positional: boolean
  /** Never tagged, not even in an object slot: KeyValuePair (spec §4.5, rule 2). */
  readonly untagged: boolean
}

/** A type with members. */
export function objectType(parts: ObjectParts, typeOf: TypeOf): ClrType {
  let layout: Layout | undefined
  let below: ReadonlySet<string> | undefined
  const type: ClrType = clrType({
    name: parts.name,
    node: parts.node,
    reference: parts.reference,
    open: () => parts.derived.length > 0,
    assignableFrom(other) {
      below ??= keysBelow(parts)
      return below.has(other.key)
    },
    encode(writer, name, value, slot, context) {
      if (value === null || value === undefined) {
        if (!parts.reference) refuseValue(`a value of ${parts.name.name}`, value)
        writer.null(name)
        return
      }
      if (isTyped(value)) {
        const actual = typeOf(value.$type)
        if (!type.assignableFrom(actual)) refuse(`${actual.fullName} is not a ${type.fullName}`)
        if (actual.key !== type.key) {
          encodeStated(actual, writer, name, value.$value, 'object', context)
          return
        }
        encodeStated(type, writer, name, value.$value, slot, context)
        return
      }
      if (parts.abstract) refuse(`a ${type.shortName} is abstract: say with typed(…) which class it is`)
      enterEncoded(context)
      writer.startDocument(name)
      if (slot === 'object' && !parts.untagged) writer.string('$type', type.typeText(context.corlib))
      if (parts.positional) writeItems(writer, value, parts.members, context)
      else writeMembers(writer, value, parts.members, context)
      writer.end()
      context.depth--
    },
    readTyped(reader, context) {
      if (reader.type === bsonType.null) {
        return parts.reference ? null : readFailed(`Error converting value {null} to type '${type.fullName}'.`)
      }
      if (reader.type !== bsonType.document) {
        readFailed(`Cannot deserialize a value that is no JSON object into type '${type.fullName}'.`)
      }
      reader.enter()
      const { type: actual, pending } = readMetadata(reader, context, type)
      const value = actual.readBody(reader, context, pending)
      return actual.key !== type.key ? { $type: actual.node, $value: value } : value
    },
    readBody(reader, context, pending) {
      if (parts.abstract) refuseAbstract(type)
      layout ??= layoutOf(parts)
      return parts.positional
        ? readPositional(reader, context, pending, parts, layout)
        : readMembers(reader, context, pending, parts, layout)
    },
    large: {
      body(reader) {
        if (parts.abstract) refuseAbstract(type)
        layout ??= layoutOf(parts)
        return new MembersFilling(parts, layout, reader)
      },
      told: (actual, value) => (actual.key !== type.key ? { $type: actual.node, $value: value } : value),
    },
    defaultValue: () => (parts.reference ? null : emptyValue(parts)),
    fromResult: fromResultOf(() => type),
  })
  partsOf.set(type, parts)
  return type
}

/** The keys of all classes that derive from it, each once by however many ways. */
function keysBelow({ derived }: ObjectParts, keys: Set<string> = new Set()): ReadonlySet<string> {
  for (const type of derived) {
    if (keys.has(type.key)) continue
    keys.add(type.key)
    const parts = partsOf.get(type)
    if (parts) keysBelow(parts, keys)
  }
  return keys
}

const partsOf = new WeakMap<ClrType, ObjectParts>()

function refuseAbstract(type: ClrType): never {
  return readFailed(
    `Could not create an instance of type ${type.fullName}. Type is an interface or abstract class and cannot be instantiated.`,
  )
}

/** What reading needs to know of all objects of a type. */
interface Layout {
  /** Indexes of members by name. */
  readonly table: ReadonlyMap<string, number>
  /** What one takes of which nothing was sent. */
  readonly emptyBytes: number
}

function layoutOf(parts: ObjectParts): Layout {
  return { table: memberTable(parts.members), emptyBytes: bytesOf(emptyValue(parts)) }
}

/** Exact names first, then lower-case ones: .NET matches in that order. */
function memberTable(members: readonly ObjectMember[]): ReadonlyMap<string, number> {
  const table = new Map<string, number>()
  members.forEach((member, i) => {
    const lower = `\0${member.name.toLowerCase()}`
    if (!table.has(lower)) table.set(lower, i)
  })
  members.forEach((member, i) => {
    table.set(member.name, i)
  })
  return table
}

type Writer = Parameters<ClrType['encode']>[0]

function writeMembers(writer: Writer, value: unknown, members: readonly ObjectMember[], context: EncodeContext): void {
  if (typeof value !== 'object' || Array.isArray(value) || value instanceof Map || value instanceof Set || value instanceof Date) {
    refuseValue('an object', value)
  }
  const record = value as Record<string, unknown>
  let present = 0
  for (const member of members) {
    const given = record[member.name]
    if (given !== undefined) present++
    const it = given === undefined ? member.fallback?.() : given
    if (member.omitNull && (it === null || it === undefined)) continue
    if (context.trace) context.trace.push(member.name)
    member.type.encode(writer, member.name, it, 'typed', context)
    if (context.trace) context.trace.pop()
  }
  let given = 0
  for (const key in record) if (record[key] !== undefined) given++
  if (given > present) refuseUnknown(record, members)
}

function refuseUnknown(record: Record<string, unknown>, members: readonly ObjectMember[]): void {
  const unknown = Object.keys(record).find(key => record[key] !== undefined && !members.some(member => member.name === key))
  if (unknown !== undefined)
    refuse(`there is no member ${JSON.stringify(unknown.slice(0, 64))}; members are ${members.map(m => m.name).join(', ')}`)
}

function writeItems(writer: Writer, value: unknown, members: readonly ObjectMember[], context: EncodeContext): void {
  if (!Array.isArray(value) || value.length !== members.length) refuseValue(`an array of ${members.length}`, value)
  members.forEach((member, i) => {
    if (context.trace) context.trace.push(String(i))
    member.type.encode(writer, member.name, value[i], 'typed', context)
    if (context.trace) context.trace.pop()
  })
}

function readMembers(reader: BsonReader, context: DecodeContext, pending: boolean, parts: ObjectParts, layout: Layout): unknown {
  const { members } = parts
  reader.makes(layout.emptyBytes)
  const value = emptyValue(parts) as Record<string, unknown>
  let expected = 0
  for (let more = pending; more; more = reader.next()) {
    const name = reader.name
    // Members come in order as a rule.
    let member = members[expected]
    if (member === undefined || member.name !== name) {
      const index = layout.table.get(name) ?? layout.table.get(`\0${name.toLowerCase()}`)
      if (index === undefined) continue
      expected = index
      member = members[index] as ObjectMember
    }
    expected++
    if (context.trace) context.trace.push(member.name)
    value[member.name] = member.type.readTyped(reader, context)
    if (context.trace) context.trace.pop()
  }
  return value
}

function readPositional(reader: BsonReader, context: DecodeContext, pending: boolean, parts: ObjectParts, layout: Layout): unknown {
  reader.makes(layout.emptyBytes)
  const values = emptyValue(parts) as unknown[]
  for (let more = pending; more; more = reader.next()) {
    const name = reader.name
    const index = layout.table.get(name) ?? layout.table.get(`\0${name.toLowerCase()}`)
    if (index === undefined) continue
    if (context.trace) context.trace.push(name)
    values[index] = (parts.members[index] as ObjectMember).type.readTyped(reader, context)
    if (context.trace) context.trace.pop()
  }
  return values
}

/** What an object takes, and each of its members, be it sent or not. */
const objectBytes = 56
const memberBytes = 16

/** What a value takes beside the place that it stands in. */
function bytesOf(value: unknown): number {
  if (value instanceof Uint8Array) return objectBytes + value.byteLength
  if (typeof value !== 'object' || value === null) return 0
  const items: readonly unknown[] = value instanceof Map || value instanceof Set ? [...value].flat() : Object.values(value)
  return items.reduce((sum: number, item) => sum + memberBytes + bytesOf(item), objectBytes)
}

/** {@link readMembers} and {@link readPositional} of what is large. */
class MembersFilling implements Filling {
  place: string | undefined
  readonly #parts: ObjectParts
  readonly #table: ReadonlyMap<string, number>
  readonly #value: unknown
  #index = 0

  constructor(parts: ObjectParts, layout: Layout, reader: BsonReader) {
    this.#parts = parts
    this.#table = layout.table
    reader.makes(layout.emptyBytes)
    this.#value = emptyValue(parts)
  }

  at(reader: BsonReader): ClrType | undefined {
    const { name } = reader
    const index = this.#table.get(name) ?? this.#table.get(`\0${name.toLowerCase()}`)
    if (index === undefined) return undefined
    const member = this.#parts.members[index] as ObjectMember
    this.#index = index
    this.place = this.#parts.positional ? name : member.name
    return member.type
  }

  put(value: unknown): void {
    if (this.#parts.positional) (this.#value as unknown[])[this.#index] = value
    else (this.#value as Record<string, unknown>)[(this.#parts.members[this.#index] as ObjectMember).name] = value
  }

  end(): unknown {
    return this.#value
  }
}

/** All members with the values that .NET gives those that don’t come. */
function emptyValue(parts: ObjectParts): unknown {
  if (parts.positional) return parts.members.map(member => member.type.defaultValue())
  const value: Record<string, unknown> = {}
  for (const { name, type, fallback } of parts.members) value[name] = fallback ? fallback() : type.defaultValue()
  return value
}
