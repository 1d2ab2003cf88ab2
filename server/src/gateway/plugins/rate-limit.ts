import { createHash } from 'node:crypto'
import rateLimit from '@fastify/rate-limit'
import type { FastifyRequest } from 'fastify'
import { fastifyPlugin } from 'fastify-plugin'
import { HalibutError } from '../../base/errors.ts'
import { gatewayLimits } from '../../base/limits.ts'
import { networkOf } from '../../base/openings.ts'

/** How many requests are answered in `httpRateMs`. */
export interface RateLimits {
  readonly httpRequestsPerAddress: number
  readonly httpRequestsPerToken: number
}

/**
 * Refuses with 429 what is too much from one address, or with one credential, before it is looked at any further. The probes do not count: whoever
 * watches the gateway has to hear of it when there is too much for it.
 */
export const limitRates = fastifyPlugin<{ limits?: RateLimits | undefined }>(
  async (app, { limits = gatewayLimits }) => {
    const { httpRateMs: timeWindow, ratedCallers } = gatewayLimits
    await app.register(rateLimit, { global: false, cache: ratedCallers })
    const byAddress = app.createRateLimit({ timeWindow, max: limits.httpRequestsPerAddress, keyGenerator: addressOf })
    const byToken = app.createRateLimit({ timeWindow, max: limits.httpRequestsPerToken, keyGenerator: tokenOf })
    const check = async (limit: typeof byAddress, request: FastifyRequest, whose: string): Promise<void> => {
      const found = await limit(request)
      if (found.isAllowed || !found.isExceeded) return
      throw new HalibutError('too_many_calls', `more than ${found.max} requests in ${timeWindow / 1_000} s ${whose}`, {
        retryAfterMs: found.ttl,
        advice: 'wait, and ask more rarely from then on',
      })
    }
    app.addHook('onRequest', async request => {
      if (request.routeOptions.config.anyHost) return
      await check(byAddress, request, 'from this address')
      if (request.headers.authorization !== undefined) await check(byToken, request, 'with this token')
    })
  },
  { name: 'rate-limit', dependencies: ['sockets', 'error-handler'] },
)

/** Whom a request counts for: an address; of IPv6 a network of 64 bits. */
export function addressOf({ ip }: FastifyRequest): string {
  return networkOf(`${ip}:0`)
}

/** The credential itself is kept nowhere. */
function tokenOf({ headers }: FastifyRequest): string {
  return createHash('sha256')
    .update(headers.authorization ?? '')
    .digest('base64')
}
