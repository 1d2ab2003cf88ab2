import { openRpcPath } from '@halibut-gateway/schemas/wire'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { openRpcDocument, openRpcDocuments } from '../../rpc/openrpc.ts'

const config = {
  document: {
    summary: 'the methods of the socket',
    answers: { 200: { description: 'OpenRPC', schema: Type.Object({ openrpc: Type.String() }) } },
  },
} as const

/** `GET /openrpc.json`: the whole map for everybody; for whoever signs in what `rpc.discover` answers. */
export async function openRpcRoutes(app: FastifyInstance, options: { readonly version: string }): Promise<void> {
  const whole = openRpcDocument(options.version)
  const documents = openRpcDocuments(options.version)
  app.get(openRpcPath, { config }, async (request, reply) => {
    reply.header('cache-control', 'no-cache').header('vary', 'origin, authorization')
    if (request.headers.authorization === undefined) return reply.send(whole)
    const { role } = await app.authenticate(request)
    return reply.send(documents[role])
  })
}
