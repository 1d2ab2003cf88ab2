import {
  type CollectionType,
  type Contract,
  describeType,
  type EnumDefinition,
  type IntegerName,
  type Marks,
  type MemberNode,
  type MethodMarks,
  type MethodNode,
  type ObjectDefinition,
  type ParameterNode,
  shortTypeName,
  type TypeDefinition,
  type Typed,
  type TypeNode,
} from './contract-types.ts'

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

function make<Out, In, Text extends string>(node: unknown): Type<Out, In, Text> {
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
  Text<K> extends 'string' ? Readonly<Record<string, In<V>>> | ReadonlyMap<string, In<V>> : ReadonlyMap<In<K>, In<V>>

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

/** The last part of a .NET name: `Sample.Contracts.Outer+Inner, Sample.Contracts` to `Inner`. */
type ShortName<S extends string> = S extends `${infer Head},${string}`
  ? ShortName<Head>
  : S extends `${string}.${infer Rest}`
    ? ShortName<Rest>
    : S extends `${string}+${infer Rest}`
      ? ShortName<Rest>
      : S extends `${infer Name}\`${string}`
        ? Name
        : S

/** An enumeration: read as a member’s name (flags: names joined by `, `), or as a number where none fits. */
export function enumeration<const N extends string, const V extends Readonly<Record<string, number | bigint>>>(
  dotnetName: N,
  values: V,
  options: { readonly underlying?: IntegerName; readonly description?: string } = {},
): Type<(keyof V & string) | number | bigint, (keyof V & string) | number | bigint, ShortName<N>> {
  return make({ enum: dotnetName, ...options, values: plainValues(values) } satisfies EnumDefinition)
}

/** An enumeration whose values combine: read as names joined by `, `, or as a number where none fits. */
export function flags<const N extends string, const V extends Readonly<Record<string, number | bigint>>>(
  dotnetName: N,
  values: V,
  options: { readonly underlying?: IntegerName; readonly description?: string } = {},
): Type<string | number | bigint, string | number | bigint, ShortName<N>> {
  return make({ enum: dotnetName, ...options, flags: true, values: plainValues(values) } satisfies EnumDefinition)
}

function plainValues(values: Readonly<Record<string, number | bigint>>): Record<string, number | string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, Number.isSafeInteger(Number(value)) ? Number(value) : String(value)]),
  )
}

/** Gives a member or a parameter its marks. */
export function member<T extends Type>(type: T, marks: Marks & { readonly omitNull?: boolean }): T {
  return make({ type, ...marks }) as unknown as T
}

type Members = Readonly<Record<string, Type>>
type NullKeys<M extends Members> = { [K in keyof M]: undefined extends In<M[K]> ? K : never }[keyof M]
type ObjectOut<M extends Members> = { [K in keyof M]: Out<M[K]> }
type ObjectIn<M extends Members> = { readonly [K in Exclude<keyof M, NullKeys<M>>]: In<M[K]> } & {
  readonly [K in NullKeys<M>]?: In<M[K]>
}
type DerivedOut<D> = D extends Type<infer O, unknown, infer X> ? (O extends Typed ? O : Typed<O, X>) : never
type DerivedIn<D> = D extends Type<unknown, infer I, infer X> ? (I extends Typed ? I : Typed<I, X>) : never

interface ObjectOptions<D extends readonly Type[]> {
  /** Default `class`. */
  readonly kind?: 'class' | 'struct'
  /** The type arguments of a closed generic type. */
  readonly of?: readonly Type[]
  /** The classes that derive from this one: a value of one is a {@link Typed}. */
  readonly derived?: D
  readonly description?: string
}

/**
 * A class, struct or record: `object('Sample.Contracts.Person, Sample.Contracts', { Name: string, Age: int32 })`. Members stand in the
 * order in which .NET writes them: fields before properties, those of a derived class before those of its base. A member without a value
 * that may be null is written as null.
 */
export function object<const N extends string, M extends Members, const D extends readonly Type[] = []>(
  dotnetName: N,
  members: M,
  options: ObjectOptions<D> = {},
): Type<ObjectOut<M> | DerivedOut<D[number]>, ObjectIn<M> | DerivedIn<D[number]>, ShortName<N>> {
  return make({ object: dotnetName, ...options, members: memberNodes(members) })
}

/** A class of which only the derived ones have values. */
export function abstractObject<const N extends string, M extends Members, const D extends readonly Type[]>(
  dotnetName: N,
  members: M,
  derived: D,
): Type<DerivedOut<D[number]>, DerivedIn<D[number]>, ShortName<N>> {
  return make({ object: dotnetName, abstract: true, members: memberNodes(members), derived })
}

/** A .NET interface with the classes that implement it. */
export function interfaceOf<const N extends string, const D extends readonly Type[]>(
  dotnetName: N,
  implementations: D,
): Type<DerivedOut<D[number]>, DerivedIn<D[number]>, ShortName<N>> {
  return make({ object: dotnetName, kind: 'interface', members: [], derived: implementations })
}

function memberNodes(members: Members): unknown[] {
  return Object.entries(members).map(([name, node]) => ({ name, ...asMarked(node) }))
}

function asMarked(node: unknown): { type: unknown } {
  return typeof node === 'object' && node !== null && 'type' in node ? (node as { type: unknown }) : { type: node }
}

/** Stands for a type of the same contract by its name, also the one being described. TypeScript is told what it is. */
export function ref<O, I = O, const N extends string = string>(name: N): Type<O, I, N> {
  return make(name)
}

/** States a value’s run-time type, where the declared one leaves it open: a derived class, another collection, anything in an `object`. */
export function typed<T extends Type>(type: T, value: In<T>): Typed<In<T>, Text<T>> {
  const node: unknown = type
  const name =
    typeof node === 'object' && node !== null && ('object' in node || 'enum' in node)
      ? definitionName(node as unknown as TypeDefinition)
      : hoist(node, {})
  return { $type: name as Text<T>, $value: value }
}

/** A method’s parameters: name and type, in order. */
export type Parameters = readonly (readonly [string, Type])[]

/** A method as {@link method} describes it. */
export interface MethodSpec<P extends Parameters = Parameters, R extends Type = Type> extends MethodMarks {
  readonly params: P
  readonly result: R
}

/** A method: its parameters in order, each `[name, type]`, and its result. */
export function method<const P extends Parameters, R extends Type = typeof nothing>(
  params: P,
  result: R = nothing as unknown as R,
  marks: MethodMarks = {},
): MethodSpec<P, R> {
  return { ...marks, params, result }
}

type Methods = Readonly<Record<string, MethodSpec | readonly MethodSpec[]>>

/** A contract that TypeScript knows; at run time plain JSON. */
export interface TypedContract<M extends Methods = Methods> extends Contract {
  readonly [ts]: M
}

/** Describes a service: `service('ICalculatorService', { Add: method([['a', int64], ['b', int64]], int64) })`. */
export function service<const M extends Methods>(
  name: string,
  methods: M,
  options: { readonly description?: string } = {},
): TypedContract<M> {
  const types: Record<string, TypeDefinition> = {}
  const nodes = Object.entries(methods).flatMap(([methodName, specs]) =>
    (Array.isArray(specs) ? (specs as readonly MethodSpec[]) : [specs as MethodSpec]).map(spec => methodNode(methodName, spec, types)),
  )
  const contract: Contract = {
    contract: 1,
    service: name,
    ...options,
    ...(Object.keys(types).length > 0 ? { types } : {}),
    methods: nodes,
  }
  return contract as TypedContract<M>
}

function methodNode(name: string, spec: MethodSpec, types: Record<string, TypeDefinition>): MethodNode {
  const { params, result, ...marks } = spec
  return {
    name,
    params: params.map(([paramName, node]): ParameterNode => {
      const { type, ...paramMarks } = asMarked(node)
      return { name: paramName, type: hoist(type, types), ...paramMarks }
    }),
    result: hoist(result, types),
    ...marks,
  }
}

/** Moves the definitions that stand inside a type into `types`, and leaves their names. */
function hoist(node: unknown, types: Record<string, TypeDefinition>): TypeNode {
  if (typeof node === 'string') return node
  const it = node as Record<string, unknown>
  if ('object' in it || 'enum' in it) return hoistDefinition(it, types)
  const [kind] = Object.keys(it)
  const inner = kind === 'collection' ? 'of' : (kind ?? '')
  const child = it[inner]
  return { ...it, [inner]: Array.isArray(child) ? child.map(c => hoist(c, types)) : hoist(child, types) } as unknown as TypeNode
}

function hoistDefinition(it: Record<string, unknown>, types: Record<string, TypeDefinition>): string {
  const definition = it as unknown as TypeDefinition
  const name = definitionName(definition)
  if (Object.hasOwn(types, name)) return name
  if ('enum' in definition) {
    types[name] = definition
    return name
  }
  // Its place is taken first: members may name it.
  types[name] = definition
  types[name] = {
    ...definition,
    ...(definition.of ? { of: definition.of.map(t => hoist(t, types)) } : {}),
    members: definition.members.map((m): MemberNode => ({ ...m, type: hoist(m.type, types) })),
    ...(definition.derived ? { derived: definition.derived.map(d => String(hoist(d, types))) } : {}),
  } satisfies ObjectDefinition
  return name
}

function definitionName(definition: TypeDefinition): string {
  if ('enum' in definition) return shortTypeName(definition.enum)
  const short = shortTypeName(definition.object)
  return definition.of ? `${short}<${definition.of.map(t => describeType(hoist(t, {}))).join(',')}>` : short
}
