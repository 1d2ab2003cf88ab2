import { fastifyPlugin } from 'fastify-plugin'
import { HalibutError } from '../../base/errors.ts'
import type { OriginPolicy } from '../origin-policy.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What is answered there tells nothing, so that it is answered under any Host. */
    readonly anyHost?: boolean
    /** What is answered there is for everybody who may see the page, so that it is answered to any Origin. */
    readonly anyOrigin?: boolean
  }
}

/** Refuses requests whose Host or Origin is not on the lists, before anything else looks at them. */
export const originGuard = fastifyPlugin<{ policy: OriginPolicy }>(
  async (app, { policy }) => {
    app.addHook('onRequest', async request => {
      const { anyHost, anyOrigin } = request.routeOptions.config
      // A trusted proxy may tell it in X-Forwarded-Host.
      if (!anyHost && !policy.answersAs(request.host)) {
        throw new HalibutError('forbidden', 'this Host is not one of the gateway’s', {
          advice: 'use the address that the gateway printed; behind a proxy set publicUrl, or add the name to allowedHosts',
        })
      }
      if (!anyOrigin && !policy.allows(request.headers.origin))
        throw new HalibutError('forbidden', 'this Origin is not allowed here', {
          advice: 'behind a proxy set publicUrl; for a page of another origin add that to allowedOrigins',
        })
    })
  },
  { name: 'origin-guard', dependencies: ['sockets', 'error-handler'] },
)
