import type { ScalarName } from '@halibut-gateway/schemas/contract'
import { type BsonReader, bsonType } from './bson.ts'
import { type ClrType, type ClrTypeParts, clrType, readFailed } from './clr-type.ts'
import { type Convert, fromResultOf } from './convert-result.ts'
import { guidFromBytes } from './guid.ts'
import { printDouble } from './number-text.ts'
import { arrayType, systemType } from './type-names.ts'

/** What makes a scalar; a value type unless it says otherwise. */
export interface ScalarParts extends Omit<ClrTypeParts, 'fromResult' | 'reference' | 'node' | 'name'> {
  readonly convert?: Convert
  readonly reference?: boolean
}

/** A scalar type under its contract name and its .NET name. */
export function scalar(node: ScalarName, dotnet: string, parts: ScalarParts): ClrType {
  const type: ClrType = clrType({
    ...parts,
    name: dotnet.endsWith('[]') ? arrayType(systemType(dotnet.slice(0, -2))) : systemType(dotnet),
    node,
    reference: parts.reference ?? false,
    fromResult: fromResultOf(() => type, parts.convert),
  })
  return type
}

/** Throws that a value of this kind cannot become that type, in .NET’s words for types it reads by general conversion. */
export function cannotConvert(token: string, target: string): never {
  return readFailed(`Error converting value ${token} to type '${target}'.`)
}

/** The same in its words for types it has a reader of their own for. Null is told apart. */
export function refusedToken(reader: BsonReader, wanted: string, target: string): never {
  if (reader.type === bsonType.null) return cannotConvert('{null}', target)
  return readFailed(`Error reading ${wanted}. Unexpected token: ${tokenName(reader.type)}.`, 'Newtonsoft.Json.JsonReaderException')
}

/** The current scalar as it stands in error texts; cut when it is long. */
export function tokenText(reader: BsonReader): string {
  switch (reader.type) {
    case bsonType.null:
    case bsonType.undefined:
      return '{null}'
    case bsonType.bool:
      return reader.bool() ? 'True' : 'False'
    case bsonType.int32:
      return String(reader.int32())
    case bsonType.int64:
    case bsonType.timestamp:
      return String(reader.int64())
    case bsonType.double:
      return printDouble(reader.double())
    case bsonType.string:
      return JSON.stringify(reader.string().slice(0, 64))
    case bsonType.binary: {
      const { bytes } = reader.binary()
      return bytes.length === 16 ? guidFromBytes(bytes) : 'System.Byte[]'
    }
    default:
      return `{${tokenName(reader.type)}}`
  }
}

function tokenName(type: number): string {
  switch (type) {
    case bsonType.document:
      return 'StartObject'
    case bsonType.array:
      return 'StartArray'
    case bsonType.bool:
      return 'Boolean'
    case bsonType.double:
      return 'Float'
    case bsonType.int32:
    case bsonType.int64:
    case bsonType.timestamp:
      return 'Integer'
    case bsonType.date:
      return 'Date'
    case bsonType.undefined:
      return 'Undefined'
    case bsonType.binary:
    case bsonType.objectId:
      return 'Bytes'
    default:
      return 'String'
  }
}
