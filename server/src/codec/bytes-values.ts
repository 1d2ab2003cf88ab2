import { type BsonReader, bsonType } from './bson.ts'
import { type ClrType, clrType, type Filling, readFailed, refuse, refuseValue } from './clr-type.ts'
import { readMetadata } from './read-metadata.ts'
import { cannotConvert, scalar, tokenText } from './scalar.ts'
import { systemType } from './type-names.ts'

/** System.Byte[]: a bare binary where it is declared, wrapped with its type in an object slot (spec §4.5). */
export const bytes: ClrType = scalar('bytes', 'System.Byte[]', {
  reference: true,
  encode(writer, name, value, slot, context) {
    if (value === null || value === undefined) {
      writer.null(name)
      return
    }
    if (!(value instanceof Uint8Array)) refuseValue('a Uint8Array', value)
    if (slot === 'typed') {
      writer.binary(name, 0, value)
      return
    }
    writer.startDocument(name)
    writer.string('$type', bytes.typeText(context.corlib))
    writer.binary('$value', 0, value)
    writer.end()
  },
  readTyped(reader, context) {
    switch (reader.type) {
      case bsonType.null:
        return null
      case bsonType.binary:
      case bsonType.objectId:
      case bsonType.string:
        return readBytes(reader)
      case bsonType.array:
        return readNumbers(reader)
      case bsonType.document:
        reader.enter()
        return bytes.readBody(reader, context, readMetadata(reader, context, bytes).pending)
      default:
        return cannotConvert(tokenText(reader), 'System.Byte[]')
    }
  },
  readBody(reader, _context, pending) {
    let value: Uint8Array | undefined
    for (let more = pending; more; more = reader.next()) {
      if (reader.name === '$value') value = readBytes(reader)
      else if (value === undefined) break
    }
    return value ?? noValue()
  },
  large: { items: () => new Numbers(), body: () => new BytesBody() },
})

/** What stands in an array, or in the document around a value, where that is large. */
function part(read: (reader: BsonReader) => unknown): ClrType {
  return clrType({
    name: systemType('System.Byte'),
    node: 'bytes',
    reference: false,
    encode: () => refuse('a part of bytes is never sent'),
    readTyped: read,
    fromResult: () => null,
  })
}

const numberPart = part(readNumber)
const valuePart = part(readBytes)

/** `readNumbers` of what is large. */
class Numbers implements Filling {
  readonly place = undefined
  #bytes = new Uint8Array(1024)
  #count = 0

  at(): ClrType {
    return numberPart
  }

  put(value: unknown): void {
    if (this.#count === this.#bytes.length) {
      const grown = new Uint8Array(this.#count * 2)
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    this.#bytes[this.#count++] = value as number
  }

  end(): unknown {
    return Buffer.from(this.#bytes.buffer, 0, this.#count)
  }
}

/** `readBody` of what is large. */
class BytesBody implements Filling {
  readonly place = undefined
  #value: unknown

  at(reader: BsonReader): ClrType | undefined {
    if (reader.name === '$value') return valuePart
    return this.#value === undefined ? noValue() : undefined
  }

  put(value: unknown): void {
    this.#value = value
  }

  end(): unknown {
    return this.#value ?? noValue()
  }
}

function noValue(): never {
  return readFailed(
    `Cannot deserialize the current JSON array (e.g. [1,2,3]) into type 'System.Byte[]' because the type requires a JSON primitive value (e.g. string, number, boolean, null) to deserialize correctly.`,
  )
}

/** What is read may outlive the message it stood in. */
function readBytes(reader: BsonReader): Uint8Array {
  if (reader.type === bsonType.objectId) return Buffer.from(reader.objectId())
  if (reader.type !== bsonType.string) return reader.own(reader.binary().bytes)
  const text = reader.string()
  return /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text)
    ? Buffer.from(text, 'base64')
    : readFailed(`Error converting value ${JSON.stringify(text.slice(0, 64))} to type 'System.Byte[]'.`)
}

function readNumbers(reader: BsonReader): Uint8Array {
  const numbers: number[] = []
  reader.enter()
  while (reader.next()) numbers.push(readNumber(reader))
  return Buffer.from(numbers)
}

function readNumber(reader: BsonReader): number {
  const value = reader.type === bsonType.int32 ? reader.int32() : reader.type === bsonType.int64 ? Number(reader.int64()) : -1
  if (value >= 0 && value <= 255) return value
  return readFailed('Unexpected token when reading bytes: Integer.', 'Newtonsoft.Json.JsonReaderException')
}
