import { createHash } from 'node:crypto'
import rateLimit, { type RateLimitOptions } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
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
    const { httpRateMs: timeWindow } = gatewayLimits
    await app.register(rateLimit, { global: false })
    const limit = (max: number, keyGenerator: (request: FastifyRequest) => string, whose: string) => {
      const count = createCounter(app, { timeWindow, max, keyGenerator })
      return async (request: FastifyRequest): Promise<void> => {
        const retryAfterMs = await count(request)
        if (retryAfterMs === undefined) return
        throw new HalibutError('too_many_calls', `more than ${max} requests in ${timeWindow / 1_000} s ${whose}`, {
          retryAfterMs,
          advice: 'wait, and ask more rarely from then on',
        })
      }
    }
    const checkAddress = limit(limits.httpRequestsPerAddress, addressOf, 'from this address')
    const checkToken = limit(limits.httpRequestsPerToken, tokenOf, 'with this token')
    app.addHook('onRequest', async request => {
      if (request.routeOptions.config.anyHost) return
      await checkAddress(request)
      if (request.headers.authorization !== undefined) await checkToken(request)
    })
  },
  { name: 'rate-limit', dependencies: ['sockets', 'error-handler'] },
)

/**
 * Counts requests by whom `keyGenerator` says they are of, for `ratedCallers` of them. Gives how long to wait where there are more than `max` in
 * `timeWindow`; `undefined` where there are not.
 */
export function createCounter(
  app: FastifyInstance,
  options: Pick<RateLimitOptions, 'timeWindow' | 'max' | 'keyGenerator'>,
): (request: FastifyRequest) => Promise<number | undefined> {
  // Each has a memory of its own, whose size the plugin takes from here alone.
  const sized: RateLimitOptions = { ...options, cache: gatewayLimits.ratedCallers }
  const count = app.createRateLimit(sized)
  return async request => {
    const found = await count(request)
    return !found.isAllowed && found.isExceeded ? found.ttl : undefined
  }
}

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
