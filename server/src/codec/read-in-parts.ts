import { type BsonReader, bsonType } from './bson.ts'
import type { ClrType, DecodeContext, Filling, Parts } from './clr-type.ts'
import { readMetadata } from './read-metadata.ts'

/** `readTyped` in parts. */
function* readInParts(declared: ClrType, reader: BsonReader, context: DecodeContext): Parts<unknown> {
  const type = declared.nullableOf ?? declared
  const { large } = type
  if (!reader.large || large === undefined) return declared.readTyped(reader, context)
  if (large.read) return yield* large.read(reader, context)
  if (reader.type === bsonType.array) {
    if (!large.items) return declared.readTyped(reader, context)
    reader.enter()
    return yield* fillInParts(large.items(reader), reader, context, reader.next())
  }
  reader.enter()
  const { type: actual, pending } = readMetadata(reader, context, type)
  const value = yield* bodyInParts(actual, reader, context, pending)
  return large.told ? large.told(actual, value) : value
}

/** `readBody` in parts. */
export function* bodyInParts(type: ClrType, reader: BsonReader, context: DecodeContext, pending: boolean): Parts<unknown> {
  if (!type.large?.body) return type.readBody(reader, context, pending)
  return yield* fillInParts(type.large.body(reader, context), reader, context, pending)
}

/** Fills a value with the elements of the document or array entered last; `pending`: the reader stands on the first of them. */
export function* fillInParts(filling: Filling, reader: BsonReader, context: DecodeContext, pending: boolean): Parts<unknown> {
  const { trace } = context
  for (let more = pending; more; more = reader.next()) {
    const type = filling.at(reader, context)
    if (type !== undefined) {
      const { place } = filling
      if (place !== undefined) trace?.push(place)
      if (reader.longText) yield* reader.decodeText()
      filling.put(reader.large ? yield* readInParts(type, reader, context) : type.readTyped(reader, context))
      if (place !== undefined) trace?.pop()
    } else if (reader.large) yield* reader.skipInParts()
    if (reader.mayPause()) yield
  }
  return filling.end()
}
