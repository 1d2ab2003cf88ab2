import { createServer as createSecureServer } from 'node:https'
import Fastify, { type FastifyInstance, type FastifyServerFactory, type FastifyServerOptions } from 'fastify'
import { gatewayLimits } from '../base/limits.ts'
import type { CertificateSource } from './certificate-files.ts'

const { httpRequestMs } = gatewayLimits
/** How often Node looks for requests that have taken too long. */
const httpCheckMs = 1_000
const times = { headersTimeout: httpRequestMs, requestTimeout: httpRequestMs, connectionsCheckingInterval: httpCheckMs }
/** How long a connection without a request stays, as Fastify has it: longer than proxies keep theirs. */
const keepAliveTimeout = 72_000

/** Fastify with our times; with TLS where there is a certificate, which may be replaced while connections go on. */
export function createServer(options: FastifyServerOptions, certificate: CertificateSource | undefined): FastifyInstance {
  if (!certificate) return Fastify({ ...options, requestTimeout: httpRequestMs, http: times })
  const stops: (() => void)[] = []
  const serverFactory: FastifyServerFactory = handler => {
    const server = createSecureServer({ ...times, keepAliveTimeout, handshakeTimeout: httpRequestMs, ...certificate.current }, handler)
    stops.push(certificate.watch(found => server.setSecureContext(found)))
    return server
  }
  const app = Fastify({ ...options, serverFactory })
  app.addHook('onClose', async () => {
    for (const stop of stops) stop()
  })
  return app
}
