import { HalibutError } from '../base/errors.ts'
import { type BsonReader, bsonType } from './bson.ts'
import { type ClrType, clrType, type DecodeContext, enterEncoded, type Filling, readFailed, refuse, refuseValue } from './clr-type.ts'
import { fromResultOf } from './convert-result.ts'
import { DataStream } from './data-stream.ts'
import { readMetadata } from './read-metadata.ts'
import { readGuid } from './text-values.ts'
import { contractType } from './type-names.ts'

/** Halibut.DataStream: id and length in the document, the content after it. Recorded in document order (spec §5.1). */
export const dataStreamType: ClrType = clrType({
  name: contractType('Halibut.DataStream, Halibut'),
  node: 'dataStream',
  reference: true,
  encode(writer, name, value, slot, context) {
    if (value === null || value === undefined) {
      writer.null(name)
      return
    }
    if (!(value instanceof DataStream)) refuseValue('a DataStream', value)
    if (value.consumed) throw new HalibutError('stream_consumed', 'this data stream has been sent or read already', { phase: 'request' })
    context.seen ??= new Set()
    if (context.seen.has(value)) refuse('one data stream cannot be sent twice in a message')
    if (context.streams.length >= context.maxStreams)
      refuse(`more than ${context.maxStreams} data streams in a message (maxStreamsPerMessage)`)
    context.seen.add(value)
    context.streams.push(value)
    enterEncoded(context)
    writer.startDocument(name)
    if (slot === 'object') writer.string('$type', dataStreamType.typeText(context.corlib))
    writer.guid('id', value.id)
    writer.int64('length', value.length)
    writer.end()
    context.depth--
  },
  readTyped(reader, context) {
    if (reader.type === bsonType.null) return null
    if (reader.type !== bsonType.document) readFailed("Cannot deserialize a value that is no JSON object into type 'Halibut.DataStream'.")
    reader.enter()
    return readStream(reader, context, readMetadata(reader, context, dataStreamType).pending)
  },
  readBody: readStream,
  large: { body: (_reader, context) => new StreamFilling(context) },
  fromResult: fromResultOf(() => dataStreamType),
})

function readStream(reader: BsonReader, context: DecodeContext, pending: boolean): DataStream {
  const filling = new StreamFilling(context)
  for (let more = pending; more; more = reader.next()) filling.at(reader)
  return filling.end()
}

/** The two members that count are read where they stand; everything else is passed over. */
class StreamFilling implements Filling {
  readonly place = undefined
  readonly #context: DecodeContext
  #id = '00000000-0000-0000-0000-000000000000'
  #length = 0

  constructor(context: DecodeContext) {
    this.#context = context
  }

  at(reader: BsonReader): undefined {
    const name = reader.name.toLowerCase()
    if (name === 'id') this.#id = readGuid(reader)
    else if (name === 'length') this.#length = readLength(reader)
  }

  put(): void {
    // Nothing is left to others to read.
  }

  end(): DataStream {
    return announce(this.#context, this.#length, this.#id)
  }
}

function announce(context: DecodeContext, length: number, id: string): DataStream {
  if (context.streams.length >= context.maxStreams) {
    throw new HalibutError('protocol_error', `more than ${context.maxStreams} data streams in a message (maxStreamsPerMessage)`, {
      advice: 'send fewer data streams in a message, or raise maxStreamsPerMessage',
    })
  }
  const stream = new DataStream(length, undefined, id)
  context.streams.push(stream)
  return stream
}

function readLength(reader: BsonReader): number {
  const length = reader.type === bsonType.int32 ? reader.int32() : reader.type === bsonType.int64 ? Number(reader.int64()) : Number.NaN
  return Number.isSafeInteger(length) && length >= 0 ? length : readFailed('A data stream’s length is not a whole number from 0 to 2^53-1.')
}
