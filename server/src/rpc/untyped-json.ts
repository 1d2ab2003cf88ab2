import { isTyped } from '@halibut-gateway/schemas/contract'
import {
  bytesToBase64url,
  describeGot,
  escapePointer,
  isStreamHandle,
  maxParamErrors,
  type ParamError,
  type PutOff,
  readTagged,
  scalarJson,
} from '@halibut-gateway/schemas/wire'
import { gatewayLimits } from '../base/limits.ts'
import { DataStream } from '../runtime/data-streams.ts'
import type { CallStreams } from './call-streams.ts'
import { isLongJson } from './json-pieces.ts'

// Values without a contract: JSON’s own types as they are, the rest tagged with the names of MongoDB Extended JSON.

const expected = 'a simple value, a data stream, or one tagged with $numberLong, $numberDouble, $date, $binary or $uuid'

/** An argument of an untyped call. What does not fit is added to `errors`, up to ten. */
export function readUntyped(json: unknown, path: string, errors: ParamError[], streams: CallStreams): unknown {
  if (json === null || typeof json === 'boolean' || typeof json === 'string' || typeof json === 'number') return json
  if (isStreamHandle(json)) return streams.accept(json)
  const tagged = readTagged(json)
  // A whole number without its type would go out as a long.
  const value = tagged?.$type === 'guid' || tagged?.$type === 'double' ? tagged : tagged?.$value
  if (value === undefined && errors.length < maxParamErrors) errors.push({ path, expected, got: describeGot(json) })
  return value
}

function writeNumber(value: number): unknown {
  const form = scalarJson['double']?.write(value)
  return typeof form === 'string' ? { $numberDouble: form } : form
}

/** A result that does not fit, as an untyped call’s; nothing where that is too long. Its data streams are null: nobody will read them. */
export function tellResult(value: unknown): { readonly result?: unknown } {
  const most = gatewayLimits.unfitResultChars
  let items = 0
  // Each item takes two characters: what has too many is not written to its end.
  const enough = (count: number): boolean => {
    items += count
    return items * 2 > most
  }
  const result = writeUntyped(value, '', [], () => null, enough)
  // What is far too long is not written out to learn that.
  return items * 2 <= most && !isLongJson(result, 4 * most) && JSON.stringify(result).length <= most ? { result } : {}
}

/**
 * The result of an untyped call. What has no form in JSON is added to `errors`, up to ten; what `putOff` takes over is missing until it has been
 * done.
 */
export function writeUntyped(
  value: unknown,
  path: string,
  errors: ParamError[],
  offer: (stream: DataStream) => unknown,
  putOff: PutOff,
): unknown {
  const write = (each: unknown, place: string): unknown => {
    if (errors.length >= maxParamErrors) return undefined
    switch (typeof each) {
      case 'undefined':
        return null
      case 'bigint':
        return { $numberLong: each.toString() }
      case 'number':
        return writeNumber(each)
      case 'object':
        return each === null ? null : writeObject(each, place)
      default:
        return each
    }
  }
  const writeObject = (given: object, place: string): unknown => {
    if (given instanceof DataStream) return offer(given)
    if (given instanceof Date) return { $date: given.toISOString() }
    if (given instanceof Uint8Array) return { $binary: bytesToBase64url(given) }
    if (Array.isArray(given) || given instanceof Set || given instanceof Map) {
      const items: unknown[] = [...given]
      const written: unknown[] = []
      each(items.length, i => {
        written[i] = write(items[i], `${place}/${i}`)
      })
      return written
    }
    if (isTyped(given)) return write(given.$value, place)
    const members: Record<string, unknown> = Object.create(null)
    const entries = Object.entries(given)
    each(entries.length, i => {
      const [key, member] = entries[i] as [string, unknown]
      // A name that begins with $ would read as a tag at the other end.
      if (key.startsWith('$') && errors.length < maxParamErrors)
        errors.push({ path: `${place}/${escapePointer(key)}`, expected: 'a name without $ in front', got: describeGot(key) })
      members[key] = write(member, `${place}/${escapePointer(key)}`)
    })
    return members
  }
  const each = (count: number, one: (index: number) => void): void => {
    if (!putOff(count, one)) for (let i = 0; i < count; i++) one(i)
  }
  return write(value, path)
}
