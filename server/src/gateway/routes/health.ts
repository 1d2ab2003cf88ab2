import type { FastifyInstance } from 'fastify'

/** `/livez`: the process answers. `/readyz`: it takes calls; 503 while it is starting or stopping. */
export async function healthRoutes(app: FastifyInstance, options: { readonly isReady: () => boolean }): Promise<void> {
  app.get('/livez', async (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'ok' }))
  app.get('/readyz', async (_request, reply) => {
    const ready = options.isReady()
    return reply
      .code(ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ status: ready ? 'ok' : 'not ready' })
  })
}
