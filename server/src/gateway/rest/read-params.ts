import { describeGot, escapePointer, type ParamError } from '@halibut-gateway/schemas/wire'
import type { TProperties, TSchema } from '@sinclair/typebox'
import { HalibutError } from '../../base/errors.ts'
import { ParamsError } from '../../rpc/params-error.ts'
import type { Operation } from './operations.ts'

/** Entries of a page where nobody says how many. */
export const pageEntries = 100

/** What of a request can hold parameters. */
export interface HttpInput {
  /** Of the path. */
  readonly params: unknown
  readonly query: unknown
  /** `undefined`: there was none. */
  readonly body: unknown
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/**
 * The parameters of a method from the places where HTTP has them: path, query and JSON body, and the headers If-Match and Idempotency-Key where
 * the method has such parameters. Whether they fit is looked at by whoever runs the method. Throws where one comes from two places, and
 * where the body is no object.
 */
export function readParams(operation: Operation, { params, query, body, headers }: HttpInput): Record<string, unknown> {
  // A map, since a name may be any text, also one that a plain object takes for its prototype.
  const given = new Map<string, unknown>(Object.entries(readTexts(operation.pathSchemas, params as Record<string, unknown>)))
  const errors: ParamError[] = []
  const add = (members: object, place: string): void => {
    for (const [name, value] of Object.entries(members)) {
      if (given.has(name) || (name === 'version' && operation.takesVersion)) {
        errors.push({ path: `/${escapePointer(name)}`, expected: `no such member in the ${place}`, got: describeGot(value, true) })
      } else given.set(name, value)
    }
  }
  if (body !== undefined && body !== null) add(objectOf(operation, body), 'body')
  add(readTexts(operation.others, query as Record<string, unknown>), 'query')
  const [first] = errors
  if (first) throw new ParamsError(`${first.path}: the path, a header or the body has it already`, errors)
  if (operation.takesVersion) given.set('version', versionOf(headers['if-match']))
  if ('cursor' in operation.others && !given.has('limit')) given.set('limit', pageEntries)
  const key = headers['idempotency-key']
  if (key !== undefined && 'idempotencyKey' in operation.others && !given.has('idempotencyKey')) given.set('idempotencyKey', key)
  return Object.fromEntries(given)
}

function objectOf({ takesBody, method }: Operation, body: unknown): object {
  if (!takesBody) throw new HalibutError('invalid_request', `${method} takes no body`)
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body
  throw new ParamsError(`the body is no object with the parameters of ${method}`, [
    { path: '', expected: 'an object', got: describeGot(body, true) },
  ])
}

/** Texts become what the schema has in their place, where they can be read so; else they stay, and do not fit. */
function readTexts(schemas: TProperties, given: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, readText(Object.hasOwn(schemas, name) ? schemas[name] : undefined, value)]),
  )
}

function readText(schema: TSchema | undefined, value: unknown): unknown {
  if (schema?.['type'] === 'array') return Array.isArray(value) ? value : [value]
  if (typeof value !== 'string') return value
  if (schema?.['type'] === 'integer' || schema?.['type'] === 'number') return /^-?\d{1,15}$/.test(value) ? Number(value) : value
  if (schema?.['type'] === 'boolean') return value === 'true' ? true : value === 'false' ? false : value
  return value
}

/** The version in an If-Match header of one entity tag, or `*`. */
function versionOf(header: string | string[] | undefined): string {
  if (header === '*') return header
  const [, version] = /^"([\w-]{1,64})"$/.exec(String(header)) ?? []
  if (version !== undefined) return version
  throw new HalibutError('version_conflict', 'the header If-Match holds no version', { advice: 'send the ETag of what was read' })
}
