/**
 * How a service is described, as data: the JSON document of a contract. The builders of `contract.ts` make it, `contract-check.ts`
 * examines one that comes from elsewhere, and everything else (wire form, JSON form, schemas, forms on a page) is derived from it.
 */

/** The types that need no argument. `void` is for results only, `object` for members and their items only. */
export type ScalarName = (typeof scalarNames)[number]

/** Every {@link ScalarName}. */
export const scalarNames = [
  'bool',
  'sbyte',
  'byte',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'bigInteger',
  'float',
  'double',
  'decimal',
  'string',
  'char',
  'guid',
  'dateTime',
  'dateTimeOffset',
  'dateOnly',
  'timeOnly',
  'timeSpan',
  'uri',
  'version',
  'bytes',
  'dataStream',
  'object',
  'void',
] as const

/** A type in a contract: a {@link ScalarName}, the name of an entry of the document’s `types`, or a combination. */
export type TypeNode = string | CombinedType

/** A type made of other types. */
export type CombinedType =
  | { readonly nullable: TypeNode }
  | { readonly list: TypeNode }
  | { readonly array: TypeNode /** Dimensions; default 1. */; readonly rank?: number }
  | { readonly set: TypeNode }
  | { readonly dictionary: readonly [TypeNode, TypeNode] }
  | CollectionType
  | { readonly tuple: readonly TypeNode[] }
  | { readonly valueTuple: readonly TypeNode[] }
  | { readonly pair: readonly [TypeNode, TypeNode] }

/** A collection or a collection interface by its .NET name, for example `IReadOnlyList`. */
export interface CollectionType {
  readonly collection: string
  readonly of: readonly TypeNode[]
}

/** An entry of a contract’s `types`. */
export type TypeDefinition = ObjectDefinition | EnumDefinition

/** A class, struct, record, interface, or closed generic one of these. */
export interface ObjectDefinition {
  /** The .NET name with its assembly: `Sample.Contracts.Person, Sample.Contracts`; generic: ``Sample.Contracts.Box`1, Sample.Contracts``. */
  readonly object: string
  /** Further .NET names with their assemblies: read like the first, which is the one that is written. */
  readonly aliases?: readonly string[]
  /** The type arguments of a generic one. */
  readonly of?: readonly TypeNode[]
  /** Default `class`. A `record` is a class on the wire. */
  readonly kind?: 'class' | 'struct' | 'interface'
  /** True where no value can be of exactly this type. Always so for an interface. */
  readonly abstract?: boolean
  /** In the order in which they are written: fields before properties, a derived class’s before its base’s (base members are listed too). */
  readonly members: readonly MemberNode[]
  /** Names of the entries that derive from this class or implement this interface. */
  readonly derived?: readonly string[]
  readonly description?: string
}

/** A member of an object. */
export interface MemberNode extends MarkedType {
  /** As it stands on the wire. */
  readonly name: string
  /** True where a null is left out instead of written. */
  readonly omitNull?: boolean
}

/** An enumeration. */
export interface EnumDefinition {
  /** The .NET name with its assembly. */
  readonly enum: string
  /** As for an object. */
  readonly aliases?: readonly string[]
  /** Default `int32`. */
  readonly underlying?: IntegerName
  readonly flags?: boolean
  /** Name to value; decimal text where the value is no safe integer. */
  readonly values: Readonly<Record<string, number | string>>
  readonly description?: string
}

/** What an enumeration can be made of. */
export type IntegerName = 'sbyte' | 'byte' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'int64' | 'uint64'

/** Marks that a parameter or member may carry. */
export interface Marks {
  /** Never shown, logged or audited. */
  readonly secret?: boolean
  readonly description?: string
  readonly deprecated?: boolean
  /** Never null: for a type that is a .NET reference. Default false. */
  readonly required?: boolean
  /** What a missing one stands for, in its JSON form. */
  readonly default?: unknown
  /** Of text: UTF-16 code units; of bytes: bytes. */
  readonly maxLength?: number
  /** A regular expression for the whole of a text, `^…$`, of those that take a time that grows with the text alone (`checkPattern`). */
  readonly pattern?: string
}

/** A type with its marks: a parameter, or a member. */
export interface MarkedType extends Marks {
  readonly type: TypeNode
}

/** A parameter. */
export interface ParameterNode extends MarkedType {
  readonly name: string
}

/** A method; overloads are several methods of one name. */
export interface MethodNode extends MethodMarks {
  readonly name: string
  readonly params: readonly ParameterNode[]
  readonly result: TypeNode
}

/** What the agent notices when a call that runs there is given up: `kill` ends its connection, `skip` lets it finish for nobody. */
export type CancelMode = 'kill' | 'skip'

/** Marks that a method may carry. */
export interface MethodMarks {
  /** May run twice without harm, so that a call whose fate is unknown may be repeated. Default false. */
  readonly idempotent?: boolean
  /** How long the caller may answer a repeated call from memory. Default: not at all. */
  readonly cacheSeconds?: number
  /** What becomes of a call that runs when its caller gives it up without saying so. Default: by the kind of agent. */
  readonly cancel?: CancelMode
  readonly description?: string
  readonly deprecated?: boolean
}

/** A contract: the whole JSON document. */
export interface Contract {
  /** The version of this form. */
  readonly contract: 1
  /** The service’s name on the wire: the .NET interface’s short name. */
  readonly service: string
  /** Further names: a call to one of them is a call to this service. Its own calls go out under the first. */
  readonly aliases?: readonly string[]
  readonly types?: Readonly<Record<string, TypeDefinition>>
  readonly methods: readonly MethodNode[]
  readonly description?: string
}

/** A value with its run-time type, where the declared type leaves that open. */
export interface Typed<T = unknown, Name extends TypeNode = TypeNode> {
  readonly $type: Name
  readonly $value: T
}

/** True for a value that {@link Typed} describes. */
export function isTyped(value: unknown): value is Typed {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, '$type') && Object.hasOwn(value, '$value')
}

/** How a type is written in signatures and messages: `int64`, `string?`, `list<string>`, `int32[,]`, `IReadOnlyList<Person>`. */
export function describeType(node: TypeNode): string {
  if (typeof node === 'string') return node
  if ('nullable' in node) return `${describeType(node.nullable)}?`
  if ('array' in node) return `${describeType(node.array)}[${','.repeat((node.rank ?? 1) - 1)}]`
  if ('collection' in node) return generic(node.collection, node.of)
  return Object.entries(node).map(([name, of]: [string, TypeNode | readonly TypeNode[]]) => generic(name, [of].flat()))[0] ?? ''
}

function generic(name: string, of: readonly TypeNode[]): string {
  return `${name}<${of.map(describeType).join(',')}>`
}

/** A method’s signature, which tells overloads apart: `Add(int64,int64)`. */
export function signatureOf(method: MethodNode): string {
  return `${method.name}(${method.params.map(p => describeType(p.type)).join(',')})`
}

/** `Sample.Contracts.Outer+Inner, Sample.Contracts` to `Inner`. Generic arity is left out. */
export function shortTypeName(dotnetName: string): string {
  const comma = dotnetName.indexOf(',')
  const name = (comma < 0 ? dotnetName : dotnetName.slice(0, comma)).replace(/`\d+$/, '')
  return name.slice(Math.max(name.lastIndexOf('.'), name.lastIndexOf('+')) + 1)
}

/** What is wrong with a contract, and where. */
export interface ContractIssue {
  /** JSON pointer into the document. */
  readonly place: string
  readonly message: string
}
