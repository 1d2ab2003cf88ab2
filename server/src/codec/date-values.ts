import { type BsonReader, bsonType } from './bson.ts'
import { readFailed, refuseValue } from './clr-type.ts'
import { badFormat, invalidCast } from './convert-result.ts'
import { maxDateMs, minDateMs, parseDate } from './date-text.ts'
import { refusedToken, scalar } from './scalar.ts'

function dateMs(value: unknown): number {
  const ms = value instanceof Date ? value.getTime() : typeof value === 'string' ? parseDate(value) : undefined
  if (ms === undefined || !(ms >= minDateMs && ms <= maxDateMs)) refuseValue('a Date, or RFC 3339 text, of the years 1 to 9999', value)
  return ms
}

/** Reads the current element, which is a BSON date. Dates that .NET cannot hold close the connection. */
export function readDate(reader: BsonReader): Date {
  const ms = reader.dateMs()
  if (ms < BigInt(minDateMs) || ms > BigInt(maxDateMs)) {
    readFailed(
      "Ticks must be between DateTime.MinValue.Ticks and DateTime.MaxValue.Ticks. (Parameter 'ticks')",
      'System.ArgumentOutOfRangeException',
    )
  }
  return new Date(Number(ms))
}

function readTypedDate(reader: BsonReader, target: string): Date {
  if (reader.type === bsonType.date) return readDate(reader)
  if (reader.type !== bsonType.string) return refusedToken(reader, 'date', target)
  const text = reader.string()
  const ms = parseDate(text)
  return ms === undefined
    ? readFailed(`Could not convert string to DateTime: ${text.slice(0, 64)}.`, 'Newtonsoft.Json.JsonReaderException')
    : new Date(ms)
}

/** System.DateTime. */
export const dateTime = scalar('dateTime', 'System.DateTime', {
  encode: (writer, name, value) => writer.date(name, dateMs(value)),
  readTyped: reader => readTypedDate(reader, 'System.DateTime'),
  defaultValue: () => new Date(minDateMs),
  convert(value, from) {
    if (typeof value !== 'string') throw invalidCast(from, 'System.DateTime')
    const ms = parseDate(value)
    if (ms === undefined) throw badFormat(`String '${value.slice(0, 64)}' was not recognized as a valid DateTime.`)
    return new Date(ms)
  },
})

/** System.DateTimeOffset. */
export const dateTimeOffset = scalar('dateTimeOffset', 'System.DateTimeOffset', {
  encode: (writer, name, value) => writer.date(name, dateMs(value)),
  readTyped: reader => readTypedDate(reader, 'System.DateTimeOffset'),
  defaultValue: () => new Date(minDateMs),
})
