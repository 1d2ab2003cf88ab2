// BSON in the agent’s dialect (spec §4): a writer that grows one buffer and a reader that is a cursor; neither builds a tree.
export { BsonReader, type Mark } from './bson-reader.ts'
export { bsonType } from './bson-types.ts'
export { BsonWriter } from './bson-writer.ts'
