import {
  type Contract,
  describeType,
  type EnumDefinition,
  isTyped,
  type MarkedType,
  type MemberNode,
  type MethodNode,
  type ObjectDefinition,
  signatureOf,
  type TypeDefinition,
  type TypeNode,
} from '../contract-types.ts'
import { bytesToBase64url } from './base64url.ts'
import { readTagged, type ScalarJson, scalarJson } from './json-scalars.ts'
import { wantedByMarks } from './marks.ts'
import { isStreamHandle, maxParamErrors, type ParamError, type StreamHandle } from './messages.ts'

/** The values of a contract as JSON and back, the same at both ends: the page writes with it, the gateway reads with it, and in reverse. */
export interface ContractJson {
  readonly contract: Contract
  /** The methods that a name (any case) or a signature stands for; none where it stands for nothing. */
  find(nameOrSignature: string): readonly MethodNode[]
  /**
   * A value in its JSON form. What does not fit is added to `errors`, under `path`, up to ten. Without `streams` no data stream fits. What
   * `putOff` takes over is missing in the value until it has been done.
   */
  write(type: TypeNode | MarkedType, value: unknown, path: string, errors: ParamError[], streams?: StreamWriter, putOff?: PutOff): unknown
  /** The value of a JSON form. What does not fit is added to `errors`, under `path`, up to ten. Without `streams` no data stream fits. */
  read(type: TypeNode | MarkedType, json: unknown, path: string, errors: ParamError[], streams?: StreamReader, putOff?: PutOff): unknown
}

/** The handle of a data stream; `undefined` for a value that is none. May be asked more than once for one value. */
export type StreamWriter = (value: unknown) => StreamHandle | undefined
/** The data stream of a handle. May be asked more than once for one handle. */
export type StreamReader = (handle: StreamHandle) => unknown

/** Asked before each collection: true where it will have called `convert` with each index below `count` before the value is used. */
export type PutOff = (count: number, convert: (index: number) => void) => boolean

/**
 * The JSON forms of one contract. The contract must have been checked. `isType` is asked about each type that a value states; without it
 * those are believed.
 */
export function contractJson(contract: Contract, isType?: (node: unknown) => boolean): ContractJson {
  return {
    contract,
    find: finder(contract),
    write: (type, value, path, errors, streams, putOff) =>
      begin({ contract, writes: true, errors, streams, isType, putOff }, type, value, path),
    read: (type, json, path, errors, streams, putOff) =>
      begin({ contract, writes: false, errors, streams: streams as (handle: unknown) => unknown, isType, putOff }, type, json, path),
  }
}

/** By name and signature, as they are and in lower case, made at the first question. */
function finder(contract: Contract): ContractJson['find'] {
  let known: Map<string, MethodNode[]> | undefined
  return nameOrSignature => {
    if (!known) {
      known = new Map()
      for (const method of contract.methods) {
        const name = method.name.toLowerCase()
        const signature = signatureOf(method)
        known.set(name, [...(known.get(name) ?? []), method])
        for (const text of [signature, signature.toLowerCase()]) known.set(text, [method])
      }
      // Nearly always they come as they are written.
      for (const { name } of contract.methods) known.set(name, known.get(name.toLowerCase()) ?? [])
    }
    return known.get(nameOrSignature) ?? known.get(nameOrSignature.replaceAll(' ', '').toLowerCase()) ?? []
  }
}

interface Context {
  readonly contract: Contract
  /** Whether values become JSON; else JSON becomes values. */
  readonly writes: boolean
  readonly errors: ParamError[]
  /** A {@link StreamWriter}, or a {@link StreamReader}. */
  readonly streams: ((value: unknown) => unknown) | undefined
  readonly isType: ((node: unknown) => boolean) | undefined
  readonly putOff?: PutOff | undefined
}

function begin(context: Context, type: TypeNode | MarkedType, value: unknown, path: string): unknown {
  return typeof type === 'object' && 'type' in type ? convertMarked(context, type, value, path) : convert(context, type, value, path)
}

function convert(context: Context, type: TypeNode, value: unknown, path: string): unknown {
  // It is refused already, with as many places as are told.
  if (context.errors.length >= maxParamErrors) return undefined
  if (typeof type === 'string') {
    const scalar = Object.hasOwn(scalarJson, type) ? scalarJson[type] : undefined
    if (scalar) return convertScalar(context, scalar, value, path)
    if (type === 'void') return null
    if (type === 'object') return convertAnything(context, value, path)
    if (type === 'dataStream') return convertStream(context, value, path)
    const definition = definitionOf(context.contract, type)
    if (!definition) return refuse(context, path, `a value of the unknown type ${type}`, value)
    return 'enum' in definition ? convertEnum(context, definition, value, path) : convertObject(context, type, definition, value, path)
  }
  if (value === null || value === undefined) {
    if ('nullable' in type || isReference(type)) return null
    return refuse(context, path, describeType(type), value)
  }
  if ('nullable' in type) return convert(context, type.nullable, value, path)
  if ('list' in type) return convertItems(context, type.list, value, path)
  if ('set' in type) return convertItems(context, type.set, value, path, true)
  if ('array' in type) {
    const rank = type.rank ?? 1
    return convertItems(context, rank > 1 ? { array: type.array, rank: rank - 1 } : type.array, value, path)
  }
  if ('dictionary' in type) return convertDictionary(context, type.dictionary, value, path)
  if ('collection' in type) {
    const [first, second] = type.of
    if (second !== undefined) return convertDictionary(context, [first as TypeNode, second], value, path)
    return convertItems(context, first as TypeNode, value, path, /Set$/.test(type.collection))
  }
  return convertTuple(context, 'tuple' in type ? type.tuple : 'valueTuple' in type ? type.valueTuple : type.pair, value, path)
}

/** A value where the contract marks it: what is missing is its default, and what the marks do not want is refused. */
function convertMarked(context: Context, marks: MarkedType, value: unknown, path: string): unknown {
  const { errors, writes } = context
  if (value === undefined && marks.default !== undefined) return writes ? marks.default : convert(context, marks.type, marks.default, path)
  const before = errors.length
  // What is put off would tell of a secret later.
  const converted = convert(marks.secret ? { ...context, putOff: undefined } : context, marks.type, value, path)
  const wanted = errors.length > before ? undefined : wantedByMarks(marks, writes ? value : converted)
  if (wanted !== undefined) refuse(context, path, wanted, value, true)
  if (marks.secret) for (let i = before; i < errors.length; i++) errors[i] = { ...(errors[i] as ParamError), got: 'a secret' }
  return converted
}

/** Whether null is a value of a combined type, as .NET has it. */
function isReference(type: Exclude<TypeNode, string>): boolean {
  return !('valueTuple' in type || 'pair' in type || ('collection' in type && type.collection === 'ImmutableArray'))
}

function convertScalar(context: Context, scalar: ScalarJson, value: unknown, path: string): unknown {
  if ((value === null || value === undefined) && scalar.reference) return null
  const converted = context.writes ? scalar.write(value) : scalar.read(value)
  return converted === undefined ? refuse(context, path, scalar.expected, value, true) : converted
}

function convertStream(context: Context, value: unknown, path: string): unknown {
  if (value === null || value === undefined) return null
  const converted = context.writes || isStreamHandle(value) ? context.streams?.(value) : undefined
  return converted === undefined
    ? refuse(context, path, context.writes ? 'a data stream' : '{ "$stream": …, "length": … }', value)
    : converted
}

function convertEnum(context: Context, definition: EnumDefinition, value: unknown, path: string): unknown {
  if (typeof value === 'bigint' && context.writes) return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
  if (Number.isSafeInteger(value)) return value
  if (typeof value === 'string') {
    const parts = definition.flags ? value.split(',').map(part => part.trim()) : [value]
    if (parts.every(part => Object.hasOwn(definition.values, part))) return value
    if (!context.writes && /^-?\d{16,20}$/.test(value)) return BigInt(value)
  }
  return refuse(context, path, `one of ${Object.keys(definition.values).join(', ')}, or its number`, value, true)
}

function convertItems(context: Context, item: TypeNode, value: unknown, path: string, isSet?: boolean): unknown {
  const items = Array.isArray(value)
    ? (value as unknown[])
    : context.writes && value instanceof Set
      ? [...(value as Set<unknown>)]
      : undefined
  if (!items) return refuse(context, path, 'an array', value)
  const read = !context.writes && isSet ? new Set<unknown>() : undefined
  const converted = convertEach(context, items, (each, i) => {
    const one = convert(context, item, each, `${path}/${i}`)
    read?.add(one)
    return one
  })
  return read ?? converted
}

function convertEach<T>(context: Context, items: readonly T[], convert: (item: T, index: number) => unknown): unknown[] {
  const converted: unknown[] = []
  const one = (index: number): void => {
    converted[index] = convert(items[index] as T, index)
  }
  if (!context.putOff?.(items.length, one)) for (let i = 0; i < items.length; i++) one(i)
  return converted
}

function convertTuple(context: Context, types: readonly TypeNode[], value: unknown, path: string): unknown {
  if (!Array.isArray(value) || value.length !== types.length) return refuse(context, path, `an array of ${types.length}`, value)
  return types.map((type, i) => convert(context, type, value[i], `${path}/${i}`))
}

function convertDictionary(context: Context, [keyType, valueType]: readonly [TypeNode, TypeNode], value: unknown, path: string): unknown {
  if (keyType === 'string') {
    const pairs = value instanceof Map ? [...(value as Map<unknown, unknown>)] : isPlain(value) ? Object.entries(value) : undefined
    if (!pairs) return refuse(context, path, 'an object', value)
    const converted = Object.create(null) as Record<string, unknown>
    convertEach(context, pairs, ([key, each]) => {
      converted[String(key)] = convert(context, valueType, each, `${path}/${escapePointer(String(key))}`)
    })
    return converted
  }
  const pairs = value instanceof Map ? [...(value as Map<unknown, unknown>)] : Array.isArray(value) ? (value as unknown[]) : undefined
  if (!pairs && !isPlain(value)) return refuse(context, path, 'a list of pairs [key, value], or an object', value)
  const read = context.writes ? undefined : new Map<unknown, unknown>()
  const add = (one: unknown): unknown => {
    if (Array.isArray(one)) read?.set(one[0], one[1])
    return one
  }
  const converted = pairs
    ? convertEach(context, pairs, (pair, i) => add(convertTuple(context, [keyType, valueType], pair, `${path}/${i}`)))
    : convertEach(context, Object.entries(value as object), ([key, each]) => {
        const at = `${path}/${escapePointer(key)}`
        const name = keyType === 'char' ? key : keyOf(key, context.writes)
        return add([convert(context, keyType, name, at), convert(context, valueType, each, at)])
      })
  return read ?? converted
}

/** The key that a member’s name stands for: a number where it is one’s text. */
function keyOf(name: string, writes: boolean): unknown {
  if (String(Number(name)) === name && Number.isSafeInteger(Number(name))) return Number(name)
  return writes && /^-?[1-9]\d{15,19}$/.test(name) ? BigInt(name) : name
}

function convertObject(context: Context, name: string, definition: ObjectDefinition, value: unknown, path: string): unknown {
  if (value === null || value === undefined) {
    return definition.kind === 'struct' ? refuse(context, path, name, value) : null
  }
  if (isTyped(value)) {
    const stated = typeof value.$type === 'string' ? value.$type : ''
    const actual = definitionOf(context.contract, stated)
    if (!actual || !('object' in actual) || !isOneOf(context.contract, stated, name)) {
      return refuse(context, `${path}/$type`, `${name} or a type derived from it`, value.$type, true)
    }
    return { $type: stated, $value: convertMembers(context, actual.members, value.$value, `${path}/$value`) }
  }
  if (definition.abstract || definition.kind === 'interface') {
    return refuse(context, path, `{ "$type": …, "$value": … } with one of ${(definition.derived ?? []).join(', ')}`, value)
  }
  return convertMembers(context, definition.members, value, path)
}

function convertMembers(context: Context, members: readonly MemberNode[], value: unknown, path: string): unknown {
  if (!isPlain(value)) return refuse(context, path, `an object with ${members.map(member => member.name).join(', ')}`, value)
  // Defines each as its own member, whatever its name.
  const converted = Object.fromEntries(
    members.map(member => {
      const { name } = member
      const each = Object.hasOwn(value, name) ? value[name] : undefined
      return [name, convertMarked(context, member, each, `${path}/${escapePointer(name)}`)]
    }),
  )
  for (const key of Object.keys(value)) {
    if (context.errors.length >= maxParamErrors) break
    if (!members.some(member => member.name === key)) refuse(context, `${path}/${escapePointer(key)}`, 'no such member', value[key])
  }
  return converted
}

/** Each class is looked at once, by however many ways it derives from the base. */
function isOneOf(contract: Contract, name: string, base: string, seen: Set<string> = new Set()): boolean {
  if (name === base) return true
  const definition = definitionOf(contract, base)
  if (!definition || 'enum' in definition || seen.has(base)) return false
  seen.add(base)
  return (definition.derived ?? []).some(derived => isOneOf(contract, name, derived, seen))
}

/** A value whose type the contract leaves open: JSON’s own types as they are, the rest tagged with MongoDB Extended JSON’s names. */
function convertAnything(context: Context, value: unknown, path: string): unknown {
  if (value === null || value === undefined) return null
  if (typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'number') {
    const form = scalarJson['double']?.[context.writes ? 'write' : 'read'](value)
    if (form === undefined) return refuse(context, path, 'a number', value)
    return typeof form === 'string' ? { $numberDouble: form } : form
  }
  if (isTyped(value)) {
    const type: unknown = value.$type
    if (context.isType?.(type) === false) return refuse(context, `${path}/$type`, 'a type of the contract', type, true)
    return { $type: type, $value: convert(context, type as TypeNode, value.$value, `${path}/$value`) }
  }
  if (context.writes) {
    if (typeof value === 'bigint') return { $numberLong: value.toString() }
    if (value instanceof Date) return { $date: value.toISOString() }
    if (value instanceof Uint8Array) return { $binary: bytesToBase64url(value) }
    return refuse(context, path, 'a simple value, or one with its type', value)
  }
  const tagged = readTagged(value)
  if (!tagged) return refuse(context, path, 'a simple value, or one with its type', value)
  return tagged.$type === 'guid' ? tagged : tagged.$value
}

function definitionOf(contract: Contract, name: string): TypeDefinition | undefined {
  return contract.types && Object.hasOwn(contract.types, name) ? contract.types[name] : undefined
}

/** True where a data stream can stand somewhere in a value of this type. */
export function hasStream(contract: Contract, type: TypeNode, seen: Set<string> = new Set()): boolean {
  if (typeof type === 'string') {
    if (type === 'dataStream') return true
    const definition = definitionOf(contract, type)
    if (!definition || 'enum' in definition || seen.has(type)) return false
    seen.add(type)
    return (
      definition.members.some(member => hasStream(contract, member.type, seen)) ||
      (definition.derived ?? []).some(name => hasStream(contract, name, seen))
    )
  }
  return Object.values(type)
    .flat()
    .some(
      child => (typeof child === 'string' || (typeof child === 'object' && child !== null)) && hasStream(contract, child as TypeNode, seen),
    )
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return !(value instanceof Date || value instanceof Uint8Array || value instanceof Map || value instanceof Set)
}

/** `quotes`: what came is of a kind that may stand here, and is told. */
function refuse(context: Context, path: string, expected: string, got: unknown, quotes?: boolean): undefined {
  if (context.errors.length < maxParamErrors) context.errors.push({ path, expected, got: describeGot(got, !quotes) })
  return undefined
}

/**
 * What came, in a few words: the kind, and a short value where that helps; never much of it. `isForeign`: it stands in the place of something else
 * altogether, may be anything, also a secret, and is not quoted.
 */
export function describeGot(value: unknown, isForeign?: boolean): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object') return 'an object'
  if (isForeign) return `a ${typeof value}`
  if (typeof value !== 'string') return String(value).slice(0, 40)
  return value.length <= 40 ? JSON.stringify(value) : `text of ${value.length} characters`
}

/** A key as a part of a JSON pointer (RFC 6901). */
export function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}
