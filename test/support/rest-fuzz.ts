import fc from 'fast-check'
import type { GatewayWorld } from './gateway.ts'
import { type DocumentedOperation, OpenApi } from './openapi.ts'
import { type Known, named } from './schema-arbitrary.ts'

interface FuzzedRequest {
  readonly operation: DocumentedOperation
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: string | undefined
}

/** What there is in the gateway of {@link file://./gateway.ts}. */
const there: Known = {
  agent: ['a1'],
  service: ['IProbeService'],
  method: ['Add', 'Hello', 'Fail', 'Add(int64,int64)', 'Download'],
  args: [['1', '2'], ['x'], []],
}

/**
 * Asks a gateway whatever its OpenAPI document says can be asked, `runs` times, and rejects where an answer is not one that it promises, or a 500.
 * Gives each operation and status that was seen.
 */
export async function fuzzRest(world: Pick<GatewayWorld, 'origin' | 'token'>, runs: number): Promise<ReadonlySet<string>> {
  const seen = new Set<string>()
  const api = new OpenApi((await (await fetch(`${world.origin}/openapi.json`)).json()) as Record<string, unknown>)
  const { headers } = await fetch(`${world.origin}/api/v1/agents`, { headers: { authorization: `Bearer ${world.token}` } })
  const known = { ...there, epoch: [headers.get('halibut-epoch')] }
  const requests = fc.oneof(...api.operations.map(operation => requestsOf(api, operation, known)))
  await fc.assert(
    fc.asyncProperty(requests, async ({ operation, path, headers, body }) => {
      const response = await fetch(`${world.origin}${path}`, {
        method: operation.verb,
        headers: { authorization: `Bearer ${world.token}`, ...headers },
        ...(body === undefined ? {} : { body }),
      })
      const text = await response.text()
      const type = response.headers.get('content-type') ?? ''
      const told = text === '' ? undefined : type.includes('json') ? JSON.parse(text) : text
      if (response.status === 500 || (told as { kind?: unknown } | undefined)?.kind === 'internal_error')
        throw new Error(`500: ${text.slice(0, 500)}`)
      const misfit = api.misfit(operation, response.status, type, told)
      if (misfit !== undefined) throw new Error(`${response.status}: ${misfit}: ${text.slice(0, 500)}`)
      seen.add(`${operation.operationId} ${response.status}`)
    }),
    { numRuns: runs },
  )
  return seen
}

function requestsOf(api: OpenApi, operation: DocumentedOperation, known: Known): fc.Arbitrary<FuzzedRequest> {
  const { parameters } = operation
  const values = fc.record(
    Object.fromEntries(parameters.map(each => [`${each.in} ${each.name}`, named(api, each.name, each.schema, known)])),
    {
      requiredKeys: parameters.filter(({ required }) => required).map(each => `${each.in} ${each.name}`),
    },
  )
  const body =
    operation.body === undefined
      ? fc.constant(undefined)
      : fc.oneof(
          { weight: 9, arbitrary: named(api, 'body', operation.body, known).map(each => JSON.stringify(each)) },
          { weight: 1, arbitrary: fc.string() },
        )
  return fc.tuple(values, body).map(([given, text]) => {
    const at = (place: string): [string, unknown][] =>
      parameters
        .filter(each => each.in === place && given[`${place} ${each.name}`] !== undefined)
        .map(({ name }) => [name, given[`${place} ${name}`]])
    const inPath = new Map(at('path'))
    const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(textOf(inPath.get(name))))
    const query = new URLSearchParams(at('query').map(([name, value]) => [name, textOf(value)])).toString()
    // What is no header never leaves.
    const headers = at('header').map(([name, value]) => [name, textOf(value).replaceAll(/[^\x21-\x7e]/g, '')])
    return {
      operation,
      path: query === '' ? path : `${path}?${query}`,
      headers: { ...Object.fromEntries(headers), ...(text === undefined ? {} : { 'content-type': 'application/json' }) },
      body: text,
    }
  })
}

/** A lone half of a pair cannot stand in an address; an empty part of a path is another address. */
function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value.replaceAll(/[\ud800-\udfff]/g, '?') : JSON.stringify(value ?? null)
  return text === '' || text === '.' || text === '..' ? '-' : text
}
