import { hasRight } from '@halibut-gateway/schemas/wire'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { HalibutError } from '../../base/errors.ts'
import type { Metrics } from '../../telemetry/metrics.ts'

const document = {
  summary: 'what Prometheus reads',
  signedIn: true,
  answers: { 200: { description: 'the metrics', type: 'text/plain', schema: Type.String() } },
} as const

/** `GET /metrics`: what Prometheus reads, for who may. */
export async function metricsRoutes(app: FastifyInstance, { metrics }: { readonly metrics: Metrics }): Promise<void> {
  app.get('/metrics', { config: { document } }, async (request, reply) => {
    const principal = await app.authenticate(request)
    if (!hasRight(principal.role, 'metrics.read')) throw new HalibutError('forbidden', 'the right metrics.read is needed here')
    const { contentType, text } = await metrics.text()
    return reply.header('cache-control', 'no-store').type(contentType).send(text)
  })
}
