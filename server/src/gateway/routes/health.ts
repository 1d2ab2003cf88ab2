import type { FastifyInstance } from 'fastify'

const options = { config: { anyHost: true } } as const

/** `/livez`: the process answers. `/readyz`: it takes calls; 503 while it is starting or stopping. Both under any Host. */
export async function healthRoutes(app: FastifyInstance, { isReady }: { readonly isReady: () => boolean }): Promise<void> {
  app.get('/livez', options, async (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'ok' }))
  app.get('/readyz', options, async (_request, reply) => {
    const ready = isReady()
    return reply
      .code(ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ status: ready ? 'ok' : 'not ready' })
  })
}
