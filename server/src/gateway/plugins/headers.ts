import helmet from '@fastify/helmet'
import { fastifyPlugin } from 'fastify-plugin'

const self = ["'self'"]
const none = ["'none'"]

/** Half a year; of this host alone, since others below its name are not ours to speak for. */
const strictTransportSecurity = { maxAge: 15_552_000, includeSubDomains: false }

/**
 * The headers that every answer carries: nothing foreign comes into the page, and the page into nothing foreign. `isHttps`: browsers reach the
 * gateway by HTTPS, and shall never try without.
 */
export const headers = fastifyPlugin<{ isHttps: boolean }>(
  async (app, { isHttps }) => {
    await app.register(helmet, {
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: none,
          scriptSrc: self,
          styleSrc: self,
          imgSrc: [...self, 'data:'],
          fontSrc: self,
          connectSrc: self,
          baseUri: none,
          formAction: none,
          frameAncestors: none,
          requireTrustedTypesFor: ["'script'"],
        },
      },
      strictTransportSecurity: isHttps ? strictTransportSecurity : false,
      xFrameOptions: { action: 'deny' },
      referrerPolicy: { policy: 'no-referrer' },
      crossOriginOpenerPolicy: { policy: 'same-origin' },
      crossOriginResourcePolicy: { policy: 'same-origin' },
    })
    app.addHook('onRequest', async (_request, reply) => {
      reply.header('permissions-policy', 'camera=(), geolocation=(), microphone=()')
    })
  },
  { name: 'headers' },
)
