import type { CollectionType } from './contract-types.ts'

declare const ts: unique symbol

/**
 * A type of the vocabulary. At run time it is plain JSON; for TypeScript it also knows what is read (`Out`), what may be written (`In`)
 * and how it is called in a signature (`Text`).
 */
export interface Type<Out = unknown, In = unknown, Text extends string = string> {
  readonly [ts]: { readonly out: Out; readonly in: In; readonly text: Text }
}

/** What is read where a value of this type is expected. */
export type Out<T> = T extends { readonly [ts]: { readonly out: infer O } } ? O : never

/** What may be written where a value of this type is expected. */
export type In<T> = T extends { readonly [ts]: { readonly in: infer I } } ? I : never

/** How this type is called in a signature. */
export type Text<T> = T extends { readonly [ts]: { readonly text: infer X extends string } } ? X : never

/** Stands for a data stream; {@link ServiceClient} and {@link ServiceImplementation} put the platform’s class in its place. */
export interface StreamSlot {
  readonly [streamSlot]: true
}
declare const streamSlot: unique symbol

/** A node as a type. */
export function make<Out, In, Text extends string>(node: unknown): Type<Out, In, Text> {
  return node as Type<Out, In, Text>
}

/** System.Boolean. */
export const bool = make<boolean, boolean, 'bool'>('bool')
/** System.SByte, -128 to 127. */
export const sbyte = make<number, number, 'sbyte'>('sbyte')
/** System.Byte, 0 to 255. */
export const byte = make<number, number, 'byte'>('byte')
/** System.Int16. */
export const int16 = make<number, number, 'int16'>('int16')
/** System.UInt16. */
export const uint16 = make<number, number, 'uint16'>('uint16')
/** System.Int32. As a parameter it binds to nothing at a .NET service: use {@link int64}. */
export const int32 = make<number, number, 'int32'>('int32')
/** System.UInt32; the wire carries 0 to 2^31-1. */
export const uint32 = make<number, number, 'uint32'>('uint32')
/** System.Int64, a `bigint`; a safe integer is accepted. */
export const int64 = make<bigint, bigint | number, 'int64'>('int64')
/** System.UInt64, a `bigint`; the wire carries 0 to 2^63-1. */
export const uint64 = make<bigint, bigint | number, 'uint64'>('uint64')
/** System.Numerics.BigInteger. */
export const bigInteger = make<bigint, bigint | number, 'bigInteger'>('bigInteger')
/** System.Single; rounded to it when written. */
export const float = make<number, number, 'float'>('float')
/** System.Double; also an integral number is written as a double. */
export const double = make<number, number, 'double'>('double')
/** System.Decimal as decimal text. The wire carries a double: about 15 significant digits survive. */
export const decimal = make<string, string, 'decimal'>('decimal')
/** System.String. */
export const string = make<string, string, 'string'>('string')
/** System.Char: one UTF-16 code unit. */
export const char = make<string, string, 'char'>('char')
/** System.Guid, lower-case 8-4-4-4-12. */
export const guid = make<string, string, 'guid'>('guid')
/** System.DateTime: an instant, cut to milliseconds. RFC 3339 text is accepted. */
export const dateTime = make<Date, Date | string, 'dateTime'>('dateTime')
/** System.DateTimeOffset: an instant; the wire loses the offset. */
export const dateTimeOffset = make<Date, Date | string, 'dateTimeOffset'>('dateTimeOffset')
/** System.DateOnly: `2020-01-02`. */
export const dateOnly = make<string, string, 'dateOnly'>('dateOnly')
/** System.TimeOnly: `03:04:05.678`. */
export const timeOnly = make<string, string, 'timeOnly'>('timeOnly')
/** System.TimeSpan as an ISO 8601 duration: `PT2M`, `-P3DT4H5M6.007S`. */
export const timeSpan = make<string, string, 'timeSpan'>('timeSpan')
/** System.Uri. */
export const uri = make<string, string, 'uri'>('uri')
/** System.Version: two to four numbers with dots. */
export const version = make<string, string, 'version'>('version')
/** System.Byte[]. */
export const bytes = make<Uint8Array, Uint8Array, 'bytes'>('bytes')
/** Halibut.DataStream. */
export const dataStream = make<StreamSlot, StreamSlot, 'dataStream'>('dataStream')
/**
 * System.Object, as a member or an item of one. Read: null, boolean, string, bigint (any integer), number (a double), Date, bytes, or
 * {@link Typed}. Written: the same; whatever else is meant is said with {@link typed}.
 */
export const anything = make<unknown, unknown, 'object'>('object')
/** No result. */
export const nothing = make<void, void, 'void'>('void')

/** May be null: a .NET nullable of a value type, or a reference that is known to be null at times. */
export function nullable<T extends Type>(type: T): Type<Out<T> | null, In<T> | null | undefined, `${Text<T>}?`> {
  return make({ nullable: type })
}

/** List<T>. */
export function list<T extends Type>(item: T): Type<Out<T>[], readonly In<T>[], `list<${Text<T>}>`> {
  return make({ list: item })
}

/** T[]. */
export function array<T extends Type>(item: T): Type<Out<T>[], readonly In<T>[], `${Text<T>}[]`> {
  return make({ array: item })
}

/** T[,]: nested arrays of equal lengths. */
export function grid<T extends Type>(item: T): Type<Out<T>[][], readonly (readonly In<T>[])[], `${Text<T>}[,]`> {
  return make({ array: item, rank: 2 })
}

/** HashSet<T>. */
export function set<T extends Type>(item: T): Type<Set<Out<T>>, ReadonlySet<In<T>> | readonly In<T>[], `set<${Text<T>}>`> {
  return make({ set: item })
}

/** What a dictionary is: a null-prototype object where the keys are strings, a `Map` otherwise. */
type DictionaryOut<K extends Type, V extends Type> = Text<K> extends 'string' ? Record<string, Out<V>> : Map<Out<K>, Out<V>>
type DictionaryIn<K extends Type, V extends Type> =
  Text<K> extends 'string'
    ? Readonly<Record<string, In<V>>> | ReadonlyMap<string, In<V>>
    : ReadonlyMap<In<K>, In<V>> | Readonly<Record<string, In<V>>>

/** Dictionary<K, V>. */
export function dictionary<K extends Type, V extends Type>(
  key: K,
  value: V,
): Type<DictionaryOut<K, V>, DictionaryIn<K, V>, `dictionary<${Text<K>},${Text<V>}>`> {
  return make({ dictionary: [key, value] })
}

/** The collections known by their .NET name that hold items in order. */
export type ListLikeName =
  | 'IEnumerable'
  | 'ICollection'
  | 'IList'
  | 'IReadOnlyCollection'
  | 'IReadOnlyList'
  | 'Queue'
  | 'Stack'
  | 'LinkedList'
  | 'Collection'
  | 'ReadOnlyCollection'
  | 'ObservableCollection'
  | 'ConcurrentBag'
  | 'ConcurrentQueue'
  | 'ConcurrentStack'
  | 'ImmutableArray'
  | 'ImmutableList'
/** The sets known by their .NET name. */
export type SetLikeName = 'ISet' | 'IReadOnlySet' | 'SortedSet' | 'ImmutableHashSet' | 'ImmutableSortedSet'
/** The dictionaries known by their .NET name. */
export type DictionaryLikeName =
  | 'IDictionary'
  | 'IReadOnlyDictionary'
  | 'SortedDictionary'
  | 'SortedList'
  | 'ConcurrentDictionary'
  | 'ReadOnlyDictionary'
  | 'ImmutableDictionary'
  | 'ImmutableSortedDictionary'

/** A collection or collection interface by its .NET name. Which one it is decides whether `$type` is written. */
export function collection<N extends ListLikeName, T extends Type>(name: N, item: T): Type<Out<T>[], readonly In<T>[], `${N}<${Text<T>}>`>
export function collection<N extends SetLikeName, T extends Type>(
  name: N,
  item: T,
): Type<Set<Out<T>>, ReadonlySet<In<T>> | readonly In<T>[], `${N}<${Text<T>}>`>
export function collection<N extends DictionaryLikeName, K extends Type, V extends Type>(
  name: N,
  key: K,
  value: V,
): Type<DictionaryOut<K, V>, DictionaryIn<K, V>, `${N}<${Text<K>},${Text<V>}>`>
export function collection(name: string, ...of: Type[]): Type {
  return make({ collection: name, of } satisfies Record<keyof CollectionType, unknown>)
}

/** The signature’s list of types. */
export type Texts<T extends readonly Type[]> = T extends readonly [infer A]
  ? Text<A>
  : T extends readonly [infer A, ...infer Rest extends readonly Type[]]
    ? `${Text<A>},${Texts<Rest>}`
    : ''

/** System.Tuple: an array of fixed length. */
export function tuple<const T extends readonly Type[]>(
  ...items: T
): Type<{ -readonly [I in keyof T]: Out<T[I]> }, { readonly [I in keyof T]: In<T[I]> }, `tuple<${Texts<T>}>`> {
  return make({ tuple: items })
}

/** System.ValueTuple: an array of fixed length. */
export function valueTuple<const T extends readonly Type[]>(
  ...items: T
): Type<{ -readonly [I in keyof T]: Out<T[I]> }, { readonly [I in keyof T]: In<T[I]> }, `valueTuple<${Texts<T>}>`> {
  return make({ valueTuple: items })
}

/** KeyValuePair<K, V>: `[key, value]`. */
export function pair<K extends Type, V extends Type>(
  key: K,
  value: V,
): Type<[Out<K>, Out<V>], readonly [In<K>, In<V>], `pair<${Text<K>},${Text<V>}>`> {
  return make({ pair: [key, value] })
}
