import type { TypeNode } from '@halibut-gateway/schemas/contract'
import { HalibutError } from '../base/errors.ts'
import type { BsonReader, BsonWriter } from './bson.ts'
import type { DataStream } from './data-stream.ts'
import { type Corlib, formatTypeName, printType, shortName, type TypeName, typeKey } from './type-names.ts'

/** Where a value stands: `object` for an element of `params`, a result, or an `object` member; `typed` where its type is declared. */
export type Slot = 'object' | 'typed'

/** What encoding one message needs to know and gathers on the way. */
export interface EncodeContext {
  /** Data streams in document order. */
  readonly streams: DataStream[]
  readonly maxStreams: number
  /** The same streams, for finding one that is sent twice; made with the first. */
  seen: Set<DataStream> | undefined
  /** Whose assembly names stand in `$type`. */
  readonly corlib: Corlib
  /** Documents and arrays that are open. */
  depth: number
  readonly maxDepth: number
  /** The place of the current value, kept only when a failure is run again to find it. */
  readonly trace: string[] | undefined
}

/** What decoding one message needs to know and gathers on the way. */
export interface DecodeContext {
  /** Data streams in document order. */
  readonly streams: DataStream[]
  readonly maxStreams: number
  /** The type a `$type` text names; throws where none that is allowed does. */
  readonly resolve: (text: string) => ClrType
  /** The place of the current value, kept only when a failure is run again to find it. */
  readonly trace: (string | number)[] | undefined
}

/** An argument or result as .NET’s reader makes it of an object slot (spec §4.6.1): its run-time type and its value. */
export interface Materialised {
  /** The run-time type’s short name, as overload errors show it: `Int64`, ``List`1``, `JObject`, `<null>`. */
  readonly clrType: string
  /** The run-time type; `undefined` for null. */
  readonly type: ClrType | undefined
  readonly value: unknown
}

/** Writes and reads values of one parameter, result or member type. */
export interface ValueCodec {
  /** Writes `value` as the element `name`. Throws `serialization_failed` where it does not fit the type or the wire. */
  encode(writer: BsonWriter, name: string, value: unknown, slot: Slot, context: EncodeContext): void
  /** Whether .NET would pass this argument to a parameter of this type (spec §6.5): no conversion, null for references only. */
  accepts(argument: Materialised): boolean
  /** The value a service method gets for an argument that {@link ValueCodec.accepts}. */
  fromArgument(argument: Materialised): unknown
  /** The value a caller gets for a result, converted as the reference converts (spec §4.6.4). */
  fromResult(result: Materialised): unknown
}

/** A .NET type as this codec knows it. */
export interface ClrType extends ValueCodec {
  readonly name: TypeName
  /** {@link typeKey} of the name. */
  readonly key: string
  readonly shortName: string
  /** As .NET prints it whole: ``System.Nullable`1[System.Int64]``. */
  readonly fullName: string
  /** The `$type` text. */
  typeText(corlib: Corlib): string
  /** How the contract calls it. */
  readonly node: TypeNode
  /** Whether null fits a parameter of this type. */
  readonly reference: boolean
  /** The type that a nullable value type wraps. */
  readonly nullableOf: ClrType | undefined
  /** What a missing member of this type reads as. */
  defaultValue(): unknown
  /** Reads the current element where this type is declared, with .NET’s tolerances (spec §4.6.2). */
  readTyped(reader: BsonReader, context: DecodeContext): unknown
  /** Reads the rest of an entered document that is of this type; `pending`: the reader stands on its next element, else it has ended. */
  readBody(reader: BsonReader, context: DecodeContext, pending: boolean): unknown
  /** The same for what is large; missing where no value is. */
  readonly large: LargeForm | undefined
  /** Whether a value of the other run-time type may stand where this one is declared. */
  assignableFrom(other: ClrType): boolean
  /** Whether a value of another run-time type comes out as {@link Typed}, so that the type isn’t lost. */
  open(): boolean
  /** A value of another run-time type in the form that values of this one have: an array for a set that stands in an IEnumerable. */
  inOwnForm(value: unknown): unknown
}

/** Work in parts, between which whoever runs it may let others have their turn. */
export type Parts<T> = Generator<undefined, T, undefined>

/** How a value is made of the elements of a large document or array, one after another. */
export interface Filling {
  /** What the element that the reader stands on is read as; `undefined`: it is passed over. */
  at(reader: BsonReader, context: DecodeContext): ClrType | undefined
  /** The place of that element, where it has one, for the path of an error. */
  readonly place: string | number | undefined
  /** Takes its value. */
  put(value: unknown): void
  /** After the last: the value. */
  end(): unknown
}

/**
 * How values of a type are read where they are {@link BsonReader.large}. What is small is read at once, by `readTyped`; so all that can be
 * large needs this form as well. It has either `read`, or the other two.
 */
export interface LargeForm {
  readonly read?: (reader: BsonReader, context: DecodeContext) => Parts<unknown>
  /** Of an array; missing where none may stand for a value. */
  readonly items?: (reader: BsonReader) => Filling
  /** Of what follows the metadata in a document. */
  readonly body?: (reader: BsonReader, context: DecodeContext) => Filling
  /** What stands for a value whose type was named; default: the value. */
  readonly told?: (actual: ClrType, value: unknown) => unknown
}

/** A null argument or result. */
export const materialisedNull: Materialised = { clrType: '<null>', type: undefined, value: null }

/** What {@link clrType} completes. */
export interface ClrTypeParts extends Pick<ClrType, 'name' | 'node' | 'reference' | 'encode' | 'readTyped' | 'fromResult'> {
  readonly nullableOf?: ClrType
  readonly open?: () => boolean
  readonly inOwnForm?: (value: unknown) => unknown
  readonly defaultValue?: () => unknown
  readonly readBody?: ClrType['readBody']
  readonly assignableFrom?: (other: ClrType) => boolean
  readonly large?: LargeForm
}

/** Completes a type: only exactly equal ones are assignable, null is the default, and it is never a tagged document. */
export function clrType(parts: ClrTypeParts): ClrType {
  const key = typeKey(parts.name)
  const related = parts.assignableFrom
  const texts: Partial<Record<Corlib, string>> = {}
  const { nullableOf } = parts
  const type: ClrType = {
    name: parts.name,
    key,
    shortName: shortName(parts.name),
    fullName: printType(parts.name),
    typeText: corlib => (texts[corlib] ??= formatTypeName(parts.name, corlib)),
    node: parts.node,
    reference: parts.reference,
    nullableOf,
    open: parts.open ?? (() => false),
    inOwnForm: parts.inOwnForm ?? (value => value),
    defaultValue: parts.defaultValue ?? (() => null),
    encode: parts.encode,
    readTyped: parts.readTyped,
    readBody:
      parts.readBody ??
      (() => readFailed(`Cannot deserialize the current JSON object (e.g. {"name":"value"}) into type '${printType(parts.name)}'.`)),
    large: parts.large,
    fromResult: parts.fromResult,
    assignableFrom: other => other === type || other.key === key || (related?.(other) ?? false),
    accepts: argument =>
      argument.type === undefined ? parts.reference : type.assignableFrom(argument.type) || (nullableOf?.accepts(argument) ?? false),
    fromArgument: argument => asDeclared(type, argument),
  }
  return type
}

/** The value of something materialised: in the declared type’s form, or told with its run-time type where the declared one leaves that open. */
export function asDeclared(declared: ClrType, it: Materialised): unknown {
  if (it.type === undefined) return null
  if (it.type.key === declared.key) return it.value
  return declared.open() ? { $type: it.type.node, $value: it.value } : declared.inOwnForm(it.value)
}

/** Writes the value of one whose type was stated. */
export function encodeStated(type: ClrType, writer: BsonWriter, name: string, value: unknown, slot: Slot, context: EncodeContext): void {
  context.trace?.push('$value')
  type.encode(writer, name, value, slot, context)
  context.trace?.pop()
}

/** Throws that a value cannot be written. */
export function refuse(message: string): never {
  throw new HalibutError('serialization_failed', message)
}

/** Throws that a value does not fit its type. Says what kind of thing came, never its content. */
export function refuseValue(expected: string, value: unknown): never {
  return refuse(`expected ${expected}, got ${describeValue(value)}`)
}

function describeValue(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'number' || typeof value === 'bigint') return `the ${typeof value} ${value}`
  if (Array.isArray(value)) return 'an array'
  if (typeof value !== 'object') return value === undefined ? 'nothing' : `a ${typeof value}`
  const name: unknown = value.constructor?.name
  return typeof name === 'string' && name !== 'Object' ? `a ${name}` : 'an object'
}

/** Throws that what came cannot be read, in .NET’s words. The connection closes on it. */
export function readFailed(message: string, dotnetType = 'Newtonsoft.Json.JsonSerializationException'): never {
  throw new HalibutError('serialization_failed', message, { dotnetType })
}

/** Opens a document or array while encoding: counts its depth. */
export function enterEncoded(context: EncodeContext): void {
  if (++context.depth > context.maxDepth) {
    refuse(`nested more than ${context.maxDepth} levels deep, which no .NET peer reads (or the value contains itself)`)
  }
}
