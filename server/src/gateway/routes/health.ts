import { Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply } from 'fastify'

/** What the gateway does: comes up, takes calls, or comes to its end. */
export type GatewayPhase = 'starting' | 'running' | 'stopping'

/** What the probes tell. */
export interface HealthOptions {
  readonly phase: () => GatewayPhase
  /** Whether calls are taken. */
  readonly isReady: () => boolean
}

/**
 * The probes, under any Host. `/livez`: the process answers. `/startupz`: it has started. `/readyz`: it takes calls. 503 where that is not so;
 * they tell no more than that.
 */
export async function healthRoutes(app: FastifyInstance, { phase, isReady }: HealthOptions): Promise<void> {
  app.get('/livez', documented('whether the process answers'), async (_request, reply) => answer(reply, 'ok', true))
  app.get('/startupz', documented('whether it has started', 'starting'), async (_request, reply) => {
    const hasStarted = phase() !== 'starting'
    return answer(reply, hasStarted ? 'ok' : 'starting', hasStarted)
  })
  app.get('/readyz', documented('whether it takes calls', 'not ready'), async (_request, reply) => {
    const isSo = isReady()
    return answer(reply, isSo ? 'ok' : 'not ready', isSo)
  })
}

function answer(reply: FastifyReply, status: string, isSo: boolean): FastifyReply {
  return reply
    .code(isSo ? 200 : 503)
    .header('cache-control', 'no-store')
    .send({ status })
}

/** `no`: the status where it is not so. */
function documented(summary: string, no?: string) {
  const yes = { description: 'yes', schema: statusSchema('ok') }
  const answers = no === undefined ? { 200: yes } : { 200: yes, 503: { description: 'not now', schema: statusSchema(no) } }
  return { config: { anyHost: true, document: { summary, answers } } } as const
}

function statusSchema(status: string) {
  return Type.Object({ status: Type.Literal(status) }, { additionalProperties: false })
}
