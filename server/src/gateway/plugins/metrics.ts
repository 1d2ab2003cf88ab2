import { fastifyPlugin } from 'fastify-plugin'
import type { Metrics } from '../../telemetry/metrics.ts'

/** Counts HTTP requests by route and outcome. A WebSocket counts as one when its handshake was refused. */
export const countRequests = fastifyPlugin<{ metrics: Metrics }>(
  async (app, { metrics }) => {
    app.addHook('onResponse', async (request, reply) => {
      const { url } = request.routeOptions
      metrics.httpEnded({
        method: request.method,
        route: request.is404 ? undefined : url,
        status: reply.statusCode,
        durationMs: reply.elapsedTime,
      })
    })
  },
  { name: 'metrics' },
)
