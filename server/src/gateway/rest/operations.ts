import { type HttpVerb, type MethodEntry, type MethodName, methods } from '@halibut-gateway/schemas'
import type { TObject, TProperties, TSchema } from '@sinclair/typebox'

/** A method as it is over HTTP. */
export interface Operation {
  readonly method: MethodName
  readonly entry: MethodEntry
  readonly verb: HttpVerb
  /** Below `apiPath`, with parameters in braces: `/agents/{agent}`. */
  readonly path: string
  /** The parameters in the path. */
  readonly inPath: readonly string[]
  /** What each of them is. */
  readonly pathSchemas: TProperties
  /** The others: members of the body, or of the query. */
  readonly others: TProperties
  readonly takesBody: boolean
  /** That of success. */
  readonly status: 200 | 201 | 204
  /** The member of the result that is the resource: it has a version, which is its ETag. */
  readonly versioned: string | undefined
  /** Its parameter `version` is the header If-Match. */
  readonly takesVersion: boolean
  /** Its answers are kept by the header Idempotency-Key; where it has a parameter for that, the method keeps them itself. */
  readonly keepsAnswers: boolean
  /** Where what it makes is found afterwards: below this last part of its path, by this parameter or member of the result. */
  readonly made: { readonly below: string; readonly param: string } | undefined
}

/** What is over HTTP: the rows of the one map of methods that have a verb and a path. */
export const operations: readonly Operation[] = (Object.entries(methods) as [MethodName, MethodEntry][]).flatMap(([method, entry]) => {
  const [verb, path] = (entry.http?.split(' ') ?? []) as [HttpVerb?, string?]
  if (verb === undefined || path === undefined) return []
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
  const properties = propertiesOf(entry.params)
  // What is done to it otherwise tells its version among its parameters.
  const takesVersion = 'version' in properties && verb !== 'POST'
  const beside = Object.entries(properties).filter(([name]) => !inPath.includes(name) && !(takesVersion && name === 'version'))
  const found = madeBy(verb, path)
  return [
    {
      method,
      entry,
      verb,
      path,
      inPath,
      pathSchemas: Object.fromEntries(Object.entries(properties).filter(([name]) => inPath.includes(name))),
      others: Object.fromEntries(beside),
      takesBody: verb === 'POST' || verb === 'PUT' || verb === 'PATCH',
      status: found ? 201 : Object.keys(propertiesOf(entry.result)).length === 0 && entry.result['type'] === 'object' ? 204 : 200,
      versioned: Object.entries(propertiesOf(entry.result)).find(([, schema]) => 'version' in propertiesOf(schema))?.[0],
      takesVersion,
      keepsAnswers: verb === 'POST' && !('idempotencyKey' in properties),
      made: found,
    },
  ]
})

/** What is added to a collection is found below it. */
function madeBy(verb: HttpVerb, path: string): Operation['made'] {
  if (verb !== 'POST') return undefined
  for (const { http } of Object.values(methods) as MethodEntry[]) {
    const [, collection, param] = /^GET (.*)\/\{(\w+)\}$/.exec(http ?? '') ?? []
    if (collection === path && param !== undefined) return { below: path.slice(path.lastIndexOf('/') + 1), param }
  }
  return undefined
}

function propertiesOf(schema: TSchema): TProperties {
  return (schema as Partial<TObject>).properties ?? {}
}
