import type { TypeNode } from '@halibut-gateway/schemas/contract'
import { isTyped } from '@halibut-gateway/schemas/contract'
import { type BsonReader, type BsonWriter, bsonType } from './bson.ts'
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
  type Slot,
} from './clr-type.ts'
import { arrayInterfaces, type CollectionKind, collectionKinds } from './collection-kinds.ts'
import { fromResultOf } from './convert-result.ts'
import { readMetadata } from './read-metadata.ts'
import { arrayType, systemType, type TypeName, typeKey } from './type-names.ts'

/** Resolves the `$type` of a typed value in the contract at hand. */
export type TypeOf = (node: TypeNode) => ClrType

/** What lists, arrays and sets share: how they are held here. */
interface Sequence {
  readonly name: TypeName
  readonly node: TypeNode
  readonly item: ClrType
  /** False for ImmutableArray, a struct. */
  readonly reference: boolean
  readonly set: boolean
  readonly reversed: boolean
  /** An interface: the class whose `$type` is written where one is, and whether a declared slot gets one too. */
  readonly written: { readonly name: TypeName; readonly tagged: boolean } | undefined
  readonly related: (other: ClrType) => boolean
}

/** List<T>, HashSet<T>, or one of the named collections and interfaces of one type argument. */
export function sequenceType(kindName: string, item: ClrType, node: TypeNode, typeOf: TypeOf): ClrType {
  const kind = collectionKinds[kindName] as CollectionKind
  return sequence(
    {
      name: systemType(kind.dotnet, item.name),
      node,
      item,
      reference: !kind.struct,
      set: kind.shape === 'set',
      reversed: kind.reversed ?? false,
      written: writtenAs(kind, [item.name]),
      related: interfaceRelation(kindName, [item.key]),
    },
    typeOf,
  )
}

/** `T[]`. Arrays of reference types fit where an array of a base type is declared. */
export function arrayTypeOf(item: ClrType, node: TypeNode, typeOf: TypeOf): ClrType {
  return sequence(
    { name: arrayType(item.name), node, item, reference: true, set: false, reversed: false, written: undefined, related: () => false },
    typeOf,
  )
}

/** `T[,]` and more dimensions: nested arrays on the wire, each row of the same length. */
export function gridType(item: ClrType, rank: number, node: TypeNode, typeOf: TypeOf): ClrType {
  let inner = item
  for (let i = 1; i < rank; i++) inner = arrayTypeOf(inner, { array: inner.node }, typeOf)
  return sequence(
    {
      name: arrayType(item.name, rank),
      node,
      item: inner,
      reference: true,
      set: false,
      reversed: false,
      written: undefined,
      related: () => false,
    },
    typeOf,
  )
}

function writtenAs(kind: CollectionKind, args: readonly TypeName[]): { name: TypeName; tagged: boolean } | undefined {
  if (!kind.standsFor) return undefined
  const concrete = collectionKinds[kind.standsFor.kind] as CollectionKind
  return { name: systemType(concrete.dotnet, ...args), tagged: kind.standsFor.tagged }
}

/** Which classes can stand where a collection interface is declared: those that implement it, with the same arguments. */
function interfaceRelation(kindName: string, argKeys: readonly string[]): (other: ClrType) => boolean {
  const kind = collectionKinds[kindName] as CollectionKind
  if (!kind.standsFor) return () => false
  return other => {
    const { name } = other
    if (name.arrays.endsWith('[]') && argKeys.length === 1) {
      return arrayInterfaces.includes(kindName) && typeKey({ ...name, arrays: name.arrays.slice(0, -2) }) === argKeys[0]
    }
    if (name.arrays !== '' || name.args.length !== argKeys.length || !name.args.every((arg, i) => typeKey(arg) === argKeys[i])) return false
    return kindByDotnetName.get(name.name)?.implements.includes(kindName) ?? false
  }
}

const kindByDotnetName = new Map(Object.values(collectionKinds).map(kind => [kind.dotnet, kind]))

function sequence(parts: Sequence, typeOf: TypeOf): ClrType {
  const { item } = parts
  const concrete = parts.written ? clrNameHolder(parts.written.name, parts.node) : undefined
  const type: ClrType = clrType({
    name: parts.name,
    node: parts.node,
    reference: parts.reference,
    assignableFrom: parts.related,
    inOwnForm: value =>
      parts.set === value instanceof Set ? value : parts.set ? new Set(value as unknown[]) : [...(value as Set<unknown>)],
    defaultValue: () => (parts.reference ? null : []),
    encode(writer, name, value, slot, context) {
      if (value === null || value === undefined) {
        if (!parts.reference) refuseValue('an array', value)
        writer.null(name)
        return
      }
      if (parts.written && isTyped(value)) {
        writeTyped(writer, name, value.$value, typeOf(value.$type), type, parts.written.name, slot, context)
        return
      }
      if (parts.set ? !(value instanceof Set || Array.isArray(value)) : !Array.isArray(value)) {
        refuseValue(parts.set ? 'a Set or an array' : 'an array', value)
      }
      if (slot === 'typed' && !parts.written?.tagged) {
        writeItems(writer, name, value as Iterable<unknown>, item, context)
        return
      }
      enterEncoded(context)
      writer.startDocument(name)
      writer.string('$type', (concrete ?? type).typeText(context.corlib))
      writeItems(writer, '$values', value as Iterable<unknown>, item, context)
      writer.end()
      context.depth--
    },
    readTyped(reader, context) {
      if (reader.type === bsonType.array) return readItems(reader, context, parts)
      if (reader.type === bsonType.null) return parts.reference ? null : notThis(parts.name, 'value')
      if (reader.type !== bsonType.document) return notThis(parts.name, 'value')
      reader.enter()
      const { type: actual, pending } = readMetadata(reader, context, type)
      const value = actual.readBody(reader, context, pending)
      return actual === type ? value : type.inOwnForm(value)
    },
    readBody(reader, context, pending) {
      let value: unknown
      let found = false
      for (let more = pending; more; more = reader.next()) {
        if (found) continue
        if (reader.name !== '$values' || reader.type !== bsonType.array) break
        value = readItems(reader, context, parts)
        found = true
      }
      return found ? value : notThis(parts.name, 'object')
    },
    large: {
      items: reader => new ItemsFilling(parts, reader),
      body: () => new TaggedItemsFilling(parts, type),
      told: (actual, value) => (actual === type ? value : type.inOwnForm(value)),
    },
    fromResult: fromResultOf(() => type),
  })
  return type
}

function clrNameHolder(name: TypeName, node: TypeNode): ClrType {
  return clrType({ name, node, reference: true, encode: () => undefined, readTyped: () => null, fromResult: () => null })
}

/** Writes a value whose run-time type was stated, where a collection interface is declared. */
function writeTyped(
  writer: BsonWriter,
  name: string,
  value: unknown,
  actual: ClrType,
  declared: ClrType,
  standard: TypeName,
  slot: Slot,
  context: EncodeContext,
): void {
  if (!declared.assignableFrom(actual)) refuse(`${actual.fullName} is not a ${declared.fullName}`)
  encodeStated(actual, writer, name, value, slot === 'typed' && actual.key === typeKey(standard) ? 'typed' : 'object', context)
}

function writeItems(writer: BsonWriter, name: string, values: Iterable<unknown>, item: ClrType, context: EncodeContext): void {
  enterEncoded(context)
  writer.startArray(name)
  let i = 0
  for (const value of values) {
    const index = String(i++)
    if (context.trace) context.trace.push(index)
    item.encode(writer, index, value, 'typed', context)
    if (context.trace) context.trace.pop()
  }
  writer.end()
  context.depth--
}

function readItems(reader: BsonReader, context: DecodeContext, parts: Sequence): unknown {
  const { item } = parts
  const values: unknown[] = []
  reader.makes(arrayBytes)
  reader.enter()
  while (reader.next()) {
    if (context.trace) context.trace.push(values.length)
    values.push(item.readTyped(reader, context))
    if (context.trace) context.trace.pop()
  }
  return asHeld(values, parts)
}

function asHeld(values: unknown[], parts: Sequence): unknown {
  if (parts.reversed) values.reverse()
  return parts.set ? new Set(values) : values
}

/** What an array of a few items takes beside them, or a set. */
const arrayBytes = 160
/** What an item of a set takes beside an array’s. */
const setItemBytes = 24

/** {@link readItems} of what is large. */
class ItemsFilling implements Filling {
  readonly #parts: Sequence
  readonly #values: unknown[] = []
  /** Made with its items: of many at once it would take long. */
  readonly #set: Set<unknown> | undefined
  place = -1

  constructor(parts: Sequence, reader: BsonReader) {
    this.#parts = parts
    this.#set = parts.set ? new Set() : undefined
    reader.makes(arrayBytes)
  }

  at(reader: BsonReader): ClrType {
    this.place++
    if (this.#set) {
      reader.makes(setItemBytes)
      reader.holds(this.place + 1)
    }
    return this.#parts.item
  }

  put(value: unknown): void {
    if (this.#set) this.#set.add(value)
    else this.#values.push(value)
  }

  end(): unknown {
    return this.#set ?? asHeld(this.#values, this.#parts)
  }
}

/** The items of a list whose type was said: they stand in `$values`, and nothing after them counts. */
class TaggedItemsFilling implements Filling {
  readonly place = undefined
  readonly #parts: Sequence
  readonly #type: ClrType
  #value: unknown

  constructor(parts: Sequence, type: ClrType) {
    this.#parts = parts
    this.#type = type
  }

  at(reader: BsonReader): ClrType | undefined {
    if (this.#value !== undefined) return undefined
    return reader.name === '$values' && reader.type === bsonType.array ? this.#type : notThis(this.#parts.name, 'object')
  }

  put(value: unknown): void {
    this.#value = value
  }

  end(): unknown {
    return this.#value ?? notThis(this.#parts.name, 'object')
  }
}

function notThis(name: TypeName, what: 'object' | 'value'): never {
  return readFailed(
    what === 'object'
      ? `Cannot deserialize the current JSON object (e.g. {"name":"value"}) into type '${typeKey(name)}' because the type requires a JSON array (e.g. [1,2,3]) to deserialize correctly.`
      : `Error converting value to type '${typeKey(name)}'.`,
  )
}
