import { collectionArity } from './collections.ts'
import { contractLimits, Findings, type Json } from './contract-findings.ts'
import { type ObjectDefinition, type ScalarName, scalarNames, type TypeDefinition, type TypeNode } from './contract-types.ts'

/** Where a type stands: decides whether `object` and `void` may. */
export type Position = 'parameter' | 'result' | 'item' | 'argument'

/** Every scalar’s name. */
export const scalars: ReadonlySet<string> = new Set(scalarNames)
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

/** Checks type nodes against the types of a document. */
export class TypeCheck {
  readonly #findings: Findings
  readonly #types: Readonly<Record<string, unknown>>
  #nodes = 0

  constructor(findings: Findings, types: Readonly<Record<string, unknown>>) {
    this.#findings = findings
    this.#types = types
  }

  /** A type node at `place`. */
  type(node: unknown, place: string, position: Position, depth = 0): void {
    if (++this.#nodes > contractLimits.nodes) {
      if (this.#nodes === contractLimits.nodes + 1)
        this.#findings.issue(place, `the contract has more than ${contractLimits.nodes} types in all`)
      return
    }
    if (depth > contractLimits.depth) {
      this.#findings.issue(place, `nests types more than ${contractLimits.depth} deep`)
      return
    }
    if (typeof node === 'string') this.#named(node, place, position)
    else if (typeof node === 'object' && node !== null && !Array.isArray(node)) this.#combined(node as Json, place, position, depth)
    else this.#findings.issue(place, 'must be a type: a scalar’s name, a name of types, or a combination')
  }

  #named(name: string, place: string, position: Position): void {
    if (name === 'void') {
      if (position !== 'result') this.#findings.issue(place, 'void is for results only')
      return
    }
    if (name === 'object') {
      if (position !== 'item')
        this.#findings.issue(place, '.NET forbids object as a parameter or result (also inside one): only members may be object')
      return
    }
    if (scalars.has(name) || Object.hasOwn(this.#types, name)) return
    this.#findings.issue(place, `'${name.slice(0, 64)}' is neither a scalar nor an entry of types`)
  }

  #combined(node: Json, place: string, position: Position, depth: number): void {
    const kind = combinedKeys.find(key => key in node)
    if (kind === undefined) {
      this.#findings.issue(place, `must have one of ${combinedKeys.join(', ')}`)
      return
    }
    const allowed = kind === 'array' ? ['array', 'rank'] : kind === 'collection' ? ['collection', 'of'] : [kind]
    if (!this.#findings.object(node, place, allowed)) return
    // void is no item of anything; whether object may be one depends on what this stands in.
    const inner: Position = position === 'item' ? 'item' : 'argument'
    if (kind === 'collection') {
      this.#collection(node, place, inner, depth)
      return
    }
    const value = node[kind]
    if (kind === 'nullable') {
      if (value === 'object' || (typeof value === 'object' && value !== null && 'nullable' in value)) {
        this.#findings.issue(`${place}/nullable`, 'is nullable already')
      }
      this.type(value, `${place}/nullable`, inner, depth + 1)
      return
    }
    if (kind === 'list' || kind === 'array' || kind === 'set') {
      if (kind === 'array') this.#rank(node, place)
      this.type(value, `${place}/${kind}`, inner, depth + 1)
      return
    }
    const items = this.#findings.array(value, `${place}/${kind}`, 7)
    if (!items) return
    if (items.length === 0) this.#findings.issue(`${place}/${kind}`, 'has no types')
    if ((kind === 'dictionary' || kind === 'pair') && items.length !== 2)
      this.#findings.issue(`${place}/${kind}`, 'must be two types: key and value')
    items.forEach((item, i) => {
      this.type(item, `${place}/${kind}/${i}`, inner, depth + 1)
    })
    if (kind === 'dictionary') this.#key(items[0], `${place}/${kind}/0`)
  }

  #rank(node: Json, place: string): void {
    const rank = node['rank']
    if (rank !== undefined && !(Number.isInteger(rank) && (rank as number) >= 1 && (rank as number) <= 8)) {
      this.#findings.issue(`${place}/rank`, 'must be a number of dimensions from 1 to 8')
    }
    if (node['array'] === 'byte' && (rank ?? 1) === 1) this.#findings.issue(`${place}/array`, 'an array of bytes is the type bytes')
  }

  #collection(node: Json, place: string, inner: Position, depth: number): void {
    const name = node['collection']
    const arity = typeof name === 'string' ? collectionArity(name) : undefined
    if (arity === undefined) {
      this.#findings.issue(`${place}/collection`, `'${String(name).slice(0, 64)}' is not a .NET collection known here`)
      return
    }
    const of = this.#findings.array(node['of'], `${place}/of`, 2)
    if (!of) return
    if (of.length !== arity) this.#findings.issue(`${place}/of`, `must be ${arity === 1 ? 'one type' : 'two types: key and value'}`)
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
    this.#findings.issue(place, 'a dictionary’s key must be a string, char, guid, integer or enumeration')
  }
}

/** Whether a value is a type that may stand in an item. */
export function isTypeNode(node: unknown, types: Readonly<Record<string, unknown>>): node is TypeNode {
  const findings = new Findings()
  new TypeCheck(findings, types).type(node, '', 'item')
  return findings.issues.length === 0
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
