import { openRpcPath } from '@halibut-gateway/schemas/wire'
import type { FastifyInstance } from 'fastify'
import { openRpcDocument } from '../../rpc/openrpc.ts'

/** `GET /openrpc.json`: what `rpc.discover` answers, for everybody. */
export async function openRpcRoutes(app: FastifyInstance, options: { readonly version: string }): Promise<void> {
  const document = openRpcDocument(options.version)
  app.get(openRpcPath, async (_request, reply) => reply.header('cache-control', 'no-cache').send(document))
}
