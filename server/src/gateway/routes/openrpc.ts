import { openRpcPath } from '@halibut-gateway/schemas/wire'
import type { FastifyInstance } from 'fastify'
import { openRpcDocument, openRpcDocuments } from '../../rpc/openrpc.ts'

/** `GET /openrpc.json`: the whole map for everybody; for whoever signs in what `rpc.discover` answers. */
export async function openRpcRoutes(app: FastifyInstance, options: { readonly version: string }): Promise<void> {
  const whole = openRpcDocument(options.version)
  const documents = openRpcDocuments(options.version)
  app.get(openRpcPath, async (request, reply) => {
    reply.header('cache-control', 'no-cache').header('vary', 'origin, authorization')
    if (request.headers.authorization === undefined) return reply.send(whole)
    const { role } = await app.authenticate(request)
    return reply.send(documents[role])
  })
}
