import { type Contract, describeType, type ObjectDefinition, type TypeNode } from '@halibut-gateway/schemas/contract'
import { parseTimeOnly } from '../../server/src/codec/date-text.ts'
import { formatDuration } from '../../server/src/codec/time-span.ts'

/** A value in the notation of the recordings (test/vectors/README.md, “described values”). */
export interface Described {
  readonly t: string
  readonly v?: string
  readonly kind?: string
  readonly ticks?: string
  readonly name?: string
  readonly printed?: string
  readonly items?: readonly (Described | null)[]
  readonly entries?: readonly (readonly [Described, Described | null])[]
  readonly members?: Readonly<Record<string, Described | null>>
}

/** `write`: what a caller gives the encoder. `read`: what the decoder gives. */
export type Way = 'write' | 'read'

const firstDay = '0001-01-01T00:00:00Z'
const lastTick = '3155378975999999999'
const lastMs = 253_402_300_799_999

/** Our value of a described one, where `declared` is declared. The recording process ran at UTC+10:00. */
export function fromDescribed(it: Described | null, declared: TypeNode, contract: Contract, way: Way): unknown {
  if (it === null) return null
  const node = typeof declared !== 'string' && 'nullable' in declared ? declared.nullable : declared
  if (node === 'object') return inObjectSlot(it, contract, way)
  if (it.items) return withType(it, node, sequence(it, node, contract, way), way)
  if (it.entries) return withType(it, node, dictionary(it, node, contract, way), way)
  if (it.members) return object(it, node, contract, way)
  return scalar(it, way)
}

/** The value of a described scalar by its own type. */
export function scalar(it: Described, way: Way): unknown {
  const text = it.v ?? ''
  switch (it.t) {
    case 'Boolean':
      return text === 'true'
    case 'SByte':
    case 'Byte':
    case 'Int16':
    case 'UInt16':
    case 'Int32':
    case 'UInt32':
    case 'Double':
      return Number(text)
    case 'Single':
      return Math.fround(Number(text))
    case 'Int64':
    case 'UInt64':
    case 'BigInteger':
      return BigInt(text)
    case 'DateTime':
    case 'DateTimeOffset':
      return way === 'write' ? dateText(it) : date(it)
    case 'TimeSpan':
      return formatDuration(BigInt(it.ticks ?? '0'))
    case 'TimeOnly':
      return parseTimeOnly(text)
    case 'Byte[]':
      return Buffer.from(text, 'hex')
    case 'Uri':
      return way === 'read' ? it.printed : text
    default:
      if (it.name !== undefined) return /^-?\d+$/.test(it.name) ? Number(it.name) : it.name
      return text
  }
}

function dateText(it: Described): string {
  const text = it.v ?? ''
  if (it.kind !== 'Unspecified') return text
  return it.ticks === '0' ? firstDay : `${text}+10:00`
}

function date(it: Described): Date {
  // .NET’s local time cannot go beyond its last tick, whatever the instant.
  return it.ticks === lastTick ? new Date(lastMs) : new Date(dateText(it))
}

function itemNode(node: TypeNode): TypeNode {
  if (typeof node === 'string') throw new Error(`${node} has no items`)
  if ('list' in node) return node.list
  if ('array' in node) return node.array
  if ('set' in node) return node.set
  if ('collection' in node) return node.of[0] as TypeNode
  throw new Error(`${describeType(node)} has no items`)
}

function sequence(it: Described, node: TypeNode, contract: Contract, way: Way): unknown {
  const items = (it.items ?? []).map(item => fromDescribed(item, itemNode(node), contract, way))
  if (typeof node !== 'string' && 'array' in node && node.rank === 2) {
    const side = Math.sqrt(items.length)
    return Array.from({ length: side }, (_, i) => items.slice(i * side, (i + 1) * side))
  }
  // What is read has the form of the declared type, whatever came.
  const set = way === 'write' ? /^(Hash|Sorted)Set</.test(it.t) : typeof node !== 'string' && ('set' in node || isSetLike(node))
  return set ? new Set(items) : items
}

function isSetLike(node: TypeNode): boolean {
  return typeof node !== 'string' && 'collection' in node && node.collection.endsWith('Set')
}

function dictionary(it: Described, node: TypeNode, contract: Contract, way: Way): unknown {
  if (typeof node === 'string') throw new Error(`${node} is no dictionary`)
  const [key, value] = 'dictionary' in node ? node.dictionary : 'collection' in node ? (node.of as readonly [TypeNode, TypeNode]) : []
  if (key === undefined || value === undefined) throw new Error(`${describeType(node)} is no dictionary`)
  const entries = (it.entries ?? []).map(
    ([k, v]) => [fromDescribed(k, key, contract, way), fromDescribed(v, value, contract, way)] as const,
  )
  if (way === 'write' || key !== 'string') return new Map(entries)
  return Object.assign(Object.create(null) as object, Object.fromEntries(entries))
}

function object(it: Described, node: TypeNode, contract: Contract, way: Way): unknown {
  const members = it.members ?? {}
  if (typeof node !== 'string') {
    const nodes = 'tuple' in node ? node.tuple : 'valueTuple' in node ? node.valueTuple : 'pair' in node ? node.pair : []
    return Object.values(members).map((member, i) => fromDescribed(member, nodes[i] as TypeNode, contract, way))
  }
  const short = it.t.slice(Math.max(it.t.lastIndexOf('+'), -1) + 1)
  const actual = node.startsWith('Box<') ? node : short
  const definition = contract.types?.[actual] as ObjectDefinition
  const value = Object.fromEntries(
    definition.members.map(({ name, type }) => [
      name,
      fromDescribed(members[name === 'short' ? 'LongName' : name] ?? null, type, contract, way),
    ]),
  )
  return actual === node ? value : { $type: actual, $value: value }
}

/** A collection whose run-time class is not the one that stands for the declared interface says so when it is written. */
function withType(it: Described, node: TypeNode, value: unknown, way: Way): unknown {
  if (way === 'read' || typeof node === 'string' || !('collection' in node)) return value
  const standard = /^I(?:ReadOnly)?Dictionary$/.test(node.collection) ? 'Dictionary<' : node.collection === 'ISet' ? 'HashSet<' : 'List<'
  return !node.collection.startsWith('I') || it.t.startsWith(standard) ? value : { $type: runtimeNode(it.t, node.of), $value: value }
}

function runtimeNode(type: string, of: readonly TypeNode[]): TypeNode {
  const [item, value] = of as readonly [TypeNode, TypeNode]
  if (type.endsWith('[]') || type.includes('ArrayWhereIterator')) return { array: item }
  if (type.startsWith('HashSet<')) return { set: item }
  if (type.startsWith('List<')) return { list: item }
  return type.startsWith('SortedDictionary<')
    ? { collection: 'SortedDictionary', of: [item, value] }
    : { collection: type.slice(0, type.indexOf('<')), of: [item] }
}

const scalarNodes: Readonly<Record<string, TypeNode>> = {
  Int32: 'int32',
  Decimal: 'decimal',
  Guid: 'guid',
  TimeSpan: 'timeSpan',
}
const plainTypes = new Set(['Int64', 'Double', 'String', 'Boolean', 'DateTime', 'Byte[]'])

/** In an object slot the type is said with the value, unless the value alone tells it. */
function inObjectSlot(it: Described, contract: Contract, way: Way): unknown {
  if (plainTypes.has(it.t)) return it.t === 'DateTime' ? date(it) : scalar(it, way)
  const node = objectSlotNode(it)
  return { $type: node, $value: fromDescribed(it, node, contract, way) }
}

function objectSlotNode(it: Described): TypeNode {
  const argument = /<(.*)>/.exec(it.t)?.[1]?.toLowerCase().split(',') ?? []
  if (it.t.startsWith('List<')) return { list: argument[0] ?? '' }
  if (it.t.startsWith('HashSet<')) return { set: argument[0] ?? '' }
  if (it.t.startsWith('Dictionary<')) return { dictionary: [argument[0] ?? '', argument[1] ?? ''] }
  if (it.t.endsWith('[]')) return { array: it.t.slice(0, -2).toLowerCase() }
  return scalarNodes[it.t] ?? it.t
}
