/** The type byte of a BSON element. The agents write the first nine; readers meet the others (spec §4.6.1, §4.9). */
export const bsonType = {
  double: 0x01,
  string: 0x02,
  document: 0x03,
  array: 0x04,
  binary: 0x05,
  bool: 0x08,
  date: 0x09,
  null: 0x0a,
  int32: 0x10,
  int64: 0x12,
  undefined: 0x06,
  objectId: 0x07,
  regex: 0x0b,
  dbPointer: 0x0c,
  code: 0x0d,
  symbol: 0x0e,
  codeWithScope: 0x0f,
  timestamp: 0x11,
  decimal128: 0x13,
  minKey: 0xff,
  maxKey: 0x7f,
} as const

/** Subtypes of a BSON binary that mean something here: a GUID is always subtype 4 (spec §4.6.1). */
export const binarySubtype = { generic: 0x00, guid: 0x04 } as const
