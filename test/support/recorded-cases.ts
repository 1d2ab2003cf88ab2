import { readFileSync } from 'node:fs'
import { type BsonTree, decodeTree } from './bson-tree.ts'

/** A case of test/vectors/accepts.json. */
export interface RecordedCase {
  readonly id: string
  readonly group: string
  readonly direction: string
  readonly description: string
  readonly outcome: 'accepted' | 'rejected'
  readonly how?: string
  readonly observed: string
  readonly connectionAfter?: string
  readonly sentHex?: string
  readonly identity?: string
}

const url = new URL('../vectors/accepts.json', import.meta.url)
export const recordedCases = (JSON.parse(readFileSync(url, 'utf8')) as { cases: RecordedCase[] }).cases

/** The bytes of a case, or those of its recipe. */
export function sentBytes(recorded: RecordedCase, recipe: () => Buffer): Buffer {
  return recorded.sentHex === undefined ? recipe() : Buffer.from(recorded.sentHex, 'hex')
}

/** A text as the recordings have it: ports, elapsed times and waiting times differ from run to run, and long ones are cut. */
export function comparable(text: string): string {
  return text
    .replaceAll(/localhost:\w+/g, 'localhost:PORT')
    .replaceAll(/Time elapsed downloading all streams: \d+ms/g, 'Time elapsed downloading all streams: 0ms')
    .replaceAll(/The ReadAsync operation was cancelled\.|Unable to read data from the transport connection: \w+ timed out\./g, 'TIME-OUT')
    .replaceAll(/\(\d\d:\d\d:\d\d(?:\.\d+)?\)/g, '(TIME)')
    .slice(0, 300)
}

/** An element in the notation of documents in test/vectors/README.md. */
export function typedJson(type: number, value: BsonTree | Buffer | string): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (type === 0x04) return `[${(value as BsonTree).map(([each, , inner]) => typedJson(each, inner)).join(',')}]`
  if (!Buffer.isBuffer(value))
    return `{${value.map(([each, name, inner]) => `${JSON.stringify(name)}:${typedJson(each, inner)}`).join(',')}}`
  switch (type) {
    case 0x01:
      return JSON.stringify({ double: String(value.readDoubleLE()) })
    case 0x05:
      return JSON.stringify({ binary: value.toString('hex', 5), subtype: value[4] })
    case 0x08:
      return String(value[0] === 1)
    case 0x09:
      return JSON.stringify({ date: String(value.readBigInt64LE()) })
    case 0x0a:
      return 'null'
    case 0x10:
      return JSON.stringify({ int32: value.readInt32LE() })
    default:
      return JSON.stringify({ int64: String(value.readBigInt64LE()) })
  }
}

/** The members of the message inside an inflated document, by name. */
export function messageMembers(document: Buffer): ReadonlyMap<string, readonly [type: number, value: BsonTree | Buffer | string]> {
  const [, , message] = decodeTree(document)[0] ?? []
  if (!Array.isArray(message)) throw new Error('expected a message that says something')
  return new Map((message as BsonTree).map(([type, name, value]) => [name, [type, value] as const]))
}
