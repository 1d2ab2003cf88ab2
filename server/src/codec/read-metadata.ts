import { type BsonReader, bsonType } from './bson.ts'
import { type ClrType, type DecodeContext, readFailed } from './clr-type.ts'

/** What the first elements of a document say about it. */
export interface Metadata {
  /** The type that `$type` names, else the declared one. */
  readonly type: ClrType
  readonly tagged: boolean
  /** The reader stands on the first element that is no metadata; false at the document’s end. */
  readonly pending: boolean
}

/** Whoever writes metadata writes two elements of it. */
const maxMetadata = 16

/**
 * Reads what precedes the members of an entered document: `$type`, after nothing but `$id` (spec §4.5). The named type must be allowed
 * and fit the declared one. A later `$type` is no metadata.
 */
export function readMetadata(reader: BsonReader, context: DecodeContext, declared: ClrType): Metadata {
  let type = declared
  let tagged = false
  let pending = reader.next()
  for (let count = 0; pending; pending = reader.next()) {
    const name = reader.name
    if (name.charCodeAt(0) !== 36) break
    if (++count > maxMetadata) readFailed('There are too many elements of metadata.')
    if (name === '$type') {
      type = readType(reader, context)
      if (!declared.assignableFrom(type)) {
        readFailed(`Type specified in JSON '${type.typeText('System.Private.CoreLib')}' is not compatible with '${declared.fullName}'.`)
      }
      tagged = true
    } else if (name !== '$id') break
    else if (reader.large) readFailed('A $id is not a string.')
  }
  return { type, tagged, pending }
}

/** The type that the current element, a `$type`, names. */
function readType(reader: BsonReader, context: DecodeContext): ClrType {
  context.trace?.push('$type')
  const type = context.resolve(reader.type === bsonType.string ? reader.string() : readFailed('A $type is not a string.'))
  context.trace?.pop()
  return type
}
