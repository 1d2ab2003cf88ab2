// Bytes as text. Every runtime has a native way by now, but not the same one; what JavaScript does itself costs 50 times as much.

/** What the newest runtimes have on every `Uint8Array`. */
type Native = Uint8Array & { toBase64?(): string }
const { fromBase64 } = Uint8Array as { fromBase64?(text: string): Uint8Array }

/** The part of Node’s `Buffer` that is used here. */
interface NodeBuffer {
  from(buffer: ArrayBufferLike, at: number, length: number): { toString(encoding: 'base64url'): string }
  from(text: string, encoding: 'base64url'): Uint8Array
}
const { Buffer: node } = globalThis as { Buffer?: NodeBuffer }

/** Bytes to base64url without padding. */
export function bytesToBase64url(bytes: Uint8Array): string {
  if (node) return node.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
  const base64 = (bytes as Native).toBase64?.() ?? btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ''))
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
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
  const base64 = encoded.replaceAll('-', '+').replaceAll('_', '/')
  return fromBase64?.call(Uint8Array, base64) ?? Uint8Array.from(atob(base64), character => character.charCodeAt(0))
}

declare function btoa(binary: string): string
declare function atob(encoded: string): string
