import { isTyped, type TypeNode } from '@halibut-gateway/schemas/contract'
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
} from './clr-type.ts'
import { type CollectionKind, collectionKinds } from './collection-kinds.ts'
import type { TypeOf } from './collection-values.ts'
import { fromResultOf } from './convert-result.ts'
import type { EnumKeys } from './enum-values.ts'
import { isGuid } from './guid.ts'
import { type IntegerRange, integerRanges } from './integer-values.ts'
import { parseInteger } from './number-text.ts'
import { readMetadata } from './read-metadata.ts'
import { systemType, typeKey } from './type-names.ts'

/** How a dictionary’s keys stand as element names (spec §4.6.1). */
interface KeyText {
  /** Keys are strings, so that the dictionary is an object here. */
  readonly plain: boolean
  format(key: unknown): string
  parse(text: string): unknown
}

/** Dictionary<K, V> or one of the named dictionaries and their interfaces. */
export function dictionaryType(kindName: string, key: ClrType, value: ClrType, node: TypeNode, typeOf: TypeOf): ClrType {
  const kind = collectionKinds[kindName] as CollectionKind
  const keys = keyText(key)
  const name = systemType(kind.dotnet, key.name, value.name)
  const concreteName = kind.standsFor
    ? systemType((collectionKinds[kind.standsFor.kind] as CollectionKind).dotnet, key.name, value.name)
    : name
  const concreteKey = typeKey(concreteName)
  const tagged = kind.standsFor?.tagged ?? false
  const concrete = clrType({
    name: concreteName,
    node,
    reference: true,
    encode: () => undefined,
    readTyped: () => null,
    fromResult: () => null,
  })
  const type: ClrType = clrType({
    name,
    node,
    reference: true,
    assignableFrom: other =>
      kind.standsFor !== undefined &&
      other.name.args.length === 2 &&
      other.name.args.map(typeKey).join() === `${key.key},${value.key}` &&
      (Object.values(collectionKinds)
        .find(k => k.dotnet === other.name.name)
        ?.implements.includes(kindName) ??
        false),
    encode(writer, element, it, slot, context) {
      if (it === null || it === undefined) {
        writer.null(element)
        return
      }
      if (kind.standsFor && isTyped(it)) {
        const actual = typeOf(it.$type)
        if (!type.assignableFrom(actual)) refuse(`${actual.fullName} is not a ${type.fullName}`)
        encodeStated(actual, writer, element, it.$value, slot === 'typed' && actual.key === concreteKey ? 'typed' : 'object', context)
        return
      }
      if (typeof it !== 'object' || Array.isArray(it) || it instanceof Set || it instanceof Date) refuseValue('an object or a Map', it)
      enterEncoded(context)
      writer.startDocument(element)
      if (slot === 'object' || tagged) writer.string('$type', concrete.typeText(context.corlib))
      let first = true
      const isMap = it instanceof Map
      for (const [k, v] of isMap ? (it as Map<unknown, unknown>) : Object.entries(it)) {
        // A member’s name is a key’s text.
        writeEntry(writer, keys.format(isMap || keys.plain ? k : (keys.parse(k as string) ?? k)), v, value, context, first)
        first = false
      }
      writer.end()
      context.depth--
    },
    readTyped(reader, context) {
      if (reader.type === bsonType.null) return null
      if (reader.type !== bsonType.document) return notADictionary(type)
      reader.enter()
      const { type: actual, pending } = readMetadata(reader, context, type)
      return actual.readBody(reader, context, pending)
    },
    readBody: (reader, context, pending) => readEntries(reader, context, pending, keys, value, type),
    large: { body: reader => new EntriesFilling(keys, value, type, reader) },
    fromResult: fromResultOf(() => type),
  })
  return type
}

function writeEntry(writer: BsonWriter, name: string, value: unknown, type: ClrType, context: EncodeContext, first: boolean): void {
  if (context.trace) context.trace.push(name)
  if (name.charCodeAt(0) === 36 && (name === '$type' || name === '$values' || (first && (name === '$id' || name === '$ref')))) {
    refuse(`a dictionary cannot have the key ${name}: its reader would take it for its own`)
  }
  type.encode(writer, name, value, 'typed', context)
  if (context.trace) context.trace.pop()
}

function readEntries(reader: BsonReader, context: DecodeContext, pending: boolean, keys: KeyText, value: ClrType, type: ClrType): unknown {
  const map = keys.plain ? undefined : new Map<unknown, unknown>()
  const plain: Record<string, unknown> = Object.create(null)
  let first = true
  reader.makes(dictionaryBytes)
  for (let more = pending; more; more = reader.next()) {
    const name = reader.name
    if (first && name === '$values') return notADictionary(type)
    first = false
    if (context.trace) context.trace.push(name)
    const key = keyOf(name, keys, type)
    reader.makes(entryBytes + name.length)
    if (map) map.set(key, value.readTyped(reader, context))
    else plain[name] = value.readTyped(reader, context)
    if (context.trace) context.trace.pop()
  }
  return map ?? plain
}

/** What a dictionary takes, and each of its entries beside key and value. */
const dictionaryBytes = 184
const entryBytes = 24

function keyOf(name: string, keys: KeyText, type: ClrType): unknown {
  if (keys.plain) return name
  const key = keys.parse(name)
  if (key !== undefined) return key
  return readFailed(`Could not convert string '${name.slice(0, 64)}' to dictionary key type '${type.name.args[0]?.name}'.`)
}

/** {@link readEntries} of what is large. */
class EntriesFilling implements Filling {
  place: string | undefined
  readonly #keys: KeyText
  readonly #value: ClrType
  readonly #type: ClrType
  readonly #map: Map<unknown, unknown> | undefined
  readonly #plain: Record<string, unknown> = Object.create(null)
  #key: unknown
  #count = 0

  constructor(keys: KeyText, value: ClrType, type: ClrType, reader: BsonReader) {
    this.#keys = keys
    this.#value = value
    this.#type = type
    this.#map = keys.plain ? undefined : new Map()
    reader.makes(dictionaryBytes)
  }

  at(reader: BsonReader, context: DecodeContext): ClrType {
    const { name } = reader
    if (this.place === undefined && name === '$values') notADictionary(this.#type)
    this.place = name
    context.trace?.push(name)
    this.#key = keyOf(name, this.#keys, this.#type)
    context.trace?.pop()
    reader.makes(entryBytes + name.length)
    reader.holds(++this.#count)
    return this.#value
  }

  put(value: unknown): void {
    if (this.#map) this.#map.set(this.#key, value)
    else this.#plain[this.#key as string] = value
  }

  end(): unknown {
    return this.#map ?? this.#plain
  }
}

function notADictionary(type: ClrType): never {
  return readFailed(
    `Cannot deserialize the current JSON array (e.g. [1,2,3]) into type '${type.fullName}' because the type requires a JSON object (e.g. {"name":"value"}) to deserialize correctly.`,
  )
}

function keyText(key: ClrType): KeyText {
  if (key.key === 'System.String') {
    return { plain: true, format: k => (typeof k === 'string' ? k : refuseValue('a string as key', k)), parse: text => text }
  }
  if ('keyText' in key) {
    const named = key as ClrType & EnumKeys
    return { plain: false, format: k => named.keyText(k), parse: text => named.parseKey(text) }
  }
  if (key.key === 'System.Guid') {
    return {
      plain: false,
      format: k => (typeof k === 'string' && isGuid(k) ? k.toLowerCase() : refuseValue('a GUID as key', k)),
      parse: text => (isGuid(text) ? text.toLowerCase() : undefined),
    }
  }
  if (key.key === 'System.Char') {
    return {
      plain: false,
      format: k => (typeof k === 'string' && k.length === 1 ? k : refuseValue('one character as key', k)),
      parse: text => (text.length === 1 ? text : undefined),
    }
  }
  const range = Object.values(integerRanges).find(r => `System.${r.dotnet}` === key.key)
  return range ? integerKeys(range) : refuse(`${key.fullName} cannot be a dictionary’s key`)
}

function integerKeys(range: IntegerRange): KeyText {
  const inRange = (value: bigint): boolean => value >= range.min && value <= range.max
  return {
    plain: false,
    format(key) {
      const value = typeof key === 'bigint' ? key : Number.isSafeInteger(key) ? BigInt(key as number) : undefined
      if (value === undefined || !inRange(value)) return refuseValue(`a whole number from ${range.min} to ${range.max} as key`, key)
      return String(value)
    },
    parse(text) {
      const value = parseInteger(text)
      return value === undefined || !inRange(value) ? undefined : range.wide ? value : Number(value)
    },
  }
}
