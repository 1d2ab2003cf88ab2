import fastifyCors, { type FastifyCorsOptions } from '@fastify/cors'
import { epochHeader, openApiPath } from '@halibut-gateway/schemas'
import { openRpcPath } from '@halibut-gateway/schemas/wire'
import type { FastifyRequest } from 'fastify'
import { fastifyPlugin } from 'fastify-plugin'

const shared: FastifyCorsOptions = {
  // Whoever is not on the list was refused by the origin guard before.
  origin: true,
  methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
  allowedHeaders: ['authorization', 'content-type', 'idempotency-key', 'if-match', 'traceparent', 'tracestate'],
  exposedHeaders: ['etag', 'link', 'location', 'retry-after', epochHeader],
  maxAge: 600,
  // Its refusal is none of our problems.
  strictPreflight: false,
}

/**
 * Lets pages of the origins on the list read what the API answers (Fetch standard, CORS). Credentials of the browser (cookies) are never asked for: a
 * sign-in at the page counts for the gateway’s own page alone.
 */
export const cors = fastifyPlugin(
  async app => {
    await app.register(fastifyCors, {
      delegator: (request, done) => done(null, isShared(request) ? shared : { origin: false }),
    })
    app.addHook('onRequest', async (request, reply) => {
      if (request.headers.origin !== undefined && isShared(request)) reply.header('cross-origin-resource-policy', 'cross-origin')
    })
  },
  { name: 'cors', dependencies: ['origin-guard'] },
)

function isShared(request: FastifyRequest): boolean {
  const [path = ''] = request.url.split('?')
  return path.startsWith('/api/') || path === openRpcPath || path === openApiPath
}
