import { openApiPath } from '@halibut-gateway/schemas'
import { type Role, roles } from '@halibut-gateway/schemas/wire'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { openApiDocument } from '../rest/openapi.ts'
import { openApiPage, openApiStyle } from '../rest/openapi-page.ts'

const document = {
  summary: 'this document',
  answers: { 200: { description: 'OpenAPI 3.1', schema: Type.Object({ openapi: Type.Literal('3.1.0') }) } },
} as const

/**
 * `GET /openapi.json`, what can be asked over HTTP: all of it for everybody, for whoever signs in what that role may ask. `GET /openapi`, the same
 * as a page.
 */
export async function openApiRoutes(app: FastifyInstance, { version }: { readonly version: string }): Promise<void> {
  let whole: Record<string, unknown> = {}
  const documents = new Map<Role, Record<string, unknown>>()
  app.addHook('onReady', async () => {
    whole = openApiDocument(version, app.knownRoutes)
    for (const role of roles) documents.set(role, openApiDocument(version, app.knownRoutes, role))
  })
  app.get(openApiPath, { config: { document } }, async (request, reply) => {
    reply.header('cache-control', 'no-cache').header('vary', 'origin, authorization')
    if (request.headers.authorization === undefined) return reply.send(whole)
    const { role } = await app.authenticate(request)
    return reply.send(documents.get(role))
  })
  app.get('/openapi', async (_request, reply) =>
    reply.type('text/html; charset=utf-8').header('cache-control', 'no-cache').send(openApiPage(whole)),
  )
  app.get('/openapi.css', async (_request, reply) =>
    reply.type('text/css; charset=utf-8').header('cache-control', 'no-cache').send(openApiStyle),
  )
}
