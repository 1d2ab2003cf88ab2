import { BSONType } from 'bson'

/** The type byte of a BSON element. The agents write the first ten; readers meet the others (spec §4.6.1, §4.9). */
export const bsonType = {
  double: BSONType.double,
  string: BSONType.string,
  document: BSONType.object,
  array: BSONType.array,
  binary: BSONType.binData,
  bool: BSONType.bool,
  date: BSONType.date,
  null: BSONType.null,
  int32: BSONType.int,
  int64: BSONType.long,
  undefined: BSONType.undefined,
  objectId: BSONType.objectId,
  regex: BSONType.regex,
  dbPointer: BSONType.dbPointer,
  code: BSONType.javascript,
  symbol: BSONType.symbol,
  codeWithScope: BSONType.javascriptWithScope,
  timestamp: BSONType.timestamp,
  decimal128: BSONType.decimal,
  /** As the byte it is on the wire; the library names it -1. */
  minKey: BSONType.minKey & 0xff,
  maxKey: BSONType.maxKey,
} as const

/** Subtypes of a BSON binary that mean something here: a GUID is always subtype 4 (spec §4.6.1). */
export const binarySubtype = { generic: 0x00, guid: 0x04 } as const
