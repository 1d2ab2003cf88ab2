import {
  AgentSnapshotSchema,
  apiPath,
  CallOutcomeSchema,
  epochHeader,
  InvokeResultSchema,
  ProblemSchema,
  RpcErrorSchema,
} from '@halibut-gateway/schemas'
import { hasRight, type Role } from '@halibut-gateway/schemas/wire'
import type { TSchema } from '@sinclair/typebox'
import type { KnownRoute, RouteDocument } from '../plugins/route-documents.ts'
import { type Operation, operations } from './operations.ts'

/** Schemas that stand in many places, each once under its name. */
const named: readonly (readonly [name: string, schema: TSchema])[] = [
  ['Agent', AgentSnapshotSchema],
  ['CallResult', InvokeResultSchema],
  ['CallOutcome', CallOutcomeSchema],
  ['RpcError', RpcErrorSchema],
  ['Problem', ProblemSchema],
]
const names = new Map(named.map(([name, schema]) => [JSON.stringify(schema), name]))

const json = 'application/json'
const text = { type: 'string' } as const
const problems = { default: { $ref: '#/components/responses/Problem' } } as const
const epoch = { [epochHeader]: { $ref: '#/components/headers/Epoch' } } as const

/**
 * What can be asked over HTTP as an OpenAPI 3.1 document: the methods of the one map, all of them or those that a role may call, and the `routes`
 * that say what they are.
 */
export function openApiDocument(version: string, routes: readonly KnownRoute[], role?: Role): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {}
  const add = (path: string, verb: string, operation: object): void => {
    paths[path] = { ...paths[path], [verb.toLowerCase()]: operation }
  }
  const shown = operations.filter(({ entry }) => role === undefined || hasRight(role, entry.right))
  for (const operation of shown) add(`${apiPath}${operation.path}`, operation.verb, describe(operation))
  for (const { verb, path, document } of routes) if (document) add(path, verb, describeRoute(verb, path, document))
  return {
    openapi: '3.1.0',
    info: {
      title: 'Halibut Gateway',
      version,
      description: 'The methods of the gateway over HTTP. What they mean together is told in REST.md and PROTOCOL.md.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    // Relative to this document, so that a path of the public address counts.
    servers: [{ url: '.' }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'a token of the gateway' } },
      schemas: Object.fromEntries(named.map(([name, schema]) => [name, inner(schema)])),
      headers: {
        Epoch: { description: 'the epoch that an idempotency key of a call belongs to', schema: text },
        Version: { description: 'the version, to be told in If-Match', schema: text },
        Location: { description: 'where it is from now on', schema: text },
      },
      responses: {
        Problem: {
          description: 'it failed: a problem of RFC 9457, with a kind of the one table of errors',
          headers: { 'retry-after': { description: 'seconds, where they are known', schema: { type: 'integer', minimum: 0 } } },
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
    },
  }
}

function describe(operation: Operation): object {
  const { method, entry, inPath, others, takesBody, status } = operation
  const required = new Set((entry.params as { required?: readonly string[] }).required)
  const names = Object.keys(others)
  const isNeeded = names.some(name => required.has(name))
  const body = {
    type: 'object',
    properties: refer(others),
    required: names.filter(name => required.has(name)),
    additionalProperties: false,
  }
  const headers = {
    ...epoch,
    ...(operation.versioned === undefined ? {} : { etag: { $ref: '#/components/headers/Version' } }),
    ...(operation.made ? { location: { $ref: '#/components/headers/Location' } } : {}),
  }
  return {
    operationId: method,
    summary: entry.description,
    tags: [method.slice(0, method.indexOf('.'))],
    'x-right': entry.right,
    parameters: [
      ...inPath.map(name => ({ name, in: 'path', required: true, schema: refer(entry.params['properties'][name]) })),
      ...(takesBody ? [] : names.map(name => ({ name, in: 'query', required: required.has(name), schema: refer(others[name]) }))),
      ...headersOf(operation),
    ],
    ...(takesBody && names.length > 0 ? { requestBody: { required: isNeeded, content: { [json]: { schema: body } } } } : {}),
    responses: {
      [status]: {
        description: status === 201 ? 'it has been made' : status === 204 ? 'it is done' : 'the result',
        headers,
        ...(status === 204 ? {} : { content: { [json]: { schema: refer(entry.result) } } }),
      },
      ...problems,
    },
  }
}

function headersOf({ takesVersion, keepsAnswers, others }: Operation): object[] {
  const header = (name: string, description: string, required = false): object => ({
    name,
    in: 'header',
    required,
    description,
    schema: text,
  })
  return [
    ...(takesVersion ? [header('If-Match', 'the version that is to be changed, as ETag told it; * for whichever there is', true)] : []),
    ...('idempotencyKey' in others ? [header('Idempotency-Key', 'the same as idempotencyKey')] : []),
    ...(keepsAnswers ? [header('Idempotency-Key', 'the same key with the same request gives the same answer')] : []),
    header('traceparent', 'W3C trace context, version 00: the trace that it is a part of'),
    header('tracestate', 'what others say of that trace'),
  ]
}

function describeRoute(verb: string, path: string, { summary, answers, signedIn = false }: RouteDocument): object {
  return {
    operationId: `${verb.toLowerCase()} ${path}`,
    summary,
    tags: ['gateway'],
    ...(signedIn ? {} : { security: [] }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, { description, type = json, schema }]) => [
          status,
          { description, content: { [type]: { schema: refer(schema) } } },
        ]),
      ),
      ...problems,
    },
  }
}

/** A schema with those that have a name as references, at any depth. */
function refer(schema: unknown): unknown {
  const name = names.get(JSON.stringify(schema))
  return name === undefined ? inner(schema) : { $ref: `#/components/schemas/${name}` }
}

function inner(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(refer)
  if (typeof schema !== 'object' || schema === null) return schema
  return Object.fromEntries(Object.entries(schema).map(([key, member]) => [key, refer(member)]))
}
