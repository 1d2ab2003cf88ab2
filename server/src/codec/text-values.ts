import type { ScalarName } from '@halibut-gateway/schemas/contract'
import { type BsonReader, bsonType } from './bson.ts'
import { type ClrType, readFailed, refuseValue } from './clr-type.ts'
import { badFormat, invalidCast } from './convert-result.ts'
import { parseDateOnly, parseTimeOnly, printDate } from './date-text.ts'
import { readDate } from './date-values.ts'
import { guidFromBytes, isGuid } from './guid.ts'
import { printDouble } from './number-text.ts'
import { cannotConvert, refusedToken, scalar, tokenText } from './scalar.ts'
import { durationToTimeSpan, timeSpanToDuration } from './time-span.ts'
import { printUri } from './uri-text.ts'

/** System.String. */
export const string = scalar('string', 'System.String', {
  reference: true,
  encode(writer, name, value) {
    if (typeof value === 'string') writer.string(name, value)
    else if (value === null || value === undefined) writer.null(name)
    else refuseValue('a string', value)
  },
  readTyped(reader) {
    switch (reader.type) {
      case bsonType.string:
      case bsonType.code:
      case bsonType.symbol:
        return reader.string()
      case bsonType.null:
        return null
      case bsonType.int32:
        return String(reader.int32())
      case bsonType.int64:
      case bsonType.timestamp:
        return String(reader.int64())
      case bsonType.double:
        return printDouble(reader.double())
      case bsonType.bool:
        return reader.bool() ? 'True' : 'False'
      case bsonType.date:
        return printDate(readDate(reader))
      case bsonType.binary: {
        const { subtype, bytes } = reader.binary()
        return subtype === 4 && bytes.length === 16
          ? guidFromBytes(bytes)
          : readFailed('Error reading string. Unexpected token: Bytes.', 'Newtonsoft.Json.JsonReaderException')
      }
      default:
        return refusedToken(reader, 'string', 'System.String')
    }
  },
  convert(value) {
    if (typeof value === 'bigint') return String(value)
    if (typeof value === 'number') return printDouble(value)
    if (typeof value === 'boolean') return value ? 'True' : 'False'
    return printDate(value as Date)
  },
})

/** System.Char. */
export const char = scalar('char', 'System.Char', {
  encode(writer, name, value) {
    if (typeof value !== 'string' || value.length !== 1) refuseValue('a string of one UTF-16 code unit', value)
    writer.string(name, value)
  },
  readTyped(reader) {
    if (reader.type === bsonType.string) {
      const text = reader.string()
      return text.length === 1 ? text : cannotConvert(JSON.stringify(text.slice(0, 64)), 'System.Char')
    }
    const code = reader.type === bsonType.int32 ? reader.int32() : reader.type === bsonType.int64 ? Number(reader.int64()) : undefined
    if (code === undefined) return cannotConvert(tokenText(reader), 'System.Char')
    return code >= 0 && code <= 0xffff ? String.fromCharCode(code) : cannotConvert(String(code), 'System.Char')
  },
  defaultValue: () => '\0',
  convert(value, from) {
    if (typeof value === 'string') {
      if (value.length !== 1) throw badFormat('String must be exactly one character long.')
      return value
    }
    if (typeof value === 'bigint') {
      if (value < 0n || value > 0xffffn) throw badFormat('Value was either too large or too small for a character.')
      return String.fromCharCode(Number(value))
    }
    throw invalidCast(from, 'System.Char')
  },
})

const emptyGuid = '00000000-0000-0000-0000-000000000000'

/** With spaces around it. */
const maxGuidLength = 256

/** A GUID from its text in any of .NET’s forms, lower-case; `undefined` for anything else. */
function parseGuid(text: string): string | undefined {
  if (text.length > maxGuidLength) return undefined
  const trimmed = text.trim()
  const inner = /^[{(](.*)[})]$/.exec(trimmed)?.[1] ?? trimmed
  if (isGuid(inner)) return inner.toLowerCase()
  const digits = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/i.exec(inner)
  return digits ? digits.slice(1).join('-').toLowerCase() : undefined
}

/** Reads the current element as a GUID: binary of 16 bytes and any subtype, or text (spec §4.6.2). */
export function readGuid(reader: BsonReader): string {
  if (reader.type === bsonType.binary) {
    const { bytes } = reader.binary()
    return bytes.length === 16
      ? guidFromBytes(bytes)
      : readFailed("Byte array for Guid must be exactly 16 bytes long. (Parameter 'b')", 'System.ArgumentException')
  }
  if (reader.type === bsonType.string) {
    const text = reader.string()
    return parseGuid(text) ?? cannotConvert(JSON.stringify(text.slice(0, 64)), 'System.Guid')
  }
  return cannotConvert(tokenText(reader), 'System.Guid')
}

/** System.Guid. */
export const guid = scalar('guid', 'System.Guid', {
  encode(writer, name, value) {
    if (typeof value !== 'string' || !isGuid(value)) refuseValue('a GUID of the form 8-4-4-4-12', value)
    writer.guid(name, value)
  },
  readTyped: readGuid,
  defaultValue: () => emptyGuid,
})

/** A scalar that is text on the wire, in one canonical form. */
function text(
  node: ScalarName,
  dotnet: string,
  expected: string,
  options: {
    readonly reference?: boolean
    readonly toWire: (value: string) => string | undefined
    readonly fromWire: (value: string) => string | undefined
    readonly defaultValue?: () => unknown
  },
): ClrType {
  const reference = options.reference ?? false
  return scalar(node, dotnet, {
    reference,
    encode(writer, name, value) {
      if (reference && (value === null || value === undefined)) {
        writer.null(name)
        return
      }
      const wire = typeof value === 'string' ? options.toWire(value) : undefined
      if (wire === undefined) refuseValue(expected, value)
      writer.string(name, wire)
    },
    readTyped(reader) {
      if (reference && reader.type === bsonType.null) return null
      if (reader.type !== bsonType.string) return cannotConvert(tokenText(reader), dotnet)
      const wire = reader.string()
      return options.fromWire(wire) ?? cannotConvert(JSON.stringify(wire.slice(0, 64)), dotnet)
    },
    ...(options.defaultValue ? { defaultValue: options.defaultValue } : {}),
  })
}

const parseVersion = (value: string): string | undefined =>
  /^\d{1,10}(?:\.\d{1,10}){1,3}$/.test(value) && value.split('.').every(part => Number(part) <= 0x7fff_ffff) ? value : undefined

/** System.DateOnly. */
export const dateOnly = text('dateOnly', 'System.DateOnly', 'a date like 2020-01-02', {
  toWire: parseDateOnly,
  fromWire: parseDateOnly,
  defaultValue: () => '0001-01-01',
})

/** System.TimeOnly. */
export const timeOnly = text('timeOnly', 'System.TimeOnly', 'a time like 03:04:05.678', {
  toWire: parseTimeOnly,
  fromWire: parseTimeOnly,
  defaultValue: () => '00:00:00',
})

/** System.TimeSpan: an ISO 8601 duration here, .NET’s constant format on the wire. */
export const timeSpan = text('timeSpan', 'System.TimeSpan', 'an ISO 8601 duration that a TimeSpan can hold, like PT1.5S', {
  toWire: durationToTimeSpan,
  fromWire: timeSpanToDuration,
  defaultValue: () => 'PT0S',
})

/** System.Uri, written as .NET prints it. */
export const uri = text('uri', 'System.Uri', 'a URI, with a host that .NET takes', {
  reference: true,
  toWire: printUri,
  fromWire: value => value,
})

/** System.Version. */
export const version = text('version', 'System.Version', 'a version of two to four numbers', {
  reference: true,
  toWire: parseVersion,
  fromWire: parseVersion,
})
