import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Access } from '../access/access.ts'
import { Tokens } from '../access/tokens.ts'
import { Attention } from '../attention/attention.ts'
import { Audit } from '../audit/audit.ts'
import { HalibutError } from '../base/errors.ts'
import { isEverything, isLoopback } from '../base/host.ts'
import { gatewayRuntimeLimits } from '../base/limits.ts'
import type { LogSink } from '../base/log.ts'
import type { AgentDefinition } from '../fleet/agent-directory.ts'
import { AgentManager } from '../fleet/agent-manager.ts'
import { ContractDirectory } from '../fleet/contract-directory.ts'
import { FleetChanges } from '../fleet/fleet-changes.ts'
import { GatewayCertificates } from '../fleet/gateway-certificates.ts'
import { LastUse } from '../fleet/last-use.ts'
import { Trust } from '../fleet/trust.ts'
import { buildGateway } from '../gateway/app.ts'
import { oidcOptions } from '../gateway/oidc/options.ts'
import { OriginPolicy } from '../gateway/origin-policy.ts'
import { parsePublicUrl } from '../gateway/public-url.ts'
import type { GatewayPhase } from '../gateway/routes/health.ts'
import type { PollingAddress } from '../gateway/routes/version.ts'
import { anySignIn, createStartToken, startTokenSignIn } from '../gateway/sign-in.ts'
import { checkTrustedProxies } from '../gateway/trusted-proxies.ts'
import { isCallRecord } from '../rpc/call-record.ts'
import type { Certificate } from '../runtime/certificates.ts'
import { HalibutRuntime } from '../runtime/runtime.ts'
import { readContractFile } from '../settings/contract-file.ts'
import { type Settings, SettingsSchema } from '../settings/schema.ts'
import { loadPageCertificate } from '../settings/world.ts'
import { Destinations } from '../socket/destinations.ts'
import { listenAdvice } from '../socket/listen.ts'
import { openCallMemory } from '../store/call-memory.ts'
import { openEmbeddedStore } from '../store/embedded-store.ts'
import { openStateFolder } from '../store/state-folder.ts'
import { tellFleetNews } from '../telemetry/fleet-news.ts'
import { Metrics } from '../telemetry/metrics.ts'
import { createRequestTracer } from '../telemetry/tracing.ts'
import { gatewayChecks } from './attention-checks.ts'
import { type DemoAgent, startDemoAgent } from './demo-processes.ts'
import { firstToken } from './first-token.ts'
import { identitiesOf, loadIdentity } from './identity.ts'
import { offerLocalSignIn } from './local-sign-in.ts'
import { rememberPublicUrl } from './settings-changes.ts'
import { startAudit } from './start-audit.ts'
import { version } from './version-text.ts'

/** A gateway that runs. */
export interface RunningGateway {
  /** The page: with a token that opens it where that is told here, which is so at the first start and of a demo. */
  readonly address: string
  /** What the address says of who may come. */
  readonly opensWith: 'first-token' | 'demo-token' | 'own-token'
  /** SHA-1 of its certificate: what agents have to trust. */
  readonly thumbprint: string
  /** Where polling agents connect. */
  readonly agentAddress: string
  /** Some are known: of the settings, of the store, or of the demo. */
  readonly hasAgents: boolean
  /** The same of the certificate that is to take the place of that one, where there is one. */
  readonly next?: { readonly thumbprint: string; readonly agentAddress: string }
  /** Takes nothing new, lets what runs come to its end within `drainMs`, then ends sockets, agents and connections. Idempotent. */
  close(): Promise<void>
}

/** Starts a gateway, with its demo agents where the settings say so. What was begun is ended again when it fails. */
export async function startGateway(settings: Settings, log: LogSink): Promise<RunningGateway> {
  const closers: (() => Promise<void> | void)[] = []
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= (async () => {
      for (const end of closers.reverse()) await end()
    })()
    return closing
  }
  try {
    return { ...(await assemble(settings, log, closers)), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function assemble(settings: Settings, log: LogSink, closers: (() => Promise<void> | void)[]): Promise<Omit<RunningGateway, 'close'>> {
  const folder = await openStateFolder(settings.stateFolder)
  const store = await openEmbeddedStore(folder, ({ kind, id, instead }) => {
    log('error', `a row of the state is damaged, and ${instead}`, { kind, id })
  })
  closers.push(() => store.close())
  store.onStateChange(state => {
    if (state.at === 'failing') log('error', 'changes cannot be kept, and are refused until they can', { reason: state.reason })
    else log('info', 'changes are kept again')
  })
  const contracts = new ContractDirectory({
    store,
    onForgotten: contract => runtime.forgetContract(contract),
    onUnfit: (contract, why) => log('warn', 'a stored contract is not acceptable any more, and not used', { contract, why }),
  })
  for (const path of settings.contracts) {
    const { contract, warnings } = readContractFile(path)
    for (const warning of warnings) log('warn', `a contract: ${warning}`)
    contracts.add(contract)
  }
  contracts.start()

  let certificates: GatewayCertificates | undefined
  const signer = (): Certificate => certificates?.present ?? certificate
  const audit = new Audit(store, signer)
  const certificate: Certificate = await loadIdentity(store, settings, audit)
  const metrics = new Metrics(version)
  const destinations = new Destinations(settings.destinations)
  const backups = await startAudit({ store, audit, settings, signer, destinations, metrics, log, closers })

  const runtime: HalibutRuntime = new HalibutRuntime({
    certificate,
    limits: gatewayRuntimeLimits,
    authoriseSubscriber: candidate => trust.mayPoll(candidate),
    authoriseAgent: agent => trust.mayAnswer(agent),
    destinations,
  })
  let drainUntilMs = 0
  // What nobody waits for any more, as a call with an idempotency key, has what is left of the time.
  closers.push(() => runtime.close({ drainMs: drainUntilMs - performance.now() }))
  const agents = new AgentManager({ mesh: runtime, store })
  for (const agent of settings.agents) serveOfFile(agents, agent)
  certificates = new GatewayCertificates({
    mesh: runtime,
    agents,
    identities: identitiesOf(store),
    acceptances: store.acceptances,
    present: certificate,
    log,
  })
  const own = certificates
  certificates.start()
  closers.push(() => own.close())
  const trust = new Trust({
    mesh: runtime,
    agents,
    records: store,
    own: {
      get thumbprint() {
        return own.present.thumbprint
      },
      get thumbprint256() {
        return own.present.thumbprint256
      },
    },
    ownChange: (action, agent, facts) => audit.telling({ who: 'gateway', action, agent, outcome: 'done', facts }),
    log,
  })
  // Before anybody can come: what was revoked stays revoked.
  trust.start()
  closers.push(() => trust.close())
  const use = new LastUse({ records: store.meta, ids: () => agents.directory.ids(), log })
  use.start()
  closers.push(() => use.close())
  // Nobody who comes is missed.
  const changes = new FleetChanges(agents.directory)
  closers.push(() => changes.close())
  agents.start()
  closers.push(tellFleetNews({ changes, mesh: runtime, log, metrics }))
  closers.push(() => agents.close())

  const { agentHost: host, agentPort, nextAgentPort } = settings
  await own.listen((name, presented) =>
    runtime.listen({ host, port: name === 'first' ? agentPort : nextAgentPort, certificate: presented }),
  )
  const reached = (): PollingAddress => {
    const { present, next } = own
    const at = next && { thumbprint: next.thumbprint, port: own.portOf(next) ?? 0 }
    return { thumbprint: present.thumbprint, host, port: own.portOf(present) ?? 0, ...(at && { next: at }) }
  }
  const { thumbprint, port: agentsAt, next } = reached()
  log('info', 'agents have to trust this gateway by its thumbprint; those that poll connect here', { thumbprint, host, port: agentsAt })
  if (next) log('info', 'another certificate is presented too, which is to take the place of that one', { ...next, host })

  const tokens = new Tokens({ store, log })
  closers.push(() => tokens.close())
  const policy = new OriginPolicy({ hosts: settings.allowedHosts, origins: settings.allowedOrigins })
  const publicUrl = settings.publicUrl === '' ? undefined : parsePublicUrl(settings.publicUrl)
  if (publicUrl) policy.allowOrigin(publicUrl.origin)
  await rememberPublicUrl(store, audit, publicUrl)
  const pageCertificate = await loadPageCertificate(settings, log)
  warnOfPlainHttp(settings, pageCertificate !== undefined, log)
  // Whoever may read the state folder is an admin; a demo lets in who has its address.
  const localToken = createStartToken()
  const demoToken = settings.demo ? createStartToken() : undefined
  const signIns = [
    startTokenSignIn(localToken, { name: 'local', role: 'admin' }),
    ...(demoToken === undefined ? [] : [startTokenSignIn(demoToken)]),
  ]
  const { directory } = agents
  const attention = new Attention({
    checks: gatewayChecks({
      store,
      directory,
      trust,
      use,
      identities: () => own.list(),
      pageCertificate,
      lastBackupMs: () => backups.lastMs,
    }),
    log,
  })
  attention.start()
  closers.push(() => attention.close())
  let phase: GatewayPhase = 'starting'
  const app = await buildGateway({
    mesh: runtime,
    trust,
    certificates: own,
    manager: agents,
    contracts,
    signIn: anySignIn(...signIns, tokens),
    tokens,
    oidc: oidcOptions(settings),
    access: new Access(store, settings.rules, log),
    policy,
    publicUrl,
    certificate: pageCertificate,
    trustedProxies: checkTrustedProxies(settings.trustedProxies),
    log,
    pageFolder: fileURLToPath(new URL('../../inspector/dist/page/', import.meta.url)),
    phase: () => phase,
    metrics,
    tracer: createRequestTracer(version),
    attention,
    changes,
    onCall: call => use.note(call.subject.agent),
    destinations: runtime.destinations,
    agents: reached,
    callMemory: await openCallMemory(store, {
      isWhole: isCallRecord,
      onDamaged: rows => log('error', 'what became of calls is damaged, and forgotten: their keys are answered as unknown', { rows }),
    }),
    audit,
    makeBackup: () => backups.make(),
    store: {
      get state() {
        return store.state
      },
      get bytes() {
        return store.bytes
      },
      get backupMs() {
        return backups.lastMs
      },
    },
    version,
  })
  closers.push(() => app.close())
  const port = await listen(app, settings)
  const scheme = pageCertificate ? 'https' : 'http'
  policy.allowLoopback(port, scheme)
  const local = { url: `${scheme}://${urlHost(settings.host)}:${port}/`, host: `127.0.0.1:${port}`, token: localToken }
  closers.push(await offerLocalSignIn(folder, local, log))

  if (settings.demo)
    await startDemo(settings, thumbprint, agentsAt, {
      serve: agent => agents.serve(agent),
      contracts,
      log,
      closers,
      isStopping: () => phase === 'stopping',
    })
  phase = 'running'
  closers.push(() => app.drain(drainUntilMs - performance.now()))
  closers.push(() => {
    phase = 'stopping'
    drainUntilMs = performance.now() + settings.drainMs
  })
  const page = publicUrl?.href ?? `${scheme}://${urlHost(settings.host)}:${port}/`
  const agentHost = isEverything(settings.agentHost) ? hostname() : urlHost(settings.agentHost)
  const addressOf = (at: number): string => `https://${agentHost}:${at}/`
  const token = demoToken ?? (await firstToken(tokens, audit, log))
  const opensWith = demoToken ? 'demo-token' : token === undefined ? 'own-token' : 'first-token'
  const hasAgents = agents.directory.ids().length > 0
  return {
    address: token === undefined ? page : `${page}#token=${token}`,
    opensWith,
    thumbprint,
    agentAddress: addressOf(agentsAt),
    ...(next && { next: { thumbprint: next.thumbprint, agentAddress: addressOf(next.port) } }),
    hasAgents,
  }
}

/** Tokens and all that is called would be for anybody to read who is on the way. */
function warnOfPlainHttp({ host, port }: Settings, isHttps: boolean, log: LogSink): void {
  if (isHttps || isLoopback(host)) return
  log('warn', 'THE PAGE AND /rpc ARE PLAIN HTTP ON MORE THAN THIS MACHINE: tokens, calls and files can be read on the way', {
    host,
    port,
    advice: 'set tlsCertificate and tlsKey, or listen on 127.0.0.1 behind a proxy that speaks HTTPS and set publicUrl',
  })
}

interface Demo {
  readonly serve: (definition: AgentDefinition) => void
  readonly contracts: ContractDirectory
  readonly log: LogSink
  readonly closers: (() => Promise<void> | void)[]
  readonly isStopping: () => boolean
}

async function startDemo(settings: Settings, gatewayThumbprint: string, agentPort: number, demo: Demo): Promise<void> {
  const starting = (['listening', 'polling'] as const).map(async mode => {
    const agent: DemoAgent = await startDemoAgent({
      mode,
      stateFolder: settings.stateFolder,
      gatewayThumbprint,
      gatewayUri: `https://${urlHost(settings.agentHost)}:${agentPort}/`,
      onDied: why => {
        if (!demo.isStopping()) demo.log('warn', `the demo agent demo-${mode} has ended (${why}); start the gateway again to have it back`)
      },
    })
    // First in the list: ended last, when nobody is told of it any more.
    demo.closers.unshift(() => agent.stop())
    return agent
  })
  // Both are waited for, so that a failure of one leaves no process of the other behind.
  const outcomes = await Promise.allSettled(starting)
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') throw outcome.reason
    const agent = outcome.value
    for (const contract of agent.contracts) demo.contracts.add(contract)
    demo.serve({ ...agent, services: agent.contracts.map(contract => contract.service) })
    agent.begin()
    demo.log('info', `${agent.id} runs`, { pid: agent.pid, uri: agent.uri })
  }
}

/** An agent of the settings file. The stored ones are there already. */
function serveOfFile(agents: AgentManager, agent: AgentDefinition): void {
  if (agents.directory.get(agent.id)) {
    throw new HalibutError('invalid_argument', `an agent ${agent.id} stands in the settings file, and another one is stored`, {
      advice: 'give the one of the file another id, or take it out of the file',
    })
  }
  agents.serve(agent)
}

async function listen(app: Awaited<ReturnType<typeof buildGateway>>, settings: Settings): Promise<number> {
  try {
    await app.listen({ host: settings.host, port: settings.port })
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const place = `${settings.host}:${settings.port}`
    if (code === 'EADDRINUSE') {
      const ownDefault = settings.port === SettingsSchema.properties.port.default
      throw new HalibutError('listen_failed', `port ${settings.port} is in use on ${settings.host}`, {
        advice: ownDefault
          ? 'perhaps a gateway runs already: end it, or choose another port with --port 8643 (0: any free one)'
          : 'choose another port with --port (0: any free one), or end the process that uses it',
        cause,
      })
    }
    const advice = listenAdvice(cause)?.replace('leave it out to listen on all', '0.0.0.0 for all')
    throw new HalibutError('listen_failed', `cannot listen on ${place}: ${message}`, { cause, advice })
  }
  const address = app.server.address()
  return typeof address === 'object' && address !== null ? address.port : settings.port
}

function urlHost(host: string): string {
  if (isEverything(host)) return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}
