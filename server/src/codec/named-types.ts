import { BsonReader, bsonType } from './bson.ts'

/** The `$type` texts of a message of ours in order, each once, without that of the message itself. */
export function namedTypes(document: Buffer): readonly string[] {
  const names = new Set<string>()
  const reader = new BsonReader(document, { maxDepth: Number.MAX_SAFE_INTEGER, maxElements: Number.MAX_SAFE_INTEGER, maxMembers: 0 })
  const walk = (): void => {
    reader.enter()
    while (reader.next()) {
      if (reader.type === bsonType.document || reader.type === bsonType.array) walk()
      else if (reader.name === '$type' && reader.type === bsonType.string) names.add(reader.string())
    }
  }
  walk()
  return [...names].slice(1)
}
