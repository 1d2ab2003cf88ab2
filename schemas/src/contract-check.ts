import { collectionArity } from './collections.ts'
import {
  type CombinedType,
  type Contract,
  type ContractIssue,
  describeType,
  type IntegerName,
  type MethodNode,
  type ObjectDefinition,
  type ScalarName,
  scalarNames,
  shortTypeName,
  signatureOf,
  type TypeDefinition,
  type TypeNode,
} from './contract-types.ts'
import { warningsOf } from './contract-warnings.ts'

/** What {@link checkContract} finds: the contract with its warnings, or what is wrong with it. */
export type ContractCheck =
  | { readonly ok: true; readonly contract: Contract; readonly warnings: readonly ContractIssue[] }
  | { readonly ok: false; readonly issues: readonly ContractIssue[] }

/** How large a contract may be. */
export const contractLimits = {
  methods: 1_000,
  parameters: 64,
  types: 1_000,
  members: 1_000,
  enumValues: 4_096,
  /** Type nodes in the whole document. */
  nodes: 50_000,
  /** Types within one type. */
  depth: 24,
  nameLength: 256,
  textLength: 4_096,
  /** Reported, then the rest is left out. */
  issues: 50,
} as const

/**
 * Examines a document that claims to be a contract: its form, its size, and whether its types are possible. Never throws; every issue has
 * its place. Warnings name what a .NET peer cannot take (spec §4.6.4).
 */
export function checkContract(document: unknown): ContractCheck {
  const check = new Checker()
  check.contract(document)
  if (check.issues.length > 0) return { ok: false, issues: check.issues }
  const contract = document as Contract
  return { ok: true, contract, warnings: warningsOf(contract) }
}

/** Whether a value is a type node that can stand in a contract with these `types`: for types stated at run time. */
export function checkTypeNode(node: unknown, types: Readonly<Record<string, TypeDefinition>>): readonly ContractIssue[] {
  const check = new Checker(types)
  check.type(node, '', 'item')
  return check.issues
}

type Json = Record<string, unknown>
/** Where a type stands: decides whether `object` and `void` may. */
type Position = 'parameter' | 'result' | 'item' | 'argument'

const namePattern = /^[A-Za-z_][A-Za-z0-9_]*$/
const typeNamePattern = /^[A-Za-z_][A-Za-z0-9_.]*(?:<[A-Za-z0-9_.<>,?[\]]*>)?$/
const dotnetPattern = /^[A-Za-z_][\w.+]*(?:`\d{1,2})?, ?[A-Za-z_][\w.-]*$/
const scalars: ReadonlySet<string> = new Set(scalarNames)
const reservedMembers: ReadonlySet<string> = new Set(['$type', '$id', '$ref', '$value', '$values', '__proto__'])
const combinedKeys = ['nullable', 'list', 'array', 'set', 'dictionary', 'collection', 'tuple', 'valueTuple', 'pair'] as const
const keyScalars: ReadonlySet<string> = new Set([
  'string',
  'char',
  'guid',
  'sbyte',
  'byte',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
])

const integerLimits: Readonly<Record<IntegerName, readonly [bigint, bigint]>> = {
  sbyte: [-128n, 127n],
  byte: [0n, 255n],
  int16: [-32_768n, 32_767n],
  uint16: [0n, 65_535n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
}

class Checker {
  readonly issues: ContractIssue[] = []
  #nodes = 0
  #types: Readonly<Record<string, unknown>>

  constructor(types: Readonly<Record<string, unknown>> = {}) {
    this.#types = types
  }

  #issue(place: string, message: string): void {
    if (this.issues.length < contractLimits.issues) this.issues.push({ place, message })
  }

  contract(document: unknown): void {
    const root = this.#object(document, '', ['contract', 'service', 'types', 'methods', 'description'])
    if (!root) return
    if (root['contract'] !== 1) this.#issue('/contract', 'must be 1, the version of this form')
    this.#name(root['service'], '/service', /^[A-Za-z_][A-Za-z0-9_`]*$/)
    this.#text(root['description'], '/description')
    if (root['types'] !== undefined) {
      const types = this.#object(root['types'], '/types')
      if (types) {
        this.#types = types
        this.#definitions(types)
      }
    }
    const methods = this.#array(root['methods'], '/methods', contractLimits.methods)
    methods?.forEach((method, i) => {
      this.#method(method, `/methods/${i}`)
    })
    if (this.issues.length === 0) this.#signatures(methods as readonly MethodNode[])
  }

  #method(value: unknown, place: string): void {
    const method = this.#object(value, place, [
      'name',
      'params',
      'result',
      'idempotent',
      'cacheSeconds',
      'cancel',
      'description',
      'deprecated',
    ])
    if (!method) return
    this.#name(method['name'], `${place}/name`, namePattern)
    this.#flag(method['idempotent'], `${place}/idempotent`)
    this.#flag(method['deprecated'], `${place}/deprecated`)
    this.#text(method['description'], `${place}/description`)
    const { cancel } = method
    if (cancel !== undefined && cancel !== 'kill' && cancel !== 'skip') this.#issue(`${place}/cancel`, "must be 'kill' or 'skip'")
    const seconds = method['cacheSeconds']
    if (seconds !== undefined && !(Number.isSafeInteger(seconds) && (seconds as number) > 0 && (seconds as number) <= 31_536_000)) {
      this.#issue(`${place}/cacheSeconds`, 'must be a whole number of seconds from 1 to 31536000')
    }
    const seen = new Set<unknown>()
    this.#array(method['params'], `${place}/params`, contractLimits.parameters)?.forEach((it, i) => {
      const at = `${place}/params/${i}`
      const param = this.#object(it, at, ['name', 'type', 'secret', 'description', 'deprecated'])
      if (!param) return
      this.#name(param['name'], `${at}/name`, namePattern)
      if (seen.has(param['name'])) this.#issue(`${at}/name`, `there is another parameter '${String(param['name'])}'`)
      seen.add(param['name'])
      this.#marks(param, at)
      this.type(param['type'], `${at}/type`, 'parameter')
    })
    this.type(method['result'], `${place}/result`, 'result')
  }

  #signatures(methods: readonly MethodNode[]): void {
    const seen = new Map<string, number>()
    methods.forEach((method, i) => {
      // .NET has no nullable references, and finds methods in any letter case.
      const plain = (node: TypeNode): TypeNode => this.#withoutReferenceNullables(node)
      const signature = signatureOf({
        ...method,
        name: method.name.toLowerCase(),
        params: method.params.map(p => ({ ...p, type: plain(p.type) })),
      })
      const other = seen.get(signature)
      if (other !== undefined)
        this.#issue(`/methods/${i}`, `has the same name and parameter types as /methods/${other}: ${signatureOf(method)}`)
      else seen.set(signature, i)
    })
  }

  #withoutReferenceNullables(node: TypeNode): TypeNode {
    if (typeof node === 'string' || !('nullable' in node)) return node
    return isReference(node.nullable, this.#types as Record<string, TypeDefinition>) ? node.nullable : node
  }

  #definitions(types: Json): void {
    const names = Object.keys(types)
    if (names.length > contractLimits.types) this.#issue('/types', `has more than ${contractLimits.types} entries`)
    const byDotnet = new Map<string, string>()
    for (const name of names.slice(0, contractLimits.types)) {
      const place = `/types/${pointer(name)}`
      if (name.length > contractLimits.nameLength || !typeNamePattern.test(name)) this.#issue(place, 'is not a name for a type')
      if (scalars.has(name)) this.#issue(place, `${name} is a scalar type; choose another name`)
      const definition = types[name]
      if (typeof definition !== 'object' || definition === null || Array.isArray(definition)) this.#issue(place, 'must be an object')
      else if ('enum' in definition) this.#enum(definition as Json, place)
      else if ('object' in definition) this.#objectDefinition(definition as Json, place, name)
      else this.#issue(place, "must have 'object' or 'enum', the .NET name")
      const identity = identityOf(definition, node => this.#withoutReferenceNullables(node))
      if (identity === undefined) continue
      const other = byDotnet.get(identity)
      if (other !== undefined) this.#issue(place, `is the same .NET type as '${other}'`)
      else byDotnet.set(identity, name)
    }
  }

  #objectDefinition(definition: Json, place: string, name: string): void {
    this.#object(definition, place, ['object', 'of', 'kind', 'abstract', 'members', 'derived', 'description'])
    this.#dotnetName(definition['object'], `${place}/object`)
    this.#text(definition['description'], `${place}/description`)
    this.#flag(definition['abstract'], `${place}/abstract`)
    const kind = definition['kind']
    if (kind !== undefined && kind !== 'class' && kind !== 'struct' && kind !== 'interface') {
      this.#issue(`${place}/kind`, "must be 'class', 'struct' or 'interface'")
    }
    const args = definition['of'] === undefined ? [] : (this.#array(definition['of'], `${place}/of`, 16) ?? [])
    args.forEach((arg, i) => {
      this.type(arg, `${place}/of/${i}`, 'argument')
    })
    const arity = /`(\d+)/.exec(String(definition['object']))?.[1]
    if (Number(arity ?? 0) !== args.length) this.#issue(`${place}/of`, `must have as many types as the .NET name says: ${arity ?? 0}`)
    const seen = new Set<unknown>()
    this.#array(definition['members'], `${place}/members`, contractLimits.members)?.forEach((it, i) => {
      const at = `${place}/members/${i}`
      const member = this.#object(it, at, ['name', 'type', 'omitNull', 'secret', 'description', 'deprecated'])
      if (!member) return
      const memberName = member['name']
      if (typeof memberName !== 'string' || memberName.length > contractLimits.nameLength || memberName.includes('\0')) {
        this.#issue(`${at}/name`, `must be a text of at most ${contractLimits.nameLength} characters without NUL`)
      } else if (reservedMembers.has(memberName)) this.#issue(`${at}/name`, `${memberName} means something else on the wire`)
      if (seen.has(memberName)) this.#issue(`${at}/name`, `there is another member '${String(memberName)}'`)
      seen.add(memberName)
      this.#flag(member['omitNull'], `${at}/omitNull`)
      this.#marks(member, at)
      this.type(member['type'], `${at}/type`, 'item')
    })
    this.#derived(definition['derived'], `${place}/derived`, name)
  }

  #derived(value: unknown, place: string, name: string): void {
    if (value === undefined) return
    this.#array(value, place, contractLimits.types)?.forEach((it, i) => {
      const at = `${place}/${i}`
      const target = typeof it === 'string' && Object.hasOwn(this.#types, it) ? (this.#types[it] as Json) : undefined
      if (target === undefined || typeof target !== 'object' || !('object' in target))
        this.#issue(at, 'must be the name of a class of this contract')
      else if (it === name) this.#issue(at, 'a class does not derive from itself')
      else if (this.#derivesFrom(String(it), name, new Set())) this.#issue(at, `'${String(it)}' is already a base of '${name}'`)
    })
  }

  #derivesFrom(from: string, wanted: string, seen: Set<string>): boolean {
    if (seen.has(from)) return false
    seen.add(from)
    const derived = (this.#types[from] as Json | undefined)?.['derived']
    return Array.isArray(derived) && derived.some(it => it === wanted || (typeof it === 'string' && this.#derivesFrom(it, wanted, seen)))
  }

  #enum(definition: Json, place: string): void {
    this.#object(definition, place, ['enum', 'underlying', 'flags', 'values', 'description'])
    this.#dotnetName(definition['enum'], `${place}/enum`)
    this.#flag(definition['flags'], `${place}/flags`)
    this.#text(definition['description'], `${place}/description`)
    const underlying = definition['underlying'] ?? 'int32'
    const known = typeof underlying === 'string' && Object.hasOwn(integerLimits, underlying)
    if (!known) this.#issue(`${place}/underlying`, `must be one of ${Object.keys(integerLimits).join(', ')}`)
    const [min, max] = integerLimits[known ? (underlying as IntegerName) : 'int32']
    const values = this.#object(definition['values'], `${place}/values`)
    if (!values) return
    const entries = Object.entries(values)
    if (entries.length === 0 || entries.length > contractLimits.enumValues) {
      this.#issue(`${place}/values`, `must have 1 to ${contractLimits.enumValues} entries`)
    }
    for (const [name, value] of entries.slice(0, contractLimits.enumValues)) {
      const at = `${place}/values/${pointer(name)}`
      if (name.length > contractLimits.nameLength || !/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name))
        this.#issue(at, 'is not a name for an enum value')
      const number =
        Number.isSafeInteger(value) || (typeof value === 'string' && /^-?\d{1,20}$/.test(value))
          ? BigInt(value as number | string)
          : undefined
      if (number === undefined) this.#issue(at, 'must be a whole number (decimal text beyond 2^53)')
      else if (number < min || number > max) this.#issue(at, `${number} is outside ${String(underlying)}: ${min} to ${max}`)
    }
  }

  /** A type node at `place`. */
  type(node: unknown, place: string, position: Position, depth = 0): void {
    if (++this.#nodes > contractLimits.nodes) {
      if (this.#nodes === contractLimits.nodes + 1) this.#issue(place, `the contract has more than ${contractLimits.nodes} types in all`)
      return
    }
    if (depth > contractLimits.depth) {
      this.#issue(place, `nests types more than ${contractLimits.depth} deep`)
      return
    }
    if (typeof node === 'string') this.#named(node, place, position)
    else if (typeof node === 'object' && node !== null && !Array.isArray(node)) this.#combined(node as Json, place, position, depth)
    else this.#issue(place, 'must be a type: a scalar’s name, a name of types, or a combination')
  }

  #named(name: string, place: string, position: Position): void {
    if (name === 'void') {
      if (position !== 'result') this.#issue(place, 'void is for results only')
      return
    }
    if (name === 'object') {
      if (position !== 'item')
        this.#issue(place, '.NET forbids object as a parameter or result (also inside one): only members may be object')
      return
    }
    if (scalars.has(name) || Object.hasOwn(this.#types, name)) return
    this.#issue(place, `'${name.slice(0, 64)}' is neither a scalar nor an entry of types`)
  }

  #combined(node: Json, place: string, position: Position, depth: number): void {
    const kind = combinedKeys.find(key => key in node)
    if (kind === undefined) {
      this.#issue(place, `must have one of ${combinedKeys.join(', ')}`)
      return
    }
    const allowed = kind === 'array' ? ['array', 'rank'] : kind === 'collection' ? ['collection', 'of'] : [kind]
    if (!this.#object(node, place, allowed)) return
    // void is no item of anything; whether object may be one depends on what this stands in.
    const inner: Position = position === 'item' ? 'item' : 'argument'
    if (kind === 'collection') {
      this.#collection(node, place, inner, depth)
      return
    }
    const value = node[kind]
    if (kind === 'nullable') {
      if (value === 'object' || (typeof value === 'object' && value !== null && 'nullable' in value)) {
        this.#issue(`${place}/nullable`, 'is nullable already')
      }
      this.type(value, `${place}/nullable`, inner, depth + 1)
      return
    }
    if (kind === 'list' || kind === 'array' || kind === 'set') {
      if (kind === 'array') this.#array1(node, place)
      this.type(value, `${place}/${kind}`, inner, depth + 1)
      return
    }
    const items = this.#array(value, `${place}/${kind}`, 7)
    if (!items) return
    if (items.length === 0) this.#issue(`${place}/${kind}`, 'has no types')
    if ((kind === 'dictionary' || kind === 'pair') && items.length !== 2)
      this.#issue(`${place}/${kind}`, 'must be two types: key and value')
    items.forEach((item, i) => {
      this.type(item, `${place}/${kind}/${i}`, inner, depth + 1)
    })
    if (kind === 'dictionary') this.#key(items[0], `${place}/${kind}/0`)
  }

  #array1(node: Json, place: string): void {
    const rank = node['rank']
    if (rank !== undefined && !(Number.isInteger(rank) && (rank as number) >= 1 && (rank as number) <= 8)) {
      this.#issue(`${place}/rank`, 'must be a number of dimensions from 1 to 8')
    }
    if (node['array'] === 'byte' && (rank ?? 1) === 1) this.#issue(`${place}/array`, 'an array of bytes is the type bytes')
  }

  #collection(node: Json, place: string, inner: Position, depth: number): void {
    const name = node['collection']
    const arity = typeof name === 'string' ? collectionArity(name) : undefined
    if (arity === undefined) {
      this.#issue(`${place}/collection`, `'${String(name).slice(0, 64)}' is not a .NET collection known here`)
      return
    }
    const of = this.#array(node['of'], `${place}/of`, 2)
    if (!of) return
    if (of.length !== arity) this.#issue(`${place}/of`, `must be ${arity === 1 ? 'one type' : 'two types: key and value'}`)
    of.forEach((item, i) => {
      this.type(item, `${place}/of/${i}`, inner, depth + 1)
    })
    if (arity === 2) this.#key(of[0], `${place}/of/0`)
  }

  #key(node: unknown, place: string): void {
    if (typeof node === 'string') {
      const definition = Object.hasOwn(this.#types, node) ? this.#types[node] : undefined
      if (keyScalars.has(node) || (typeof definition === 'object' && definition !== null && 'enum' in definition)) return
    }
    this.#issue(place, 'a dictionary’s key must be a string, char, guid, integer or enumeration')
  }

  #dotnetName(value: unknown, place: string): void {
    if (typeof value !== 'string' || value.length > contractLimits.nameLength || !dotnetPattern.test(value)) {
      this.#issue(place, 'must be a .NET name with its assembly: Namespace.Type, Assembly')
    } else if (shortTypeName(value) === '') this.#issue(place, 'names no type')
  }

  #marks(it: Json, place: string): void {
    this.#flag(it['secret'], `${place}/secret`)
    this.#flag(it['deprecated'], `${place}/deprecated`)
    this.#text(it['description'], `${place}/description`)
  }

  #name(value: unknown, place: string, pattern: RegExp): void {
    if (typeof value !== 'string' || value.length > contractLimits.nameLength || !pattern.test(value)) {
      this.#issue(place, `must be a name of letters, digits and _ of at most ${contractLimits.nameLength} characters`)
    }
  }

  #flag(value: unknown, place: string): void {
    if (value !== undefined && typeof value !== 'boolean') this.#issue(place, 'must be true or false')
  }

  #text(value: unknown, place: string): void {
    if (value !== undefined && (typeof value !== 'string' || value.length > contractLimits.textLength)) {
      this.#issue(place, `must be a text of at most ${contractLimits.textLength} characters`)
    }
  }

  #array(value: unknown, place: string, most: number): readonly unknown[] | undefined {
    if (!Array.isArray(value)) this.#issue(place, 'must be an array')
    else if (value.length > most) this.#issue(place, `has ${value.length} entries; at most ${most}`)
    else return value
    return undefined
  }

  #object(value: unknown, place: string, allowed?: readonly string[]): Json | undefined {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.#issue(place, 'must be an object')
      return undefined
    }
    for (const key of allowed ? Object.keys(value) : []) {
      if (!allowed?.includes(key)) this.#issue(`${place}/${pointer(key)}`, 'is not known here')
    }
    return value as Json
  }
}

/** Whether a type is a .NET reference type, which can be null anyway. */
export function isReference(node: TypeNode, types: Readonly<Record<string, TypeDefinition>> | undefined): boolean {
  if (typeof node === 'string') {
    if (referenceScalars.has(node)) return true
    const definition = types && Object.hasOwn(types, node) ? types[node] : undefined
    return definition !== undefined && 'object' in definition && (definition as ObjectDefinition).kind !== 'struct'
  }
  if ('nullable' in node) return isReference(node.nullable, types)
  return !('pair' in node) && !('valueTuple' in node) && !('collection' in node && node.collection === 'ImmutableArray')
}

const referenceScalars: ReadonlySet<string> = new Set<ScalarName>(['string', 'uri', 'version', 'bytes', 'dataStream', 'object'])

/** What makes two definitions the same .NET type. */
function identityOf(definition: unknown, plain: (node: TypeNode) => TypeNode): string | undefined {
  if (typeof definition !== 'object' || definition === null) return undefined
  const it = definition as { object?: unknown; enum?: unknown; of?: unknown }
  const name = it.object ?? it.enum
  if (typeof name !== 'string') return undefined
  let args = ''
  try {
    if (Array.isArray(it.of)) args = it.of.map(t => describeType(plain(t as CombinedType))).join(',')
  } catch {
    // Malformed arguments are reported where they stand.
  }
  return `${name.split(',')[0]?.trim() ?? ''}<${args}>`
}

function pointer(key: string): string {
  return key.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1')
}
