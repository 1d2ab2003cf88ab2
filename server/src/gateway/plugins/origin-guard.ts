import { fastifyPlugin } from 'fastify-plugin'
import { HalibutError } from '../../base/errors.ts'
import type { OriginPolicy } from '../origin-policy.ts'

/** Refuses requests whose Host or Origin is not on the lists, before anything else looks at them. */
export const originGuard = fastifyPlugin<{ policy: OriginPolicy }>(
  async (app, { policy }) => {
    app.addHook('onRequest', async request => {
      const refused = policy.refusal(request.headers.host, request.headers.origin)
      if (refused === 'host') {
        throw new HalibutError('forbidden', 'this Host is not one of the gateway’s', {
          advice: 'use the address that the gateway printed, or add the name to allowedHosts',
        })
      }
      if (refused === 'origin')
        throw new HalibutError('forbidden', 'this Origin is not allowed here', { advice: 'add the origin to allowedOrigins' })
    })
  },
  { name: 'origin-guard', dependencies: ['sockets', 'error-handler'] },
)
