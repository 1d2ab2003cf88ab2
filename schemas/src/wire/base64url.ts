// Bytes as text. Every runtime has a native way by now, but not the same one; what JavaScript does itself costs 50 times as much.

/** What the newest runtimes have on every `Uint8Array`. */
interface Options {
  readonly alphabet: 'base64url'
  readonly omitPadding?: true
}
type Native = Uint8Array & { toBase64?(options: Options): string }
const { fromBase64 } = Uint8Array as { fromBase64?(text: string, options: Options): Uint8Array }

/** The part of Node’s `Buffer` that is used here. */
interface NodeBuffer {
  from(buffer: ArrayBufferLike, at: number, length: number): { toString(encoding: 'base64url'): string }
  from(text: string, encoding: 'base64url'): Uint8Array
}
const { Buffer: node } = globalThis as { Buffer?: NodeBuffer }

/** Characters of one piece where nothing is native: a multiple of three, and few enough for the arguments of one function. */
const piece = 0x6000

/** Bytes to base64url without padding. */
export function bytesToBase64url(bytes: Uint8Array): string {
  if (node) return node.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
  const native = (bytes as Native).toBase64?.({ alphabet: 'base64url', omitPadding: true })
  if (native !== undefined) return native
  let encoded = ''
  for (let at = 0; at < bytes.length; at += piece) {
    encoded += btoa(String.fromCharCode.apply(null, bytes.subarray(at, at + piece) as unknown as number[]))
  }
  return encoded.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** Whether text is base64url, padded or not. */
export function isBase64url(text: string): boolean {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const rest = (text.length - padding) % 4
  return /^[\w-]*={0,2}$/.test(text) && rest !== 1 && (padding === 0 || rest + padding === 4)
}

/** Base64url, padded or not, to bytes. The text must be {@link isBase64url}. */
export function base64urlToBytes(encoded: string): Uint8Array {
  // A copy: a short `Buffer` is a view of memory that others share.
  if (node) return new Uint8Array(node.from(encoded, 'base64url'))
  if (fromBase64) return fromBase64.call(Uint8Array, encoded, { alphabet: 'base64url' })
  const binary = atob(encoded.replaceAll('-', '+').replaceAll('_', '/'))
  const bytes = new Uint8Array(binary.length)
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i)
  return bytes
}

declare function btoa(binary: string): string
declare function atob(encoded: string): string
