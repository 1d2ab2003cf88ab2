import type { EnumDefinition } from '@halibut-gateway/schemas/contract'
import { type BsonReader, bsonType } from './bson.ts'
import { type ClrType, clrType, refuse, refuseValue } from './clr-type.ts'
import { fromResultOf } from './convert-result.ts'
import { type IntegerRange, integerRanges, readInteger } from './integer-values.ts'
import { parseInteger } from './number-text.ts'
import { cannotConvert, tokenText } from './scalar.ts'
import { contractType } from './type-names.ts'

/** An enumeration’s names and values, both ways. */
interface EnumTable {
  readonly byName: ReadonlyMap<string, bigint>
  readonly byLowerName: ReadonlyMap<string, bigint>
  readonly byValue: ReadonlyMap<bigint, string>
  readonly flags: boolean
  readonly range: IntegerRange
}

/** The type of an enumeration: its value on the wire, its name (or a number without one) here. */
export function enumType(definition: EnumDefinition, node: string): ClrType & EnumKeys {
  const range: IntegerRange = integerRanges[definition.underlying ?? 'int32']
  const entries = Object.entries(definition.values).map(([name, value]) => [name, BigInt(value)] as const)
  const table: EnumTable = {
    byName: new Map(entries),
    byLowerName: new Map(entries.map(([name, value]) => [name.toLowerCase(), value])),
    byValue: new Map([...entries].reverse().map(([name, value]) => [value, name])),
    flags: definition.flags ?? false,
    range,
  }
  const toWire = (value: unknown): bigint => {
    const number = typeof value === 'string' ? parseNames(table, value, false) : asBigInt(value)
    if (number === undefined) refuseValue(`a name of ${node} or its number`, typeof value === 'string' ? `${value}`.slice(0, 64) : value)
    if (number < range.min || number > range.max) refuseValue(`a number from ${range.min} to ${range.max}`, number)
    return number
  }
  const name = contractType(definition.enum)
  const type: ClrType = clrType({
    name,
    node,
    reference: false,
    encode(writer, element, value) {
      const number = toWire(value)
      if (range.wide) {
        if (number > integerRanges.int64.max) {
          refuse(`${number} is too large to fit in a signed 64 bit integer. BSON does not support unsigned values.`)
        }
        writer.int64(element, number)
      } else {
        if (number > 0x7fff_ffffn)
          refuse(`${number} is too large to fit in a signed 32 bit integer. BSON does not support unsigned values.`)
        writer.int32(element, Number(number))
      }
    },
    readTyped: reader => readEnum(reader, table, name.name),
    defaultValue: () => nameOf(table, 0n),
    fromResult: fromResultOf(() => type),
  })
  return {
    ...type,
    keyText: value => {
      const number = toWire(value)
      const text = nameOf(table, number)
      return typeof text === 'string' ? text : String(number)
    },
    parseKey: text => {
      const number = parseNames(table, text, true) ?? parseInteger(text)
      return number === undefined ? undefined : nameOf(table, number)
    },
  }
}

/** How a type stands as a dictionary’s key. */
export interface EnumKeys {
  keyText(value: unknown): string
  parseKey(text: string): unknown
}

function asBigInt(value: unknown): bigint | undefined {
  return typeof value === 'bigint' ? value : Number.isSafeInteger(value) ? BigInt(value as number) : undefined
}

/** All 64 flags of an enumeration, each with a name of 1,000 characters. */
const maxNamesLength = 64 * 1024

/** `Read, Write`; also a single number’s text, as .NET reads it. */
function parseNames(table: EnumTable, text: string, ignoreCase: boolean): bigint | undefined {
  const exact = table.byName.get(text)
  if (exact !== undefined) return exact
  if (text.length > maxNamesLength) return undefined
  let total = 0n
  for (const part of text.split(',')) {
    const name = part.trim()
    const value = table.byName.get(name) ?? (ignoreCase ? table.byLowerName.get(name.toLowerCase()) : undefined)
    if (value === undefined) return undefined
    total |= value
  }
  return total
}

function readEnum(reader: BsonReader, table: EnumTable, dotnet: string): unknown {
  if (reader.type === bsonType.int32 || reader.type === bsonType.int64) {
    const value = reader.type === bsonType.int32 ? BigInt(reader.int32()) : readInteger(reader, integerRanges.int64)
    return value >= table.range.min && value <= table.range.max ? nameOf(table, value) : cannotConvert(String(value), dotnet)
  }
  if (reader.type !== bsonType.string) return cannotConvert(tokenText(reader), dotnet)
  const text = reader.string()
  const value = parseNames(table, text, true) ?? parseInteger(text)
  if (value === undefined || value < table.range.min || value > table.range.max)
    return cannotConvert(JSON.stringify(text.slice(0, 64)), dotnet)
  return nameOf(table, value)
}

/** The name of a value, flags as .NET prints them; the number where no name says it. */
function nameOf(table: EnumTable, value: bigint): string | number | bigint {
  const exact = table.byValue.get(value)
  if (exact !== undefined) return exact
  if (table.flags && value > 0n) {
    const names: string[] = []
    let rest = value
    for (const [flag, name] of [...table.byValue].sort(([a], [b]) => (a < b ? 1 : -1))) {
      if (flag > 0n && (rest & flag) === flag) {
        names.unshift(name)
        rest &= ~flag
      }
    }
    if (rest === 0n) return names.join(', ')
  }
  return Number.isSafeInteger(Number(value)) && !table.range.wide ? Number(value) : value
}
