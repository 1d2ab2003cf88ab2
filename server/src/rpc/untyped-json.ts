import { isTyped } from '@halibut-gateway/schemas/contract'
import {
  base64urlToBytes,
  bytesToBase64url,
  describeGot,
  escapePointer,
  isBase64url,
  isStreamHandle,
  maxParamErrors,
  type ParamError,
} from '@halibut-gateway/schemas/wire'
import { DataStream } from '../runtime/data-streams.ts'
import type { CallStreams, OfferStream } from './call-streams.ts'

// Values without a contract: JSON’s own types as they are, the rest tagged with the names of MongoDB Extended JSON.

const expected = 'a simple value, a data stream, or one tagged with $numberLong, $numberDouble, $date, $binary or $uuid'

/** An argument of an untyped call. What does not fit is added to `errors`, up to ten. */
export function readUntyped(json: unknown, path: string, errors: ParamError[], streams: CallStreams): unknown {
  if (json === null || typeof json === 'boolean' || typeof json === 'string' || typeof json === 'number') return json
  if (isStreamHandle(json)) return streams.accept(json)
  const value = readTagged(json)
  if (value === undefined && errors.length < maxParamErrors) errors.push({ path, expected, got: describeGot(json) })
  return value
}

function readTagged(json: unknown): unknown {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined
  const [entry, ...others] = Object.entries(json)
  if (!entry || others.length > 0) return undefined
  const [tag, content] = entry as [string, unknown]
  if (typeof content !== 'string') return undefined
  switch (tag) {
    case '$numberLong': {
      if (!/^-?\d{1,19}$/.test(content)) return undefined
      const long = BigInt(content)
      return BigInt.asIntN(64, long) === long ? long : undefined
    }
    case '$numberDouble':
      return /^(-?Infinity|NaN|-?\d+(\.\d+)?([eE][+-]?\d+)?)$/.test(content) ? Number(content) : undefined
    case '$date': {
      const isDate = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(content) && !Number.isNaN(Date.parse(content))
      return isDate ? new Date(content) : undefined
    }
    case '$binary':
      return isBase64url(content) ? base64urlToBytes(content) : undefined
    case '$uuid':
      return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(content) ? { $type: 'guid', $value: content.toLowerCase() } : undefined
    default:
      return undefined
  }
}

/** The result of an untyped call. What has no form in JSON is added to `errors`, up to ten. */
export function writeUntyped(value: unknown, path: string, errors: ParamError[], offer: OfferStream): unknown {
  if (errors.length >= maxParamErrors) return undefined
  switch (typeof value) {
    case 'undefined':
      return null
    case 'bigint':
      return { $numberLong: value.toString() }
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? value : { $numberDouble: Object.is(value, -0) ? '-0' : String(value) }
    case 'object':
      break
    default:
      return value
  }
  if (value === null) return null
  if (value instanceof DataStream) return offer(value)
  if (value instanceof Date) return { $date: value.toISOString() }
  if (value instanceof Uint8Array) return { $binary: bytesToBase64url(value) }
  if (Array.isArray(value)) return value.map((each, i) => writeUntyped(each, `${path}/${i}`, errors, offer))
  if (value instanceof Set) return [...value].map((each, i) => writeUntyped(each, `${path}/${i}`, errors, offer))
  if (value instanceof Map) {
    return [...value].map(([key, each], i) => [
      writeUntyped(key, `${path}/${i}/0`, errors, offer),
      writeUntyped(each, `${path}/${i}/1`, errors, offer),
    ])
  }
  if (isTyped(value)) return writeUntyped(value.$value, path, errors, offer)
  const members: Record<string, unknown> = Object.create(null)
  for (const [key, each] of Object.entries(value as object)) {
    // A name that begins with $ would read as a tag at the other end.
    if (key.startsWith('$') && errors.length < maxParamErrors)
      errors.push({ path: `${path}/${escapePointer(key)}`, expected: 'a name without $ in front', got: describeGot(key) })
    members[key] = writeUntyped(each, `${path}/${escapePointer(key)}`, errors, offer)
  }
  return members
}
