import { type In, make, nothing, type Out, type Text, type Type } from './contract-type-builders.ts'
import {
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

interface EnumOptions {
  readonly underlying?: IntegerName
  /** Further .NET names, which are read like the first. */
  readonly aliases?: readonly string[]
  readonly description?: string
}

/** An enumeration: read as a member’s name (flags: names joined by `, `), or as a number where none fits. */
export function enumeration<const N extends string, const V extends Readonly<Record<string, number | bigint>>>(
  dotnetName: N,
  values: V,
  options: EnumOptions = {},
): Type<(keyof V & string) | number | bigint, (keyof V & string) | number | bigint, ShortName<N>> {
  return make({ enum: dotnetName, ...options, values: plainValues(values) } satisfies EnumDefinition)
}

/** An enumeration whose values combine: read as names joined by `, `, or as a number where none fits. */
export function flags<const N extends string, const V extends Readonly<Record<string, number | bigint>>>(
  dotnetName: N,
  values: V,
  options: EnumOptions = {},
): Type<string | number | bigint, string | number | bigint, ShortName<N>> {
  return make({ enum: dotnetName, ...options, flags: true, values: plainValues(values) } satisfies EnumDefinition)
}

function plainValues(values: Readonly<Record<string, number | bigint>>): Record<string, number | string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, Number.isSafeInteger(Number(value)) ? Number(value) : String(value)]),
  )
}

/** On the type of a member or parameter that has a default. */
export interface HasDefault {
  readonly [hasDefault]: true
}
declare const hasDefault: unique symbol

/** On the type of a member or parameter that is described. */
export interface HasDescription<D extends string = string> {
  readonly [description]: D
}
declare const description: unique symbol

type MemberMarks = Marks & { readonly omitNull?: boolean }
type InMarked<T, M> = M extends { readonly required: true } ? Exclude<In<T>, null | undefined> : In<T>
type Marked<T extends Type, M> = M extends { readonly description: infer D extends string }
  ? MarkedType<T, M> & HasDescription<D>
  : MarkedType<T, M>
type MarkedType<T extends Type, M> = M extends { readonly default: unknown }
  ? Type<OutMarked<T, M>, InMarked<T, M> | undefined, Text<T>> & HasDefault
  : M extends { readonly required: true }
    ? Type<OutMarked<T, M>, InMarked<T, M>, Text<T>>
    : T
type OutMarked<T, M> = M extends { readonly required: true } ? Exclude<Out<T>, null> : Out<T>

/**
 * Gives a member or a parameter its marks. `required` takes null away from its type, and one with a `default` may be missing where it is
 * written; the others do not change its type.
 */
export function member<T extends Type, const M extends MemberMarks>(type: T, marks: M): Marked<T, M> {
  return make({ type, ...marks }) as unknown as Marked<T, M>
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
  /** Further .NET names, which are read like the first. */
  readonly aliases?: readonly string[]
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
  options: Pick<ObjectOptions<D>, 'aliases' | 'description'> = {},
): Type<DerivedOut<D[number]>, DerivedIn<D[number]>, ShortName<N>> {
  return make({ object: dotnetName, ...options, abstract: true, members: memberNodes(members), derived })
}

/** A .NET interface with the classes that implement it. */
export function interfaceOf<const N extends string, const D extends readonly Type[]>(
  dotnetName: N,
  implementations: D,
  options: Pick<ObjectOptions<D>, 'aliases' | 'description'> = {},
): Type<DerivedOut<D[number]>, DerivedIn<D[number]>, ShortName<N>> {
  return make({ object: dotnetName, ...options, kind: 'interface', members: [], derived: implementations })
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
export interface MethodSpec<P extends Parameters = Parameters, R extends Type = Type, D extends string | undefined = string | undefined>
  extends MethodMarks {
  readonly params: P
  readonly result: R
  readonly [description]?: D
}

/**
 * A method: its parameters in order, each `[name, type]`, and its result. Editors show its `description` where it is called, and so a
 * comment that stands above it in the contract.
 */
export function method<const P extends Parameters, const D extends string | undefined = undefined>(
  params: P,
  result?: undefined,
  marks?: MethodMarks & { readonly description?: D },
): MethodSpec<P, typeof nothing, D>
export function method<const P extends Parameters, R extends Type, const D extends string | undefined = undefined>(
  params: P,
  result: R,
  marks?: MethodMarks & { readonly description?: D },
): MethodSpec<P, R, D>
export function method(params: Parameters, result: Type = nothing, marks: MethodMarks = {}): MethodSpec {
  return { ...marks, params, result }
}

type Methods = Readonly<Record<string, MethodSpec | readonly MethodSpec[]>>

/** A contract that TypeScript knows; at run time plain JSON. */
export interface TypedContract<M extends Methods = Methods> extends Contract {
  readonly [typedMethods]: M
}
declare const typedMethods: unique symbol

/** Describes a service: `service('ICalculatorService', { Add: method([['a', int64], ['b', int64]], int64) })`. */
export function service<const M extends Methods>(
  name: string,
  methods: M,
  options: { readonly aliases?: readonly string[]; readonly description?: string } = {},
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
