import { type BsonReader, bsonType } from './bson.ts'
import { type ClrType, readFailed, refuseValue } from './clr-type.ts'
import { badFormat, invalidCast, overflow } from './convert-result.ts'
import { decimalToDouble, doubleToDecimal, normaliseDecimal } from './decimal-text.ts'
import { maxNumberLength, parseDouble, printDouble } from './number-text.ts'
import { cannotConvert, refusedToken, scalar, tokenText } from './scalar.ts'

/** System.Boolean. */
export const bool = scalar('bool', 'System.Boolean', {
  encode(writer, name, value) {
    if (typeof value !== 'boolean') refuseValue('a boolean', value)
    writer.bool(name, value)
  },
  readTyped(reader) {
    switch (reader.type) {
      case bsonType.bool:
        return reader.bool()
      case bsonType.int32:
        return reader.int32() !== 0
      case bsonType.int64:
        return reader.int64() !== 0n
      case bsonType.double:
        return reader.double() !== 0
      case bsonType.string: {
        const text = reader.string()
        return (
          parseBool(text) ?? readFailed(`Could not convert string to boolean: ${text.slice(0, 64)}.`, 'Newtonsoft.Json.JsonReaderException')
        )
      }
      default:
        return refusedToken(reader, 'boolean', 'System.Boolean')
    }
  },
  defaultValue: () => false,
  convert(value, from) {
    if (typeof value === 'bigint') return value !== 0n
    if (typeof value === 'number') return value !== 0
    if (typeof value !== 'string') throw invalidCast(from, 'System.Boolean')
    const parsed = parseBool(value)
    if (parsed === undefined) throw badFormat(`String '${value.slice(0, 64)}' was not recognized as a valid Boolean.`)
    return parsed
  },
})

function parseBool(text: string): boolean | undefined {
  if (text.length > maxNumberLength) return undefined
  const lower = text.trim().toLowerCase()
  return lower === 'true' ? true : lower === 'false' ? false : undefined
}

function readDouble(reader: BsonReader, target: string): number {
  switch (reader.type) {
    case bsonType.double:
      return reader.double()
    case bsonType.int32:
      return reader.int32()
    case bsonType.int64:
    case bsonType.timestamp:
      return Number(reader.int64())
    case bsonType.string: {
      const text = reader.string()
      return (
        parseDouble(text) ?? readFailed(`Could not convert string to double: ${text.slice(0, 64)}.`, 'Newtonsoft.Json.JsonReaderException')
      )
    }
    default:
      return refusedToken(reader, 'double', target)
  }
}

function convertToDouble(value: unknown, from: ClrType, target: string): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value !== 'string') throw invalidCast(from, target)
  const parsed = parseDouble(value)
  if (parsed === undefined) throw badFormat(`The input string '${value.slice(0, 64)}' was not in a correct format.`)
  return parsed
}

/** System.Single, widened to a double on the wire. */
export const float = scalar('float', 'System.Single', {
  encode(writer, name, value) {
    const rounded = typeof value === 'number' ? Math.fround(value) : undefined
    if (rounded === undefined || (Number.isFinite(value) && !Number.isFinite(rounded))) refuseValue('a number that a float can hold', value)
    writer.double(name, rounded)
  },
  readTyped: reader => Math.fround(readDouble(reader, 'System.Single')),
  defaultValue: () => 0,
  convert: (value, from) => Math.fround(convertToDouble(value, from, 'System.Single')),
})

/** System.Double. */
export const double = scalar('double', 'System.Double', {
  encode(writer, name, value) {
    if (typeof value !== 'number') refuseValue('a number', value)
    writer.double(name, value)
  },
  readTyped: reader => (reader.type === bsonType.double ? reader.double() : readDouble(reader, 'System.Double')),
  defaultValue: () => 0,
  convert: (value, from) => convertToDouble(value, from, 'System.Double'),
})

/** System.Decimal, a double on the wire. */
export const decimal = scalar('decimal', 'System.Decimal', {
  encode(writer, name, value) {
    const number = typeof value === 'string' ? decimalToDouble(value) : undefined
    if (number === undefined) refuseValue('the text of a decimal of at most 96 bits', value)
    writer.double(name, number)
  },
  readTyped(reader) {
    switch (reader.type) {
      case bsonType.double: {
        const value = reader.double()
        return (
          doubleToDecimal(value) ??
          readFailed(`Could not convert to decimal: ${printDouble(value)}.`, 'Newtonsoft.Json.JsonReaderException')
        )
      }
      case bsonType.int32:
        return String(reader.int32())
      case bsonType.int64:
      case bsonType.timestamp:
        return String(reader.int64())
      case bsonType.string: {
        const text = reader.string()
        return (
          normaliseDecimal(text) ??
          readFailed(`Could not convert string to decimal: ${text.slice(0, 64)}.`, 'Newtonsoft.Json.JsonReaderException')
        )
      }
      default:
        return refusedToken(reader, 'decimal', 'System.Decimal')
    }
  },
  defaultValue: () => '0',
  convert(value, from) {
    if (typeof value === 'bigint') return String(value)
    if (typeof value === 'boolean') return value ? '1' : '0'
    if (typeof value === 'number') {
      const text = doubleToDecimal(value)
      if (text === undefined) throw overflow('Decimal')
      return text
    }
    if (typeof value !== 'string') throw invalidCast(from, 'System.Decimal')
    const text = normaliseDecimal(value)
    if (text === undefined) throw badFormat(`The input string '${value.slice(0, 64)}' was not in a correct format.`)
    return text
  },
})

/** System.Numerics.BigInteger. */
export const bigInteger = scalar('bigInteger', 'System.Numerics.BigInteger', {
  encode(writer, name, value) {
    if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) refuseValue('a bigint', value)
    writer.binary(name, 0, bigIntegerBytes(BigInt(value as bigint | number)))
  },
  readTyped(reader) {
    switch (reader.type) {
      case bsonType.binary:
        return bigIntegerFromBytes(reader.binary().bytes)
      case bsonType.int32:
        return BigInt(reader.int32())
      case bsonType.int64:
      case bsonType.timestamp:
        return reader.int64()
      case bsonType.string: {
        const digits = reader.string()
        return digits.length <= maxNumberLength && /^\s*[-+]?\d{1,4000}\s*$/.test(digits)
          ? BigInt(digits.trim().replace(/^\+/, ''))
          : cannotConvert(JSON.stringify(digits.slice(0, 64)), 'System.Numerics.BigInteger')
      }
      default:
        return cannotConvert(tokenText(reader), 'System.Numerics.BigInteger')
    }
  },
  defaultValue: () => 0n,
})

/** Little-endian two’s complement, as short as it can be. */
function bigIntegerBytes(value: bigint): Buffer {
  const digits = (value < 0n ? ~value : value).toString(16)
  const bits = digits.length * 4 - Math.clz32(Number.parseInt(digits.charAt(0), 16)) + 28
  const length = Math.floor(bits / 8) + 1
  const hex = BigInt.asUintN(length * 8, value).toString(16)
  return Buffer.from(hex.padStart(length * 2, '0'), 'hex').reverse()
}

/** To print one that is longer takes milliseconds, and to read one of some megabytes takes seconds. */
const maxBigIntegerBytes = 64 * 1024

function bigIntegerFromBytes(wire: Buffer): bigint {
  if (wire.length === 0) return 0n
  if (wire.length > maxBigIntegerBytes) return cannotConvert(`of ${wire.length} bytes`, 'System.Numerics.BigInteger')
  return BigInt.asIntN(wire.length * 8, BigInt(`0x${Buffer.from(wire).reverse().toString('hex')}`))
}
