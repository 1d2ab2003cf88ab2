import { epochHeader, openApiPath } from '@halibut-gateway/schemas'
import { openRpcPath } from '@halibut-gateway/schemas/wire'
import type { FastifyRequest } from 'fastify'
import { fastifyPlugin } from 'fastify-plugin'

const maxAgeSeconds = 600
/** What a page may read beside the answer itself. */
const exposed = `etag, link, location, retry-after, ${epochHeader}`

/**
 * Lets pages of the origins on the list read what the API answers (Fetch standard, CORS). Whoever is not on the list was refused by the
 * origin guard before. Credentials of the browser (cookies) are never asked for: a sign-in at the page counts for the gateway’s own page alone.
 */
export const cors = fastifyPlugin(
  async app => {
    app.addHook('onRequest', async (request, reply) => {
      if (!isShared(request)) return
      reply.header('vary', 'origin')
      const { origin } = request.headers
      if (origin === undefined) return
      reply
        .header('access-control-allow-origin', origin)
        .header('access-control-expose-headers', exposed)
        .header('cross-origin-resource-policy', 'cross-origin')
      if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return
      return reply
        .code(204)
        .header('access-control-allow-methods', 'GET, POST, PUT, PATCH, DELETE')
        .header('access-control-allow-headers', 'authorization, content-type, idempotency-key, if-match, traceparent, tracestate')
        .header('access-control-max-age', maxAgeSeconds)
        .send()
    })
  },
  { name: 'cors', dependencies: ['origin-guard'] },
)

function isShared(request: FastifyRequest): boolean {
  const [path = ''] = request.url.split('?')
  return path.startsWith('/api/') || path === openRpcPath || path === openApiPath
}
