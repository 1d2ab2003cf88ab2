import { Download } from '@halibut-gateway/client'
import { isTyped, type MarkedType, type TypeDefinition, type TypeNode } from '@halibut-gateway/schemas/contract'
import type { ContractJson } from '@halibut-gateway/schemas/wire'

/** Values that a form begins with, and how deep they stand in each other; null stands for what is beyond. */
const mostValues = 500
const mostLevels = 6

/** What a form begins with: the JSON form of a plausible value of a type. */
export function firstValue(json: ContractJson, type: TypeNode, room = { values: mostValues }, depth = 0): unknown {
  if (depth > mostLevels || room.values-- <= 0) return null
  if (typeof type === 'string') return firstScalar(type) ?? firstDefined(json, type, room, depth)
  if ('nullable' in type) return null
  if ('tuple' in type) return type.tuple.map(item => firstValue(json, item, room, depth + 1))
  if ('valueTuple' in type) return type.valueTuple.map(item => firstValue(json, item, room, depth + 1))
  if ('pair' in type) return type.pair.map(item => firstValue(json, item, room, depth + 1))
  const dictionary = 'dictionary' in type ? type.dictionary : 'collection' in type && type.of.length === 2 ? type.of : undefined
  return dictionary?.[0] === 'string' ? {} : []
}

/** The same for a parameter or member: its default, where it has one; a reference that it requires is never null. */
export function firstOf(
  json: ContractJson,
  { type, default: standard, required }: MarkedType,
  room = { values: mostValues },
  depth = 0,
): unknown {
  if (standard !== undefined) return standard
  return firstValue(json, required && typeof type === 'object' && 'nullable' in type ? type.nullable : type, room, depth)
}

function firstScalar(type: string): unknown {
  switch (type) {
    case 'bool':
      return false
    case 'sbyte':
    case 'byte':
    case 'int16':
    case 'uint16':
    case 'int32':
    case 'uint32':
    case 'float':
    case 'double':
      return 0
    case 'int64':
    case 'uint64':
    case 'bigInteger':
    case 'decimal':
      return '0'
    case 'string':
    case 'bytes':
      return ''
    case 'char':
      return 'a'
    case 'guid':
      return crypto.randomUUID()
    case 'dateTime':
    case 'dateTimeOffset':
      return new Date().toISOString()
    case 'dateOnly':
      return new Date().toISOString().slice(0, 10)
    case 'timeOnly':
      return '12:00:00'
    case 'timeSpan':
      return 'PT1M'
    case 'uri':
      return 'https://example.org/'
    case 'version':
      return '1.0'
    default:
      return undefined
  }
}

function firstDefined(json: ContractJson, name: string, room: { values: number }, depth: number): unknown {
  const definition = definitionOf(json, name)
  if (!definition) return null
  if ('enum' in definition) return Object.keys(definition.values)[0] ?? 0
  if (isOpen(definition)) {
    const [derived] = constructible(json, name)
    return derived === undefined ? null : { $type: derived, $value: firstValue(json, derived, room, depth + 1) }
  }
  return Object.fromEntries(definition.members.map(member => [member.name, firstOf(json, member, room, depth + 1)]))
}

/** The entry of a contract’s types, where a name stands for one. */
export function definitionOf(json: ContractJson, name: string): TypeDefinition | undefined {
  const { types } = json.contract
  return types && Object.hasOwn(types, name) ? types[name] : undefined
}

/** Whether no value is of exactly this type, but of one that derives from it or implements it. */
export function isOpen(definition: TypeDefinition): boolean {
  return 'object' in definition && (definition.abstract === true || definition.kind === 'interface')
}

/** The types that a value can be of where one is declared: itself where it can have values of its own, and those that derive from it. */
export function constructible(json: ContractJson, name: string, found = new Set<string>(), seen = new Set<string>()): readonly string[] {
  const definition = definitionOf(json, name)
  if (!definition || 'enum' in definition || seen.has(name)) return [...found]
  seen.add(name)
  if (!isOpen(definition)) found.add(name)
  for (const derived of definition.derived ?? []) constructible(json, derived, found, seen)
  return [...found]
}

/** A value in its JSON form as it may be shown: what the contract calls a secret is not in it, but what `hide` puts there. */
export function withoutSecrets(
  json: ContractJson,
  { type, secret }: MarkedType,
  value: unknown,
  hide: (type: TypeNode) => unknown = () => '•••',
): unknown {
  if (value === null || value === undefined) return value
  if (secret) return hide(type)
  if (typeof value !== 'object' || value instanceof File) return value
  const of = (part: TypeNode, each: unknown): unknown => withoutSecrets(json, { type: part }, each, hide)
  if (isTyped(value)) return { $type: value.$type, $value: of(value.$type, value.$value) }
  if (typeof type === 'string') {
    const definition = definitionOf(json, type)
    if (!definition || 'enum' in definition) return value
    const members = new Map(definition.members.map(member => [member.name, member]))
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [name, withoutSecrets(json, members.get(name) ?? { type: 'object' }, each, hide)]),
    )
  }
  if ('nullable' in type) return of(type.nullable, value)
  const items = (part: TypeNode): unknown => (Array.isArray(value) ? value.map(each => of(part, each)) : value)
  if ('list' in type) return items(type.list)
  if ('set' in type) return items(type.set)
  if ('array' in type) return items((type.rank ?? 1) > 1 ? { array: type.array, rank: (type.rank ?? 1) - 1 } : type.array)
  if ('dictionary' in type || 'collection' in type) {
    const [first = 'object', second] = 'dictionary' in type ? type.dictionary : type.of
    if (second === undefined) return items(first)
    if (Array.isArray(value)) return items({ tuple: [first, second] })
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, of(second, each)]))
  }
  const types = 'tuple' in type ? type.tuple : 'valueTuple' in type ? type.valueTuple : type.pair
  return Array.isArray(value) ? value.map((each, i) => of(types[i] ?? 'object', each)) : value
}

/** What is shown in the place of a file or a download; `undefined` for any other value. */
export function shownAs(value: unknown): object | undefined {
  if (value instanceof File) return { file: value.name, bytes: value.size }
  return value instanceof Download ? { download: `${value.length} bytes` } : undefined
}
