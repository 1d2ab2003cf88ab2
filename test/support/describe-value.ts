import { type Contract, isTyped, type ObjectDefinition, type TypeNode } from '@halibut-gateway/schemas/contract'
import { printDouble } from '../../server/src/codec/number-text.ts'
import { durationToTimeSpan, parseDuration } from '../../server/src/codec/time-span.ts'
import type { Described } from './described-values.ts'

const scalarNames: Readonly<Record<string, string>> = {
  bool: 'Boolean',
  sbyte: 'SByte',
  byte: 'Byte',
  int16: 'Int16',
  uint16: 'UInt16',
  int32: 'Int32',
  uint32: 'UInt32',
  int64: 'Int64',
  uint64: 'UInt64',
  bigInteger: 'BigInteger',
  float: 'Single',
  double: 'Double',
  decimal: 'Decimal',
  string: 'String',
  char: 'Char',
  guid: 'Guid',
  dateTime: 'DateTime',
  dateTimeOffset: 'DateTimeOffset',
  dateOnly: 'DateOnly',
  timeOnly: 'TimeOnly',
  timeSpan: 'TimeSpan',
  uri: 'Uri',
  version: 'Version',
  bytes: 'Byte[]',
  object: 'Object',
}

/** A value that a service received, in the notation of the recordings (the other way round: `fromDescribed`). */
export function describeValue(value: unknown, declared: TypeNode, contract: Contract): Described | null {
  if (value === null || value === undefined) return null
  if (isTyped(value)) return describeValue(value.$value, value.$type, contract)
  if (typeof declared === 'string') return describeNamed(value, declared, contract)
  if ('nullable' in declared) return describeValue(value, declared.nullable, contract)
  const t = clrName(declared, contract)
  if ('dictionary' in declared) {
    const [key, item] = declared.dictionary
    const entries = value instanceof Map ? [...value] : Object.entries(value)
    return { t, entries: entries.map(([k, v]) => [describeValue(k, key, contract) as Described, describeValue(v, item, contract)]) }
  }
  if ('tuple' in declared) {
    const items = declared.tuple.map((node, i) => [`Item${i + 1}`, describeValue((value as unknown[])[i], node, contract)])
    return { t, members: Object.fromEntries(items) }
  }
  const item = 'list' in declared ? declared.list : 'array' in declared ? declared.array : 'set' in declared ? declared.set : undefined
  if (item === undefined) throw new Error(`no service describes a ${t}`)
  return { t, items: [...(value as Iterable<unknown>)].map(one => describeValue(one, item, contract)) }
}

function describeNamed(value: unknown, name: string, contract: Contract): Described {
  if (name === 'object') return describeNamed(value, nodeOf(value), contract)
  const t = scalarNames[name]
  if (t !== undefined) return describeScalar(value, name, t)
  const definition = contract.types?.[name]
  if (!definition) throw new Error(`${name} is no type of ${contract.service}`)
  if ('enum' in definition) {
    const number = typeof value === 'string' ? definition.values[value] : value
    return { t: name, v: String(number), name: String(value) }
  }
  const members = definition.members.map(member => [
    member.name,
    describeValue((value as Record<string, unknown>)[member.name], member.type, contract),
  ])
  return { t: objectName(name, definition, contract), members: Object.fromEntries(members) }
}

function describeScalar(value: unknown, name: string, t: string): Described {
  switch (name) {
    case 'double':
      return { t, v: printDouble(value as number) }
    case 'bytes':
      return { t, v: Buffer.from(value as Uint8Array).toString('hex') }
    case 'dateTime':
      return { t, ...localDate(value as Date) }
    case 'dateTimeOffset':
      return { t, ...withoutKind(localDate(value as Date)) }
    case 'timeSpan':
      return { t, v: String(durationToTimeSpan(value as string)), ticks: String(parseDuration(value as string)) }
    case 'uri':
      return { t, v: String(value), printed: String(value) }
    default:
      return { t, v: String(value) }
  }
}

/** .NET’s type of a value in an object slot, where the value alone tells it. */
function nodeOf(value: unknown): string {
  if (typeof value === 'bigint') return 'int64'
  if (typeof value === 'number') return 'double'
  if (typeof value === 'boolean') return 'bool'
  if (value instanceof Date) return 'dateTime'
  return value instanceof Uint8Array ? 'bytes' : 'string'
}

const epochTicks = 621_355_968_000_000_000n
const lastTick = 3_155_378_975_999_999_999n
const offsetMs = 36_000_000

/** As the recording process saw an instant: local time at UTC+10:00, which ends with .NET’s last tick. */
function localDate(date: Date): { v: string; kind: string; ticks: string } {
  const localMs = date.getTime() + offsetMs
  const ticks = BigInt(localMs) * 10_000n + epochTicks
  const late = ticks > lastTick
  const text = late ? '9999-12-31T23:59:59.9999999' : `${new Date(localMs).toISOString().slice(0, -1)}0000`
  return { v: `${text}+10:00`, kind: 'Local', ticks: String(late ? lastTick : ticks) }
}

function withoutKind(date: { v: string; ticks: string }): { v: string; ticks: string } {
  return { v: date.v, ticks: date.ticks }
}

function clrName(node: TypeNode, contract: Contract): string {
  const inside = (nodes: readonly TypeNode[]): string => nodes.map(one => clrName(one, contract)).join(',')
  if (typeof node === 'string') {
    const definition = contract.types?.[node]
    return scalarNames[node] ?? (definition && 'object' in definition ? objectName(node, definition, contract) : node)
  }
  // The contract marks references as nullable where null occurs; .NET’s names do not.
  if ('nullable' in node) return clrName(node.nullable, contract)
  if ('list' in node) return `List<${inside([node.list])}>`
  if ('array' in node) return `${inside([node.array])}[${','.repeat((node.rank ?? 1) - 1)}]`
  if ('set' in node) return `HashSet<${inside([node.set])}>`
  if ('dictionary' in node) return `Dictionary<${inside(node.dictionary)}>`
  if ('tuple' in node) return `Tuple<${inside(node.tuple)}>`
  if ('valueTuple' in node) return `ValueTuple<${inside(node.valueTuple)}>`
  return 'pair' in node ? `KeyValuePair<${inside(node.pair)}>` : `${node.collection}<${inside(node.of)}>`
}

function objectName(name: string, definition: ObjectDefinition, contract: Contract): string {
  if (!definition.of) return name
  return `${name.slice(0, name.indexOf('<'))}<${definition.of.map(node => clrName(node, contract)).join(',')}>`
}
