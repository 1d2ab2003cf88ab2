import { BsonReader, bsonType } from './bson.ts'

/** Further in, an id is not looked for. */
const headBytes = 1_024

/** The id of a request of which only the beginning is there; `undefined`: it does not stand in it, or this is no request. */
export function requestIdIn(head: Buffer): string | undefined {
  const document = closed(head.subarray(0, headBytes))
  if (document === undefined) return undefined
  const reader = new BsonReader(document, { maxDepth: 2, maxElements: 8, maxMembers: 0 })
  try {
    if (!entersMessage(reader)) return undefined
    while (reader.next()) if (reader.name === 'id') return reader.type === bsonType.string ? reader.string() : undefined
  } catch {
    // It ended before.
  }
  return undefined
}

function entersMessage(reader: BsonReader): boolean {
  reader.enter()
  if (!reader.next() || reader.name !== 'Message' || reader.type !== bsonType.document) return false
  reader.enter()
  return true
}

/** The root and the message in it, whose lengths speak of more than is there, as if they ended with it. */
function closed(head: Buffer): Buffer | undefined {
  const messageAt = 4 + '\x03Message\0'.length
  if (head.length < messageAt + 4) return undefined
  const document = Buffer.concat([head, Buffer.alloc(2)])
  document.writeInt32LE(document.length, 0)
  document.writeInt32LE(document.length - messageAt - 1, messageAt)
  return document
}
