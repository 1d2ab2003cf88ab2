import { type Static, Type } from '@sinclair/typebox'
import { ErrorDataSchema } from './json-rpc.ts'

/** What HTTP does to a resource. */
export type HttpVerb = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
/** A verb and a path below {@link apiPath}; a parameter in the path is named in braces: `GET /agents/{agent}`. */
export type HttpRoute = `${HttpVerb} /${string}`

/** Where the methods are over HTTP. */
export const apiPath = '/api/v1'

/** Where the OpenAPI document stands. */
export const openApiPath = '/openapi.json'

/** The header that every answer below {@link apiPath} has: the epoch that an idempotency key of a call belongs to. */
export const epochHeader = 'halibut-epoch'

/** A failure over HTTP: the members of RFC 9457, then those of the error of JSON-RPC. */
export const ProblemSchema = Type.Object(
  {
    type: Type.String({ pattern: '^/problems/[a-z_]+$', description: 'the kind as an address' }),
    title: Type.String({ description: 'what the kind means' }),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    detail: Type.String({ description: 'what happened this time' }),
    ...ErrorDataSchema.properties,
    result: Type.Optional(Type.Unknown({ description: 'with serialization_failed of a result: what came' })),
  },
  { additionalProperties: false },
)

/** A failure over HTTP: the members of RFC 9457, then those of the error of JSON-RPC. */
export type Problem = Static<typeof ProblemSchema>
