import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'

const alive = { description: 'yes', schema: Type.Object({ status: Type.Literal('ok') }, { additionalProperties: false }) }
const notReady = { description: 'not now', schema: Type.Object({ status: Type.Literal('not ready') }, { additionalProperties: false }) }
const livez = { config: { anyHost: true, document: { summary: 'whether the process answers', answers: { 200: alive } } } } as const
const readyz = {
  config: { anyHost: true, document: { summary: 'whether it takes calls', answers: { 200: alive, 503: notReady } } },
} as const

/** `/livez`: the process answers. `/readyz`: it takes calls; 503 while it is starting or stopping. Both under any Host. */
export async function healthRoutes(app: FastifyInstance, { isReady }: { readonly isReady: () => boolean }): Promise<void> {
  app.get('/livez', livez, async (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'ok' }))
  app.get('/readyz', readyz, async (_request, reply) => {
    const ready = isReady()
    return reply
      .code(ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ status: ready ? 'ok' : 'not ready' })
  })
}
