import { setMaxListeners } from 'node:events'
import type { Contract, ServiceClient, ServiceImplementation } from '@halibut-gateway/schemas/contract'
import { argumentText, checkArgument, OptionKinds } from '../base/argument.ts'
import { cancelledWhile } from '../base/cancelled.ts'
import { deferred } from '../base/deferred.ts'
import { HalibutError, type PresentedCertificate } from '../base/errors.ts'
import { defaultLimits, type Limits } from '../base/limits.ts'
import { Openings } from '../base/openings.ts'
import { timerMs } from '../base/timer.ts'
import { matchArguments, TypeRegistry } from '../codec/contract-values.ts'
import type { DataStream } from '../codec/data-stream.ts'
import type { CodecOptions } from '../codec/envelope.ts'
import type { ServiceSide } from '../exchange/serve-requests.ts'
import type { Destinations } from '../socket/destinations.ts'
import { Acceptor } from './acceptor.ts'
import type { AgentConnection } from './agent-connection.ts'
import type { CallTimes } from './call-deadline.ts'
import { type Certificate, checkCertificate } from './certificates.ts'
import { checkedLimits } from './checked-limits.ts'
import { Connections } from './connections.ts'
import { drain, refuseRunning } from './drain.ts'
import { checkThumbprint, type Endpoint, type EndpointInput, parseEndpoint } from './endpoint.ts'
import { EventLog, type LogEvent, type LogWriter } from './event-log.ts'
import { checkListener, EventHub, type RuntimeEvents, type SubscriberEvent } from './events.ts'
import { checkFriendlyPage, type FriendlyPage } from './friendly-page.ts'
import { type Dial, openConversation } from './open-conversation.ts'
import {
  type CallRequest,
  callRequestKinds,
  type DiscoverOptions,
  discoverOptionKinds,
  type PollOptions,
  type ProbeOptions,
  pollOptionKinds,
  probeOptionKinds,
  type RuntimeOptions,
  runtimeOptionKinds,
} from './options.ts'
import { OutgoingCalls } from './outgoing-calls.ts'
import { OwnCertificates } from './own-certificates.ts'
import { type Polling, Pollings } from './pollings.ts'
import { type ListenOptions, Ports, type RuntimeListener } from './ports.ts'
import { type ProbeAnswer, probe } from './probe.ts'
import { RequestQueues } from './queue/request-queues.ts'
import { createServiceClient } from './service-client.ts'
import { type CallContext, ServiceHost, type ServiceOptions } from './service-host.ts'
import { TrustStore } from './trust-store.ts'
import type { WaitingCalls } from './waiting-calls.ts'

/** How a runtime is closed. */
export interface CloseOptions {
  /** How long what was accepted may take to come to its end. Milliseconds; 0: it is cut at once. Default: the limit `drainMs`. */
  readonly drainMs?: number | undefined
}

const closeOptionKinds = new OptionKinds<CloseOptions>({ drainMs: 'number' })

/**
 * A Halibut runtime: calls agents, listening or polling, and hosts services, as a listening or as a polling agent; all with one
 * certificate. Several can live in one process.
 */
export class HalibutRuntime implements AsyncDisposable {
  readonly limits: Limits
  /** Where connections may be opened to. */
  readonly destinations: Destinations | undefined
  readonly #own: OwnCertificates
  readonly #events = new EventHub()
  readonly #log: EventLog
  readonly #registry: TypeRegistry
  readonly #codec: CodecOptions
  readonly #services: ServiceHost
  readonly #service: ServiceSide
  readonly #trust: TrustStore
  readonly #acceptor: Acceptor
  readonly #calls: OutgoingCalls
  readonly #connections: Connections
  readonly #openings: Openings
  readonly #endpoints = new WeakMap<object, Endpoint>()
  readonly #queues: RequestQueues
  readonly #ports: Ports
  readonly #pollings: Pollings
  readonly #ending = new AbortController()
  /** Resolves when there is no more time for what still runs. */
  readonly #drainTime = deferred<void>()
  #friendlyPage: FriendlyPage
  /** Nothing new is taken. */
  #closing: HalibutError | undefined
  #ended: Promise<void> | undefined

  constructor(options: RuntimeOptions) {
    checkRuntimeOptions(options)
    // Every dial, pause and probe listens to it, and there may be thousands of them.
    setMaxListeners(0, this.#ending.signal)
    this.#friendlyPage = options.friendlyPage ?? {}
    this.limits = checkedLimits<keyof Limits>(defaultLimits, options.limits)
    const own = new OwnCertificates(options.certificate, (endpoint, thumbprint) => this.#connections.leave(endpoint, thumbprint))
    this.#own = own
    this.destinations = options.destinations
    this.#log = new EventLog(this.limits.logEventsPerEndpoint, this.limits.logEvents, event => this.#events.emit('log', event))
    this.#codec = { corlib: options.corlib ?? 'mscorlib' }
    this.#registry = new TypeRegistry()
    this.#openings = new Openings(this.limits)
    this.#services = new ServiceHost({ registry: this.#registry, codecOptions: this.#codec })
    const { handle, refuse } = this.#services
    const onTooMuch: ServiceSide['onTooMuch'] = ({ remoteAddress }, why) =>
      this.#write('services', 'Error', `A request from ${remoteAddress} was refused: ${why.message}`, why)
    this.#service = { registry: this.#registry, handle, refuse, onTooMuch, serving: new Set(), draining: false }
    this.#trust = new TrustStore((options.trust ?? []).map(checkedThumbprint), thumbprint =>
      this.#acceptor.disconnectThumbprint(thumbprint),
    )
    this.#queues = new RequestQueues(this.limits.maxQueuedRequests, subscription => this.#acceptor.hasSubscriber(subscription))
    this.#acceptor = new Acceptor({
      limits: this.limits,
      trust: this.#trust,
      openings: this.#openings,
      hostsServices: () => this.#services.size > 0,
      service: this.#service,
      exchange: channel => this.#connections.exchange(channel),
      sourceFor: (subscription, thumbprint) => this.#queues.source(subscription, thumbprint),
      queueLeft: subscription => this.#queues.left(subscription),
      events: this.#events,
      log: this.#write,
      friendlyPage: () => this.#friendlyPage,
      onUnauthorised: options.onUnauthorised,
      authoriseSubscriber: options.authoriseSubscriber,
    })
    const { limits } = this
    this.#ports = new Ports({
      limits,
      own,
      openings: this.#openings,
      acceptor: this.#acceptor,
      events: this.#events,
      log: this.#write,
    })
    this.#connections = new Connections({
      limits,
      own,
      destinations: options.destinations,
      authoriseAgent: options.authoriseAgent,
      events: this.#events,
      log: this.#write,
      assertNotRevoked: this.#assertNotRevoked,
      ending: this.#ending.signal,
    })
    this.#pollings = new Pollings({
      limits,
      service: this.#service,
      dial: (endpoint, signal) => this.#connections.dial(endpoint, signal),
      get ownThumbprint() {
        return own.text
      },
      log: this.#write,
    })
    this.#calls = new OutgoingCalls({
      limits: this.limits,
      codec: this.#codec,
      untyped: this.#registry.untyped,
      cacheErrors: options.cacheErrors,
      events: this.#events,
      log: this.#write,
      queueFor: subscription => this.#queues.of(subscription),
      poolFor: endpoint => this.#connections.pool(endpoint),
      open: (endpoint, signal) => openConversation(endpoint, signal, { own, dial: this.#dial }),
      ending: this.#ending.signal,
      assertOpen: () => this.#assertOpen(),
      assertNotRevoked: this.#assertNotRevoked,
      get ownThumbprint() {
        return own.text
      },
    })
  }

  // ---- who we are

  /** SHA-1 of our certificate, as peers pin it; of several the one that we are known by. */
  get thumbprint(): string {
    return this.#own.first.thumbprint
  }

  /**
   * Presents other certificates from now on. To listening agents the first of them; where an agent ends the connection instead of saying who it is,
   * the next, before anything was asked of it. A port keeps what it presents until its listener’s `present()` says otherwise. Connections with one
   * that is not among them end when what runs on them has come to its end.
   */
  present(certificates: readonly Certificate[]): void {
    checkArgument(certificates, 'the certificates', 'list')
    this.#own.present(certificates)
    const thumbprints = certificates.map(({ thumbprint }) => thumbprint)
    this.#connections.leaveAllBut(thumbprints)
    this.#acceptor.leaveAllBut(thumbprints)
  }

  // ---- hosting services

  /** Hosts a service. Throws `invalid_argument` for a name that is taken or an implementation that lacks a method. */
  addService<const C extends Contract>(
    contract: C,
    implementation: ServiceImplementation<C, DataStream, CallContext> | { create(): unknown; dispose?(instance: unknown): void },
    options?: ServiceOptions,
  ): void {
    this.#services.add(contract, implementation, options)
  }

  /** Accepts connections: from callers of our services, and from polling agents that we call. */
  async listen(options: ListenOptions = {}): Promise<RuntimeListener> {
    this.#assertOpen()
    return this.#ports.open(options)
  }

  /** Polls a client for requests to our services, and keeps doing so until closed. */
  poll(options: PollOptions): Polling {
    this.#assertOpen()
    pollOptionKinds.check(options, 'the options of poll()')
    return this.#pollings.start(this.#endpoint(options.endpoint), options)
  }

  /** Changes what callers see that are no Halibut peers. `html: null` and no headers: the default page. */
  setFriendlyPage(page: FriendlyPage): void {
    checkFriendlyPage(page)
    this.#friendlyPage = page
  }

  // ---- trust (spec §10)

  /** Lets the owner of a certificate connect. Takes the SHA-1 thumbprint in any letter case. */
  trust(thumbprint: string): void {
    this.#trust.add(checkedThumbprint(thumbprint))
  }

  /** Takes trust back; the connections that are there stay. */
  distrust(thumbprint: string): void {
    this.#trust.forget(checkedThumbprint(thumbprint))
  }

  /** Takes trust back and cuts that certificate’s connections. */
  removeTrust(thumbprint: string): void {
    this.#trust.remove(checkedThumbprint(thumbprint))
  }

  /** Trusts these and no others; whoever loses trust is cut off. */
  trustOnly(thumbprints: readonly string[]): void {
    checkArgument(thumbprints, 'the trusted thumbprints', 'list')
    this.#trust.only(thumbprints.map(checkedThumbprint))
  }

  /**
   * Believes a certificate nowhere any more, until it is reinstated: neither where its owner connects, however it is trusted, nor where we dial it.
   * Its connections are cut and calls to its owner end, those that run and those that wait.
   */
  revoke(thumbprint: string): void {
    const upper = checkedThumbprint(thumbprint).toUpperCase()
    this.#trust.revoke(upper)
    const why = new HalibutError('connection_lost', `the certificate ${upper} was revoked`, { advice: revokedAdvice, retryable: false })
    this.#acceptor.disconnectThumbprint(upper, why)
    this.#connections.disconnectThumbprint(upper, why)
    this.#queues.failWaitingFor(upper, revoked(upper, 'queue'))
  }

  /** Takes a revocation back. */
  reinstate(thumbprint: string): void {
    this.#trust.reinstate(checkedThumbprint(thumbprint))
  }

  isTrusted(thumbprint: string): boolean {
    checkArgument(thumbprint, 'the thumbprint', 'text')
    return this.#trust.has(thumbprint)
  }

  get trusted(): readonly string[] {
    return this.#trust.list()
  }

  // ---- calling agents

  /** A typed proxy: `createClient(calculator, endpoint).Add(1n, 2n)`. */
  createClient<const C extends Contract>(contract: C, endpoint: EndpointInput): ServiceClient<C, DataStream, CallTimes> {
    const compiled = this.#registry.register(contract)
    const target = this.#endpoint(endpoint)
    let count = 0
    return createServiceClient<C>(compiled, (method, args, times) => this.#calls.call(target, compiled, method, args, times ?? {}, ++count))
  }

  /** Calls a method by name. The promise settles exactly once, with the answer or with an error that tells whether it may have run. */
  call(request: CallRequest): Promise<unknown> {
    try {
      callRequestKinds.check(request, 'the call')
      const { args, contract } = request
      const endpoint = this.#endpoint(request.endpoint)
      if (!contract) return this.#calls.callUntyped(endpoint, request, args, request)
      const compiled = this.#registry.register(contract)
      const method = request.method.includes('(') ? compiled.method(request.method) : matchArguments(compiled.methods(request.method), args)
      return this.#calls.call(endpoint, compiled, method, args, request, 1, request.activityId)
    } catch (why) {
      return Promise.reject(why)
    }
  }

  /** Lets go of what was made ready for calls with this contract, where no further ones come; those that run go on. */
  forgetContract(contract: Contract): void {
    checkArgument(contract, 'the contract', 'object')
    this.#registry.forget(contract)
  }

  /** Dials an agent, identifies, and ends: proof that it is there and trusts us. */
  async probe(input: EndpointInput | Endpoint, options: ProbeOptions = {}): Promise<ProbeAnswer> {
    this.#assertOpen()
    probeOptionKinds.check(options, 'the options of probe()')
    const ending = this.#ending.signal
    return probe(this.#endpoint(input), options, {
      own: this.#own,
      dial: this.#dial,
      ending,
      defaultTimeoutMs: this.limits.probeTimeoutMs,
    })
  }

  /** Learns a listener’s thumbprint (spec §1.8). What it tells is unverified: show it to a person before pinning it. */
  async discover(uri: string, options: DiscoverOptions = {}): Promise<Endpoint> {
    this.#assertOpen()
    discoverOptionKinds.check(options, 'the options of discover()')
    const endpoint = this.#endpoint({ uri, proxy: options.proxy })
    const presented = await this.#connections.discover(endpoint, options.signal)
    return this.#endpoint({ uri, proxy: options.proxy, thumbprint: presented?.thumbprint })
  }

  /** The same with all that its certificate says. Rejects with `tls_failed` where it presents none. */
  async whoListens(uri: string, options: DiscoverOptions = {}): Promise<PresentedCertificate> {
    this.#assertOpen()
    discoverOptionKinds.check(options, 'the options of whoListens()')
    const endpoint = this.#endpoint({ uri, proxy: options.proxy })
    if (endpoint.scheme !== 'https') throw new HalibutError('invalid_argument', `${endpoint.uri} polls, and nobody can be asked there`)
    const presented = await this.#connections.discover(endpoint, options.signal)
    if (presented) return presented
    throw new HalibutError('tls_failed', `${endpoint.uri} presents no certificate`, { phase: 'tls', endpoint: endpoint.uri })
  }

  /** Ends all connections to an endpoint, pooled and busy ones, and those on which its agent polls; `host`: of these only those from there. */
  disconnect(input: EndpointInput | Endpoint, host?: string): void {
    const endpoint = this.#endpoint(input)
    if (host === undefined) this.#connections.disconnect(endpoint)
    this.#acceptor.disconnectSubscriber(endpoint, host)
  }

  /** The same, but each ends when what runs on it has come to its end. */
  leave(input: EndpointInput | Endpoint): void {
    const endpoint = this.#endpoint(input)
    this.#connections.leave(endpoint)
    this.#acceptor.leaveSubscriber(endpoint)
  }

  // ---- looking

  /** The calls that wait for a connection to an agent now, in the order in which they will get one. */
  waiting(input: EndpointInput | Endpoint): WaitingCalls {
    const endpoint = this.#endpoint(input)
    return endpoint.scheme === 'poll' ? this.#queues.look(endpoint.uri) : this.#connections.look(endpoint)
  }

  /** The connections over which an endpoint gets its calls, whichever side opened them: who is at the other end, and how much they are used. */
  connections(input: EndpointInput | Endpoint): AgentConnection[] {
    const endpoint = this.#endpoint(input)
    return endpoint.scheme === 'poll' ? this.#acceptor.connectionsOf(endpoint) : this.#connections.of(endpoint)
  }

  /** The polling agents that are connected now. */
  subscribers(): SubscriberEvent[] {
    return this.#acceptor.subscribers
  }

  /**
   * Bytes held now for messages that are being received, and in memory by the spools of data streams; and how many request queues and connection
   * pools there are.
   */
  memoryInUse(): { readonly messages: number; readonly spools: number; readonly queues: number; readonly pools: number } {
    return { ...this.#connections.inUse, queues: this.#queues.count }
  }

  /** The last events of an endpoint’s log: its URI, `listen://host:port`, or a subscription; `services`: of requests to ours that were refused. */
  events(endpointUri: string): readonly LogEvent[] {
    checkArgument(endpointUri, 'the endpoint of events()', 'text')
    return this.#log.read(endpointUri)
  }

  /** Listens to what happens. Returns the function that stops it. */
  on<K extends keyof RuntimeEvents>(type: K, listener: (event: RuntimeEvents[K]) => void): () => void {
    checkListener(type, listener)
    return this.#events.on(type, listener)
  }

  // ---- the end

  /**
   * Ends everything: listeners, polling, calls, services, connections. Takes nothing new from now on, gives what was accepted its time to come to
   * an end, and cuts what is not done by then: calls end as `closed`, and who called one of our services is answered so. Idempotent; a later call
   * may shorten the time.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    closeOptionKinds.check(options, 'the options of close()')
    const { drainMs = this.limits.drainMs } = options
    if (drainMs <= 0) this.#drainTime.resolve()
    else {
      const timer = setTimeout(this.#drainTime.resolve, timerMs(drainMs))
      void this.#drainTime.promise.then(() => clearTimeout(timer))
    }
    this.#ended ??= this.#end(drainMs > 0)
    return this.#ended
  }

  async #end(drains: boolean): Promise<void> {
    this.#closing = new HalibutError('closed', 'the runtime is closing')
    const stopped = this.#ports.close(this.#closing)
    if (drains) {
      const accepted = {
        service: this.#service,
        pollings: this.#pollings,
        queues: this.#queues,
        calls: this.#calls,
        acceptor: this.#acceptor,
      }
      await Promise.race([drain(accepted, this.#closing), this.#drainTime.promise])
      await refuseRunning(this.#service)
    }
    this.#drainTime.resolve()
    const why = new HalibutError('closed', 'the runtime has been closed')
    this.#closing = why
    this.#ending.abort(why)
    await stopped
    const { dotnetType, dotnetMessage } = cancelledWhile('Connecting')
    const told = 'the runtime was closed before the request was sent'
    const waited = new HalibutError('closed', told, { phase: 'queue', dotnetType, dotnetMessage, cause: why })
    this.#queues.close(waited)
    this.#acceptor.close(why)
    await this.#pollings.close()
    await this.#connections.close(why)
    await this.#acceptor.drained()
    this.#calls.clear()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #endpoint(input: EndpointInput | Endpoint): Endpoint {
    if (typeof input !== 'object' || input === null) return parseEndpoint(input, this.limits)
    const known = this.#endpoints.get(input)
    if (known) return known
    const endpoint = parseEndpoint(input, this.limits)
    // One that cannot change is looked at once.
    if (Object.isFrozen(input)) this.#endpoints.set(input, endpoint)
    return endpoint
  }

  readonly #write: LogWriter = (endpoint, type, message, error) => {
    this.#log.write(endpoint, type, message, error)
  }

  readonly #dial: Dial = (endpoint, signal, certificate) => this.#connections.dial(endpoint, signal, certificate)

  readonly #assertNotRevoked = ({ thumbprint, nextThumbprint, uri }: Endpoint, presented?: string): void => {
    const pinned = presented ?? thumbprint
    if (pinned === undefined || !this.#trust.isRevoked(pinned)) return
    // Of two that are pinned the other one is as good, until one was seen.
    if (presented === undefined && nextThumbprint !== undefined && !this.#trust.isRevoked(nextThumbprint)) return
    throw revoked(pinned, 'connect').with({ endpoint: uri })
  }

  #assertOpen(): void {
    if (this.#closing) throw this.#closing
  }
}

function checkRuntimeOptions(options: RuntimeOptions): void {
  runtimeOptionKinds.check(options, 'the options of HalibutRuntime')
  const { certificate, corlib, friendlyPage } = options as Partial<RuntimeOptions>
  if (!certificate) throw new HalibutError('invalid_argument', 'No certificate was provided.')
  checkCertificate(certificate)
  if (friendlyPage !== undefined) checkFriendlyPage(friendlyPage)
  if (corlib === undefined || corlib === 'mscorlib' || corlib === 'System.Private.CoreLib') return
  throw new HalibutError('invalid_argument', `corlib: it must be mscorlib or System.Private.CoreLib, not ${argumentText(corlib)}`)
}

const revokedAdvice = 'give the agent a new certificate and pin that, or take the revocation back'

/** The error of a request that cannot be sent, since nobody is believed to be who it is for. */
function revoked(thumbprint: string, phase: 'queue' | 'connect'): HalibutError {
  return new HalibutError('agent_unavailable', `the certificate ${thumbprint} was revoked`, {
    phase,
    retryable: false,
    advice: revokedAdvice,
  })
}

function checkedThumbprint(thumbprint: string, index?: number): string {
  checkThumbprint(thumbprint, index === undefined ? 'the trusted thumbprint' : `trusted thumbprint ${index + 1}`)
  return thumbprint
}
