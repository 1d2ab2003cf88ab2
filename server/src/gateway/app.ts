import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Access } from '../access/access.ts'
import type { Tokens } from '../access/tokens.ts'
import type { Attention } from '../attention/attention.ts'
import type { Audit } from '../audit/audit.ts'
import type { LogSink } from '../base/log.ts'
import type { AgentManager } from '../fleet/agent-manager.ts'
import type { ContractDirectory } from '../fleet/contract-directory.ts'
import { FleetChanges } from '../fleet/fleet-changes.ts'
import type { GatewayCertificates } from '../fleet/gateway-certificates.ts'
import type { Mesh } from '../fleet/mesh.ts'
import type { Trust } from '../fleet/trust.ts'
import { AgentUse } from '../rpc/agent-use.ts'
import { type CallMeter, CallRegistry } from '../rpc/call-registry.ts'
import { Dispatcher } from '../rpc/dispatcher.ts'
import { createHandlers, type HandlerOptions } from '../rpc/handlers.ts'
import { KeptCalls } from '../rpc/kept-calls.ts'
import type { BackupMaker } from '../rpc/methods/backups.ts'
import type { RequestTracer } from '../rpc/request-spans.ts'
import { MethodRunner } from '../rpc/run.ts'
import type { CallMemory } from '../store/call-memory.ts'
import { callLog } from '../telemetry/call-log.ts'
import type { Metrics, StoreFigures } from '../telemetry/metrics.ts'
import { TrafficHistory } from '../telemetry/traffic-history.ts'
import { type CallLimits, CallRates } from './call-rates.ts'
import type { CertificateSource } from './certificate-files.ts'
import { openOidc } from './oidc/oidc.ts'
import type { OidcOptions } from './oidc/options.ts'
import type { OriginPolicy } from './origin-policy.ts'
import { auth } from './plugins/auth.ts'
import { cors } from './plugins/cors.ts'
import { errorHandler, refuseAddress } from './plugins/error-handler.ts'
import { headers } from './plugins/headers.ts'
import { countRequests } from './plugins/metrics.ts'
import { originGuard } from './plugins/origin-guard.ts'
import { page } from './plugins/page.ts'
import { limitRates, type RateLimits } from './plugins/rate-limit.ts'
import { routeDocuments } from './plugins/route-documents.ts'
import { sockets } from './plugins/sockets.ts'
import { pathBelow } from './public-url.ts'
import { HttpRequests } from './rest/http-requests.ts'
import { apiRoutes } from './routes/api.ts'
import { type GatewayPhase, healthRoutes } from './routes/health.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { oidcRoutes } from './routes/oidc.ts'
import { openApiRoutes } from './routes/openapi.ts'
import { openRpcRoutes } from './routes/openrpc.ts'
import { rpcSocketRoutes } from './routes/rpc-socket.ts'
import { type PollingAddress, versionRoutes } from './routes/version.ts'
import { wsTicketRoutes } from './routes/ws-tickets.ts'
import { createServer } from './server.ts'
import { SessionTable } from './session-table.ts'
import { anySignIn, type SignIn } from './sign-in.ts'
import { createSessionSpools } from './streams/session-spools.ts'
import { Tickets } from './tickets.ts'

/** What the gateway is made of. */
export interface GatewayOptions {
  readonly mesh: Mesh
  readonly trust: Trust
  readonly certificates: GatewayCertificates
  readonly manager: AgentManager
  readonly contracts: ContractDirectory
  readonly signIn: SignIn
  /** An OpenID provider whose users may sign in. Default: none. */
  readonly oidc?: OidcOptions | undefined
  /** Those that are managed while the gateway runs; `signIn` asks them. */
  readonly tokens: Tokens
  /** Who may reach what. */
  readonly access: Access
  /** The Host and Origin headers that are answered. */
  readonly policy: OriginPolicy
  readonly log: LogSink
  /** Where browsers reach it, where that is not the root of where it listens. */
  readonly publicUrl?: URL | undefined
  /** That of the page; with it HTTPS is spoken. Default: HTTP, for loopback and behind a proxy. */
  readonly certificate?: CertificateSource | undefined
  /** How much is too much over HTTP. Default: as `gatewayLimits` say. */
  readonly rateLimits?: RateLimits | undefined
  /** How much is too much over sockets. Default: as `gatewayLimits` say. */
  readonly callLimits?: CallLimits | undefined
  /** Addresses and networks of reverse proxies whose X-Forwarded headers are believed. Default: none. */
  readonly trustedProxies?: readonly string[] | undefined
  /** The page’s built files. Default: no page. */
  readonly pageFolder?: string | undefined
  /** What takes what is kept, for the metrics. Default: nothing is kept. */
  readonly store?: StoreFigures | undefined
  /** What the probes tell. Default: always running. */
  readonly phase?: () => GatewayPhase
  /** What is written down of who did what. Default: nothing is. */
  readonly audit?: Audit | undefined
  /** Makes a backup of all that is kept. Default: there is nothing. */
  readonly makeBackup?: BackupMaker | undefined
  /** Where what becomes of calls with idempotency keys outlives the process. Default: nowhere. */
  readonly callMemory?: CallMemory | undefined
  readonly version: string
  /** Who counts, and what `/metrics` gives. Default: nothing is counted. */
  readonly metrics?: Metrics
  /** What happens to agents. Default: what happens from now on. */
  readonly changes?: FleetChanges | undefined
  /** Where the doctor may dial. Default: anywhere. */
  readonly destinations?: HandlerOptions['destinations']
  /** What needs a person. Default: nothing does. */
  readonly attention?: Attention | undefined
  /** Hears of each call to an agent that has ended. Default: nobody does. */
  readonly onCall?: CallMeter | undefined
  /** Makes spans of requests. Default: nobody does. */
  readonly tracer?: RequestTracer | undefined
  /** What `/version` tells of where polling agents connect. Default: nothing. */
  readonly agents?: () => PollingAddress
}

/** Of one part of an address: the longest text that a parameter in it can be, each character of it escaped. */
const maxParamLength = 256 * 9

/** Builds the gateway’s server: plugins, then routes. Listens to nothing; `close()` ends its sockets with `going_away`. */
export async function buildGateway(options: GatewayOptions): Promise<FastifyInstance> {
  const { log, policy, certificate, publicUrl, trustedProxies = [] } = options
  const oidc = options.oidc && openOidc(options.oidc, publicUrl)
  const signIn = oidc ? anySignIn(options.signIn, ...oidc.signIns) : options.signIn
  const publicPath = publicUrl?.pathname ?? '/'
  const { metrics, phase = () => 'running' } = options
  const epoch = options.callMemory?.epoch ?? randomUUID()
  const { directory } = options.manager
  const changes = options.changes ?? new FleetChanges(directory)
  const registry: CallRegistry = new CallRegistry((call, durationMs, error) => {
    for (const meter of meters) meter(call, durationMs, error)
  })
  const history = new TrafficHistory({ calls: registry, changes })
  const use = new AgentUse(registry, directory)
  const meters = metersOf(options, history.callEnded, use.callEnded)
  history.start()
  // When it comes as well: a call to the one before it may have ended behind the removal of that.
  const endForgetting = changes.onChange(({ definition: { id }, from, to }) => {
    if (!from || !to) registry.recent.forget(id)
  })
  const kept = new KeptCalls({ epoch, memory: options.callMemory, log })
  const handlers = createHandlers({
    ...options,
    registry,
    epoch,
    kept,
    history,
    changes,
    use,
    principals: () => signIn.principals?.() ?? [],
  })
  const runner = new MethodRunner(handlers, log, metrics?.requestEnded, options.audit, options.tracer)
  const dispatcher = new Dispatcher(runner)
  const requests = new HttpRequests()
  const rates = new CallRates(options.callLimits)
  const sessions = new SessionTable({ dispatcher, createSpool: createSessionSpools(), rates })
  const app = createServer(
    {
      logger: false,
      forceCloseConnections: true,
      trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
      routerOptions: { maxParamLength },
      rewriteUrl: request => pathBelow(publicPath, request.url ?? '/'),
      frameworkErrors: refuseAddress,
    },
    certificate,
  )
  // Most routes want no body, so none is ever kept, whoever sends it; those that do read it after they know who that is.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _body, done) => done(null))
  await app.register(sockets, { sessions, requests })
  if (metrics) await app.register(countRequests, { metrics })
  await app.register(errorHandler, { log })
  await app.register(headers, { isHttps: certificate !== undefined || publicUrl?.protocol === 'https:' })
  await app.register(limitRates, { limits: options.rateLimits })
  await app.register(routeDocuments)
  await app.register(page, { folder: options.pageFolder, publicPath })
  await app.register(originGuard, { policy })
  const tickets = new Tickets()
  await app.register(cors)
  await app.register(auth, { signIn, tickets, requests, page: oidc?.page, onSignIn: metrics?.signedIn })
  const isReady = (): boolean => phase() === 'running' && options.audit?.failing === undefined
  await app.register(healthRoutes, { phase, isReady })
  await app.register(versionRoutes, options)
  if (oidc?.page) await app.register(oidcRoutes, { signIn: oidc.page, log })
  app.addHook('onClose', async () => {
    oidc?.close()
    kept.close()
    history.close()
    use.close()
    endForgetting()
    if (!options.changes) changes.close()
  })
  if (metrics) {
    metrics.lookAt({ ...options, directory, calls: registry, sessions, sockets: app.connections, isReady })
    await app.register(metricsRoutes, { metrics })
  }
  await app.register(wsTicketRoutes, { tickets })
  await app.register(openRpcRoutes, { version: options.version })
  await app.register(openApiRoutes, { version: options.version })
  await app.register(apiRoutes, { runner, requests, epoch })
  await app.register(rpcSocketRoutes, { dispatcher, rates, log })
  return app
}

/** All that hear of a call. */
function metersOf({ metrics, log, onCall }: GatewayOptions, ...others: CallMeter[]): CallMeter[] {
  return [metrics?.callEnded, callLog(log), onCall, ...others].filter(meter => meter !== undefined)
}
