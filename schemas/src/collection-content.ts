import { base64urlToBytes, isBase64url } from './wire/base64url.ts'

/**
 * Arguments as they are sent: in the place of `{ "$text": … }` and `{ "$base64": … }` stand the bytes that a data stream is made of. No other
 * value has such members. `encode`: a text as UTF-8.
 */
export function withContent(args: readonly unknown[], encode: (text: string) => Uint8Array): unknown[] {
  return args.map(arg => replaced(arg, encode))
}

function replaced(value: unknown, encode: (text: string) => Uint8Array): unknown {
  if (Array.isArray(value)) return value.map(each => replaced(each, encode))
  if (typeof value !== 'object' || value === null) return value
  const [[name, content] = [], ...others] = Object.entries(value)
  if (others.length === 0 && typeof content === 'string') {
    if (name === '$text') return encode(content)
    const digits = content.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
    if (name === '$base64' && isBase64url(digits)) return base64urlToBytes(digits)
  }
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, replaced(each, encode)]))
}
