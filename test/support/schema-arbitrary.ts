import fc from 'fast-check'
import type { JsonSchema, OpenApi } from './openapi.ts'

/** Values that a name usually stands for, so that requests get further than the first check. */
export type Known = Readonly<Record<string, readonly unknown[]>>

/** Values of a JSON schema, most of them fitting, some of them anything at all. */
function arbitraryOf(api: OpenApi, schema: JsonSchema, known: Known = {}): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 9, arbitrary: fitting(api, api.resolve(schema), known) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  )
}

function fitting(api: OpenApi, schema: JsonSchema, known: Known): fc.Arbitrary<unknown> {
  if ('const' in schema) return fc.constant(schema['const'])
  if (Array.isArray(schema['anyOf'])) return fc.oneof(...(schema['anyOf'] as JsonSchema[]).map(each => arbitraryOf(api, each, known)))
  switch (schema['type']) {
    case 'string':
      return texts(schema)
    case 'integer':
      return fc.integer({ min: limit(schema['minimum'], -(2 ** 31)), max: limit(schema['maximum'], 2 ** 31 - 1) })
    case 'number':
      return fc.double({ min: limit(schema['minimum'], -1e9), max: limit(schema['maximum'], 1e9), noNaN: true })
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'array':
      return fc.array(arbitraryOf(api, (schema['items'] ?? {}) as JsonSchema, known), { maxLength: 5 })
    case 'object':
      return objects(api, schema, known)
    default:
      return fc.jsonValue({ maxDepth: 3 })
  }
}

function objects(api: OpenApi, schema: JsonSchema, known: Known): fc.Arbitrary<unknown> {
  const properties = (schema['properties'] ?? {}) as Record<string, JsonSchema>
  const members = Object.entries(properties).map(([name, each]): [string, fc.Arbitrary<unknown>] => [name, named(api, name, each, known)])
  const required = (schema['required'] ?? []) as string[]
  const record = fc.record(Object.fromEntries(members), { requiredKeys: required })
  const stranger = fc.tuple(record, fc.string(), fc.jsonValue({ maxDepth: 1 })).map(([made, name, value]) => ({ ...made, [name]: value }))
  return fc.oneof({ weight: 9, arbitrary: record }, { weight: 1, arbitrary: stranger })
}

/** Values of a schema under a name that may be known. */
export function named(api: OpenApi, name: string, schema: JsonSchema, known: Known): fc.Arbitrary<unknown> {
  const values = known[name]
  const any = arbitraryOf(api, schema, known)
  return values ? fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: any }) : any
}

function texts(schema: JsonSchema): fc.Arbitrary<string> {
  const { pattern } = schema
  if (typeof pattern === 'string') return fc.stringMatching(new RegExp(pattern))
  const [minLength, maxLength] = [limit(schema['minLength'], 0), Math.min(limit(schema['maxLength'], 40), 40)]
  return fc.oneof(fc.string({ minLength, maxLength }), fc.string({ minLength, maxLength, unit: 'binary' }))
}

function limit(given: unknown, otherwise: number): number {
  return typeof given === 'number' ? given : otherwise
}
