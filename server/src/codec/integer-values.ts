import type { ScalarName } from '@halibut-gateway/schemas/contract'
import { type BsonReader, bsonType } from './bson.ts'
import { type ClrType, readFailed, refuse, refuseValue } from './clr-type.ts'
import { badFormat, type Convert, invalidCast, overflow } from './convert-result.ts'
import { parseInteger, roundHalfEven } from './number-text.ts'
import { cannotConvert, refusedToken, scalar } from './scalar.ts'

/** The range of an integer type, and the part of it that BSON can carry. */
export interface IntegerRange {
  readonly dotnet: string
  readonly min: bigint
  readonly max: bigint
  /** BSON int64 (0x12), and a `bigint` here. */
  readonly wide: boolean
}

/** Every integer type by its contract name. */
export const integerRanges = {
  sbyte: { dotnet: 'SByte', min: -128n, max: 127n, wide: false },
  byte: { dotnet: 'Byte', min: 0n, max: 255n, wide: false },
  int16: { dotnet: 'Int16', min: -32_768n, max: 32_767n, wide: false },
  uint16: { dotnet: 'UInt16', min: 0n, max: 65_535n, wide: false },
  int32: { dotnet: 'Int32', min: -(2n ** 31n), max: 2n ** 31n - 1n, wide: false },
  uint32: { dotnet: 'UInt32', min: 0n, max: 2n ** 32n - 1n, wide: false },
  int64: { dotnet: 'Int64', min: -(2n ** 63n), max: 2n ** 63n - 1n, wide: true },
  uint64: { dotnet: 'UInt64', min: 0n, max: 2n ** 64n - 1n, wide: true },
} as const satisfies Record<string, IntegerRange>

const int64Max = 2n ** 63n - 1n
const int64Min = -(2n ** 63n)

/** Reads the current element as an integer of any size, as .NET reads one where an integer type is declared (spec §4.6.2). */
export function readInteger(reader: BsonReader, range: IntegerRange): bigint {
  const value = readAnyInteger(reader, range)
  if (value >= range.min && value <= range.max) return value
  if (range.dotnet === 'Int32') readFailed(`Could not convert to integer: ${value}.`, 'Newtonsoft.Json.JsonReaderException')
  return cannotConvert(String(value), `System.${range.dotnet}`)
}

function readAnyInteger(reader: BsonReader, range: IntegerRange): bigint {
  switch (reader.type) {
    case bsonType.int32:
      return BigInt(reader.int32())
    case bsonType.int64:
    case bsonType.timestamp:
      return reader.int64()
    case bsonType.double:
      return roundHalfEven(reader.double()) ?? cannotConvert('NaN', `System.${range.dotnet}`)
    case bsonType.string: {
      const text = reader.string()
      return (
        parseInteger(text) ??
        readFailed(`Could not convert string to integer: ${text.slice(0, 64)}.`, 'Newtonsoft.Json.JsonReaderException')
      )
    }
    default:
      return refusedToken(reader, 'integer', `System.${range.dotnet}`)
  }
}

/** A result of another type as an integer (spec §4.6.4). */
function convertToInteger(range: IntegerRange): Convert {
  return (value, from) => {
    const converted = toInteger(value, from, range)
    if (converted < range.min || converted > range.max) throw overflow(range.dotnet)
    return range.wide ? converted : Number(converted)
  }
}

function toInteger(value: unknown, from: ClrType, range: IntegerRange): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'boolean') return value ? 1n : 0n
  if (typeof value === 'number') {
    const rounded = roundHalfEven(value)
    if (rounded === undefined) throw overflow(range.dotnet)
    return rounded
  }
  if (typeof value !== 'string') throw invalidCast(from, `System.${range.dotnet}`)
  const parsed = parseInteger(value)
  if (parsed === undefined) throw badFormat(`The input string '${value.slice(0, 64)}' was not in a correct format.`)
  return parsed
}

function narrow(node: ScalarName, range: IntegerRange): ClrType {
  const min = Number(range.min)
  const max = Number(range.max)
  const expected = `a whole number from ${min} to ${max}`
  return scalar(node, `System.${range.dotnet}`, {
    encode(writer, name, value) {
      if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) refuseValue(expected, value)
      if (value > 0x7fff_ffff) refuse(`${value} is too large to fit in a signed 32 bit integer. BSON does not support unsigned values.`)
      writer.int32(name, value)
    },
    readTyped(reader) {
      if (reader.type === bsonType.int32) {
        const value = reader.int32()
        return value >= min && value <= max ? value : cannotConvert(String(value), `System.${range.dotnet}`)
      }
      return Number(readInteger(reader, range))
    },
    defaultValue: () => 0,
    convert: convertToInteger(range),
  })
}

function wide(node: ScalarName, range: IntegerRange): ClrType {
  const expected = `a bigint, or a safe integer, from ${range.min} to ${range.max}`
  return scalar(node, `System.${range.dotnet}`, {
    encode(writer, name, value) {
      if (typeof value === 'number' ? !Number.isSafeInteger(value) : typeof value !== 'bigint') refuseValue(expected, value)
      const integer = value as number | bigint
      if (integer < range.min || integer > range.max) refuseValue(expected, value)
      if (integer > int64Max || integer < int64Min) {
        refuse(`${integer} is too large to fit in a signed 64 bit integer. BSON does not support unsigned values.`)
      }
      writer.int64(name, integer)
    },
    readTyped: reader => readInteger(reader, range),
    defaultValue: () => 0n,
    convert: convertToInteger(range),
  })
}

/** Every integer type by its contract name. */
export const integerTypes = {
  sbyte: narrow('sbyte', integerRanges.sbyte),
  byte: narrow('byte', integerRanges.byte),
  int16: narrow('int16', integerRanges.int16),
  uint16: narrow('uint16', integerRanges.uint16),
  int32: narrow('int32', integerRanges.int32),
  uint32: narrow('uint32', integerRanges.uint32),
  int64: wide('int64', integerRanges.int64),
  uint64: wide('uint64', integerRanges.uint64),
} as const
