/**
 * BSON as an ordered tree: slow and plain, keeps order and repeated names, so that what was decoded can be encoded to the same bytes.
 * The rival of the codec under test; it shares nothing with it.
 */
export type BsonElement = readonly [type: number, name: string, value: BsonTree | Buffer | string]
export type BsonTree = readonly BsonElement[]

/** Decodes the document at `offset`. Strings are text, documents and arrays trees, everything else its raw bytes. */
export function decodeTree(bytes: Buffer, offset = 0): BsonTree {
  const end = offset + bytes.readInt32LE(offset) - 1
  const elements: BsonElement[] = []
  let at = offset + 4
  while (at < end) {
    const type = bytes.readUInt8(at++)
    const nameEnd = bytes.indexOf(0, at)
    const name = bytes.toString('utf8', at, nameEnd)
    at = nameEnd + 1
    const length = sizeOf(type, bytes, at)
    if (type === 0x03 || type === 0x04) elements.push([type, name, decodeTree(bytes, at)])
    else if (type === 0x02) elements.push([type, name, bytes.toString('utf8', at + 4, at + length - 1)])
    else elements.push([type, name, bytes.subarray(at, at + length)])
    at += length
  }
  return elements
}

/** Encodes a tree. */
export function encodeTree(tree: BsonTree): Buffer {
  const parts = tree.flatMap(([type, name, value]) => {
    const head = Buffer.concat([Buffer.of(type), Buffer.from(name), Buffer.of(0)])
    if (typeof value === 'string') {
      const text = Buffer.from(value)
      const length = Buffer.alloc(4)
      length.writeInt32LE(text.length + 1)
      return [head, length, text, Buffer.of(0)]
    }
    return [head, Buffer.isBuffer(value) ? value : encodeTree(value as BsonTree)]
  })
  const body = Buffer.concat(parts)
  const length = Buffer.alloc(4)
  length.writeInt32LE(body.length + 5)
  return Buffer.concat([length, body, Buffer.of(0)])
}

/** A copy in which every string has gone through `change`. */
export function mapStrings(tree: BsonTree, change: (text: string) => string): BsonTree {
  return tree.map(([type, name, value]) =>
    typeof value === 'string'
      ? ([type, name, change(value)] as const)
      : ([type, name, Buffer.isBuffer(value) ? value : mapStrings(value as BsonTree, change)] as const),
  )
}

/** The value at a path of names. Throws when there is none. */
export function elementAt(tree: BsonTree, ...path: string[]): BsonElement {
  const [first, ...rest] = path
  const element = tree.find(([, name]) => name === first)
  if (!element) throw new Error(`no element ${first}`)
  return rest.length === 0 ? element : elementAt(element[2] as BsonTree, ...rest)
}

function sizeOf(type: number, bytes: Buffer, at: number): number {
  switch (type) {
    case 0x02:
      return bytes.readInt32LE(at) + 4
    case 0x03:
    case 0x04:
      return bytes.readInt32LE(at)
    case 0x05:
      return bytes.readInt32LE(at) + 5
    case 0x08:
      return 1
    case 0x0a:
      return 0
    case 0x10:
      return 4
    case 0x01:
    case 0x09:
    case 0x12:
      return 8
    default:
      throw new Error(`BSON type ${type} is not one that agents write`)
  }
}
