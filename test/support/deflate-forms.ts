import { constants, deflateRawSync } from 'node:zlib'

/** The ways of writing a document as DEFLATE that the recipes of accepts.json name. */

export const emptyFinalBlock = Buffer.from('010000ffff', 'hex')
export const emptyFixedBlock = Buffer.from('0300', 'hex')

export function deflated(document: Buffer): Buffer {
  return deflateRawSync(document)
}

/** Ends at a byte boundary, but is not ended. */
export function syncFlushed(document: Buffer): Buffer {
  return deflateRawSync(document, { finishFlush: constants.Z_SYNC_FLUSH })
}

/** Stored blocks of at most `size` bytes. `last`: whether the last one is marked as final. */
export function stored(document: Buffer, size = 65_535, last = true): Buffer {
  const blocks: Buffer[] = []
  for (let at = 0; at < document.length; at += size) {
    const content = document.subarray(at, at + size)
    const head = Buffer.from([last && at + size >= document.length ? 1 : 0, 0, 0, 0, 0])
    head.writeUInt16LE(content.length, 1)
    head.writeUInt16LE(content.length ^ 0xffff, 3)
    blocks.push(head, content)
  }
  return Buffer.concat(blocks)
}

/** All but the last byte deflated, a sync flush, and that byte in a final stored block. */
export function hybrid(document: Buffer): Buffer {
  return Buffer.concat([syncFlushed(document.subarray(0, -1)), Buffer.from('010100feff', 'hex'), document.subarray(-1)])
}

/** A document of some 200,000 characters that is `remainder` bytes modulo 8192 in that form. */
export function straddling(
  remainder: number,
  documentOf: (characters: number) => Buffer,
  form: (document: Buffer) => Buffer,
): { characters: number; bytes: Buffer } {
  for (let characters = 200_000; characters < 240_000; ) {
    const bytes = form(documentOf(characters))
    const missing = (remainder - bytes.length + 81_920_000) % 8_192
    if (missing === 0) return { characters, bytes }
    // A character becomes one byte at most, so that this comes from below.
    characters += Math.max(1, Math.floor(missing * 0.95))
  }
  throw new Error(`no document is ${remainder} bytes modulo 8192`)
}
