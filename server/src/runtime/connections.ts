import type { ByteChannel } from '../base/byte-channel.ts'
import { HalibutError, type PresentedCertificate } from '../base/errors.ts'
import type { Limits } from '../base/limits.ts'
import type { ExchangeObserver, ExchangeOptions } from '../exchange/exchange-options.ts'
import { Transfer } from '../exchange/transfer.ts'
import type { Destinations } from '../socket/destinations.ts'
import { dial } from '../socket/dial.ts'
import type { AgentConnection } from './agent-connection.ts'
import type { Certificate } from './certificates.ts'
import { RuntimeMemory } from './connection-memory.ts'
import { ConnectionPool } from './connection-pool.ts'
import type { Endpoint } from './endpoint.ts'
import type { LogEventType } from './event-log.ts'
import type { EventHub } from './events.ts'
import { linkedSignal } from './linked-signal.ts'
import type { OwnCertificates } from './own-certificates.ts'
import { nobodyWaits, type WaitingCalls } from './waiting-calls.ts'

/** A listening agent that was dialled, and has the pinned certificate. */
export interface DialledAgent {
  readonly uri: string
  readonly thumbprint: string
  readonly thumbprint256: string | undefined
}

/** What a runtime’s connections are made with. */
export interface ConnectionsOptions {
  readonly limits: Limits
  /** What we present. */
  readonly own: OwnCertificates
  /** Where connections may go. Default: anywhere. */
  readonly destinations: Destinations | undefined
  /** May refuse an agent that was dialled, before anything is said to it: the text is the reason. Default: none is. */
  readonly authoriseAgent: ((agent: DialledAgent) => true | string) | undefined
  readonly events: EventHub
  readonly log: (endpoint: string, type: LogEventType, message: string) => void
  /** Throws where the certificate that was presented, or else every one that is pinned, was revoked. */
  readonly assertNotRevoked: (endpoint: Endpoint, presented?: string) => void
  /** Aborted with an error when the runtime closes: no connection is opened any more. */
  readonly ending: AbortSignal
}

/** The connections that a runtime opens, the pools of those to listening agents, and the memory that all connections share. */
export class Connections {
  readonly #options: ConnectionsOptions
  readonly #memory: RuntimeMemory
  /** By the key of the endpoint. */
  readonly #pools = new Map<string, ConnectionPool>()
  /** The same. */
  readonly #dialled = new Map<string, Set<ByteChannel>>()

  constructor(options: ConnectionsOptions) {
    this.#options = options
    this.#memory = new RuntimeMemory(options.limits)
  }

  /** Bytes held now for messages that are being received, and in memory by the spools of data streams; and how many pools there are. */
  get inUse(): { readonly messages: number; readonly spools: number; readonly pools: number } {
    return { messages: this.#memory.messages.used, spools: this.#memory.spools.used, pools: this.#pools.size }
  }

  /** What the conversation on a connection uses, whoever opened it. */
  exchange(channel: ByteChannel): ExchangeOptions {
    const { thumbprint = '', remoteAddress } = channel.peer
    return this.#memory.exchange(thumbprint, this.#observer(remoteAddress))
  }

  /** Only where somebody listens when the connection opens: a connection without an observer does nothing for one. */
  #observer(remoteAddress: string): ExchangeObserver | undefined {
    const { events } = this.#options
    if (!events.wants('controlMessage') && !events.wants('message')) return undefined
    return {
      controlSent: line => events.emit('controlMessage', { direction: 'sent', line, remoteAddress }),
      controlReceived: line => events.emit('controlMessage', { direction: 'received', line, remoteAddress }),
      messageSent: sizes => events.emit('message', { direction: 'sent', remoteAddress, ...sizes }),
      messageReceived: sizes => events.emit('message', { direction: 'received', remoteAddress, ...sizes }),
    }
  }

  /** The pool of an endpoint; forgotten when it is empty. */
  pool({ key }: Endpoint): ConnectionPool {
    let pool = this.#pools.get(key)
    if (!pool) {
      pool = new ConnectionPool(this.#options.limits, empty => {
        if (this.#pools.get(key) === empty) this.#pools.delete(key)
      })
      this.#pools.set(key, pool)
    }
    return pool
  }

  /** Who waits for a connection to an endpoint, and for what. */
  look({ key }: Endpoint): WaitingCalls {
    return this.#pools.get(key)?.look() ?? nobodyWaits
  }

  /** Those that were opened to an endpoint for calls, and may be used again. */
  of({ key }: Endpoint): AgentConnection[] {
    return this.#pools.get(key)?.connections() ?? []
  }

  /** Opens a connection, which is not identified yet. `certificate`: what is presented; default: the one that we are known by. */
  async dial(endpoint: Endpoint, signal: AbortSignal | undefined, certificate: Certificate = this.#options.own.first): Promise<Transfer> {
    const { limits, destinations, authoriseAgent, events, log, ending, assertNotRevoked } = this.#options
    // Calls that were accepted before the runtime closes may still need a connection.
    ending.throwIfAborted()
    assertNotRevoked(endpoint)
    log(endpoint.uri, 'OpeningNewConnection', `Opening a new connection to ${endpoint.uri}`)
    const linked = linkedSignal(signal, ending)
    const channel = await dial({
      ...dialTarget(endpoint, limits),
      certificate,
      destinations,
      expectedThumbprint: endpoint.thumbprint,
      nextThumbprint: endpoint.nextThumbprint,
      signal: linked.signal,
    }).finally(linked.release)
    const { remoteAddress, thumbprint, thumbprint256, protocol, expiresMs } = channel.peer
    this.#keep(channel, endpoint.key)
    const about = { direction: 'outgoing', remoteAddress, thumbprint, protocol, authorised: true, expiresMs } as const
    events.emit('connectionOpened', about)
    void channel.closed.then(() => {
      this.#forget(channel, endpoint.key)
      events.emit('connectionClosed', about)
    })
    log(
      endpoint.uri,
      'Security',
      `Secure connection established. Server at ${remoteAddress} identified by thumbprint: ${thumbprint}, using protocol ${protocol === 'TLSv1.3' ? 'Tls13' : 'Tls12'}`,
    )
    try {
      ending.throwIfAborted()
      // It may have been while we dialled.
      assertNotRevoked(endpoint, thumbprint)
      const refusal = thumbprint === undefined || (authoriseAgent?.({ uri: endpoint.uri, thumbprint, thumbprint256 }) ?? true)
      if (refusal !== true) throw new HalibutError('thumbprint_mismatch', refusal, { phase: 'tls', endpoint: endpoint.uri })
    } catch (why) {
      channel.destroy(why as HalibutError)
      throw why
    }
    return new Transfer(channel, this.exchange(channel))
  }

  /** The certificate that an endpoint presents to whoever presents none (spec §1.8). */
  async discover(endpoint: Endpoint, signal: AbortSignal | undefined): Promise<PresentedCertificate | undefined> {
    const { limits, destinations, ending } = this.#options
    const linked = linkedSignal(signal, ending)
    let presented: PresentedCertificate | undefined
    const onPresented = (certificate: PresentedCertificate): void => {
      presented = certificate
    }
    const target = { ...dialTarget(endpoint, limits), destinations, onPresented, signal: linked.signal }
    const channel = await dial(target).finally(linked.release)
    await channel.write(Buffer.from('HELLO\r\n\r\n', 'latin1'))
    await channel.close()
    return presented
  }

  /** Ends all connections to an endpoint, pooled and busy ones. */
  disconnect({ key, uri }: Endpoint): void {
    const why = new HalibutError('connection_lost', `disconnected from ${uri} on request`, { endpoint: uri })
    void this.#pools.get(key)?.close(why)
    for (const channel of this.#dialled.get(key) ?? []) channel.destroy(why)
  }

  /** Ends the connections to an endpoint, each when what runs on it has come to its end; `own`: only those on which another certificate of ours was presented. */
  leave({ key }: Endpoint, own?: string): void {
    this.#pools.get(key)?.leave(conversation => own === undefined || conversation.own !== own)
  }

  /** The same for all endpoints: what was opened with a certificate that is not presented any more. */
  leaveAllBut(own: readonly string[]): void {
    for (const pool of this.#pools.values()) pool.leave(conversation => !own.includes(conversation.own))
  }

  /** Cuts all connections to whoever presented this certificate. */
  disconnectThumbprint(thumbprint: string, why: HalibutError): void {
    for (const channels of this.#dialled.values()) {
      for (const channel of channels) if (channel.peer.thumbprint === thumbprint) channel.destroy(why)
    }
  }

  /** Ends all of them. */
  async close(why: HalibutError): Promise<void> {
    await Promise.all([...this.#pools.values()].map(pool => pool.close(why)))
    const left = [...this.#dialled.values()].flatMap(channels => [...channels])
    for (const channel of left) if (channel.failure === undefined) void channel.close(0)
    await Promise.all(left.map(channel => channel.closed))
  }

  #keep(channel: ByteChannel, key: string): void {
    const its = this.#dialled.get(key)
    if (its) its.add(channel)
    else this.#dialled.set(key, new Set([channel]))
  }

  #forget(channel: ByteChannel, key: string): void {
    const its = this.#dialled.get(key)
    its?.delete(channel)
    if (its?.size === 0) this.#dialled.delete(key)
  }
}

function dialTarget(endpoint: Endpoint, limits: Limits) {
  return {
    uri: endpoint.uri,
    host: endpoint.host,
    port: endpoint.port,
    serverName: endpoint.serverName,
    proxy: endpoint.proxy,
    connectTimeoutMs: endpoint.limits.tcpClientConnectTimeoutMs,
    handshakeTimeoutMs: limits.tcpClientReceiveTimeoutMs,
    proxyResponseTimeoutMs: limits.proxyResponseTimeoutMs,
    receiveTimeoutMs: limits.tcpClientReceiveTimeoutMs,
    sendTimeoutMs: limits.tcpClientSendTimeoutMs,
    keepAliveIdleMs: limits.tcpKeepAliveIdleMs,
  }
}
