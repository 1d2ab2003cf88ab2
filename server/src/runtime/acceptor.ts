import type { ByteChannel } from '../base/byte-channel.ts'
import { HalibutError } from '../base/errors.ts'
import type { Limits } from '../base/limits.ts'
import { messageOf } from '../base/message-of.ts'
import { hostOf, type Openings } from '../base/openings.ts'
import type { Identity } from '../codec/control-message.ts'
import type { ExchangeOptions } from '../exchange/exchange-options.ts'
import { answerIdentity, overhearIdentity, receiveIdentity, receivePreamble, unexpectedServer } from '../exchange/identify.ts'
import { serveCaller } from '../exchange/serve-caller.ts'
import { type RequestSource, servePoller } from '../exchange/serve-poller.ts'
import type { ServiceSide } from '../exchange/serve-requests.ts'
import { Transfer } from '../exchange/transfer.ts'
import { type AcceptedConnection, AcceptedConnections, type Entrance } from './accepted-connections.ts'
import { type AgentConnection, connectionOf } from './agent-connection.ts'
import { type Endpoint, subscriptionKey } from './endpoint.ts'
import type { LogEventType } from './event-log.ts'
import type { DenialReason, EventHub, SubscriberEvent } from './events.ts'
import { encodeFriendlyPage, type FriendlyPage } from './friendly-page.ts'
import type { TrustStore } from './trust-store.ts'

/** A caller that presented a certificate we do not trust. */
export interface UnauthorisedCaller {
  readonly remoteAddress: string
  readonly thumbprint: string
  readonly thumbprint256: string | undefined
}

/** What to do with it: close, or trust its certificate from now on. */
export type UnauthorisedAnswer = 'block' | 'trust_and_allow'

/** A polling agent that has said its name and waits to be let in. */
export interface SubscriberCandidate {
  readonly subscription: string
  readonly thumbprint: string
  readonly thumbprint256: string | undefined
  readonly remoteAddress: string
}

export interface AcceptorOptions {
  readonly limits: Limits
  readonly trust: TrustStore
  /** Where a connection has its place as long as it is nobody’s whom we trust. */
  readonly openings: Openings
  readonly service: ServiceSide
  /** Whether there is a service that a caller could call. */
  readonly hostsServices: () => boolean
  readonly exchange: (channel: ByteChannel) => ExchangeOptions
  /** Where a connection of a subscription that presented a certificate gets its requests. */
  readonly sourceFor: (subscription: string, thumbprint: string) => RequestSource
  /** The last connection of a subscription is gone. */
  readonly queueLeft: (subscription: string) => void
  readonly events: EventHub
  readonly log: (endpoint: string, type: LogEventType, message: string, error?: unknown) => void
  readonly friendlyPage: () => FriendlyPage
  readonly onUnauthorised: ((caller: UnauthorisedCaller) => UnauthorisedAnswer | Promise<UnauthorisedAnswer>) | undefined
  readonly authoriseSubscriber: ((candidate: SubscriberCandidate) => true | string) | undefined
}

/** Whose connections. */
type SubscriberEndpoint = Pick<Endpoint, 'uri' | 'thumbprint'> & Partial<Pick<Endpoint, 'nextThumbprint'>>

/** The accepting side of a runtime: from the preamble to the conversation (spec §1.6, §1.7, §2.2, §10). */
export class Acceptor {
  readonly #options: AcceptorOptions
  readonly #connections = new AcceptedConnections()

  constructor(options: AcceptorOptions) {
    this.#options = options
  }

  /** The polling agents that are connected and identified. */
  get subscribers(): SubscriberEvent[] {
    return this.#connections.subscribers.flatMap(({ subscriber }) => subscriber ?? [])
  }

  /** Whether a connection of this subscription is there, or being let in. */
  hasSubscriber(subscription: string): boolean {
    return this.#connections.ofSubscription(subscription) > 0
  }

  /** Takes over an accepted connection; `entrance`: where, and what we presented there. Never rejects. */
  async accept(channel: ByteChannel, listenerName: string, entrance: Entrance = {}): Promise<void> {
    const { events, log, service, sourceFor } = this.#options
    const connection = this.#connections.add(channel)
    events.emit('connectionOpened', connection.describe())
    // What leads to the conversation is over when that begins: nothing of it stays with the connection.
    try {
      try {
        const opened = await this.#open(connection, listenerName, entrance)
        const { subscription } = connection
        if (opened && subscription) {
          connection.transfer = opened
          connection.source = sourceFor(subscription.name, channel.peer.thumbprint ?? '')
          await servePoller(opened, connection.source)
        } else if (opened) await serveCaller(opened, service)
      } finally {
        // Its place is free before the peer has taken leave, which may take a while.
        connection.stopClock()
        this.#options.openings.leave(channel)
        this.#unsubscribe(connection)
      }
      await channel.close()
    } catch (why) {
      const type = connection.isAuthorised ? 'Error' : 'ErrorInInitialisation'
      log(listenerName, type, messageOf(why), why)
      // Orderly, so that what was written arrives (spec §1.4); a channel that has failed is gone already.
      await channel.close()
    } finally {
      this.#connections.remove(connection)
      events.emit('connectionClosed', connection.describe())
    }
  }

  /** Up to the conversation, a subscriber’s or a caller’s. `undefined`: turned away. */
  async #open(connection: AcceptedConnection, listenerName: string, entrance: Entrance): Promise<Transfer | undefined> {
    const { log } = this.#options
    const { peer } = connection.channel
    log(listenerName, 'ListenerAcceptedClient', `Accepted TCP client: ${peer.remoteAddress}`)
    log(
      listenerName,
      'SecurityNegotiation',
      `Secure connection established, client is not yet authenticated, client connected with ${protocolName(peer.protocol)}`,
    )
    if (!(await this.#admit(connection, listenerName))) return undefined
    return this.#identify(connection, listenerName, entrance)
  }

  /** Cuts every connection that presented this certificate (spec §10.2). */
  disconnectThumbprint(thumbprint: string, why = noLongerTrusted(thumbprint)): void {
    for (const { channel } of this.#connections.ofCertificate(thumbprint)) channel.destroy(why)
  }

  /** Cuts the connections on which a polling agent waits for requests; `host`: only those from there. */
  disconnectSubscriber(endpoint: SubscriberEndpoint, host?: string): void {
    const { uri } = endpoint
    const why = new HalibutError('connection_lost', `disconnected from ${uri} on request`, { endpoint: uri })
    for (const { channel } of this.#subscribersOf(endpoint)) {
      if (host === undefined || hostOf(channel.peer.remoteAddress) === host) channel.destroy(why)
    }
  }

  /** Ends them, each when what runs on it has come to its end and nothing waits that only it may have. */
  leaveSubscriber(endpoint: SubscriberEndpoint): void {
    for (const { source } of this.#subscribersOf(endpoint)) source?.leave()
  }

  /** Ends all on which we presented a certificate that is not among these, each when what runs on it has come to its end; what waits is for others. */
  leaveAllBut(own: readonly string[]): void {
    for (const { source, subscription } of this.#connections.subscribers) {
      if (subscription?.own !== undefined && !own.includes(subscription.own)) source?.close()
    }
  }

  /** Those on which a polling agent gets its requests. */
  connectionsOf(endpoint: SubscriberEndpoint): AgentConnection[] {
    return this.#subscribersOf(endpoint).flatMap(({ subscription, transfer }) => {
      if (!subscription || !transfer) return []
      const { own, port, sinceMs } = subscription
      return [connectionOf(transfer, { direction: 'incoming', own, port, sinceMs })]
    })
  }

  #subscribersOf({ uri, thumbprint, nextThumbprint }: SubscriberEndpoint): AcceptedConnection[] {
    const pinned = [thumbprint, nextThumbprint].filter(each => each !== undefined)
    const candidates = pinned.length === 0 ? this.#connections.subscribers : pinned.flatMap(each => this.#connections.ofCertificate(each))
    return candidates.filter(({ subscription }) => subscription?.name === uri)
  }

  /** Cuts every connection. */
  close(why: HalibutError): void {
    for (const { channel } of this.#connections.all) channel.destroy(why)
  }

  /** Resolves when none of the polling agents is left that are connected now. */
  async subscribersGone(): Promise<void> {
    await Promise.all(this.#connections.subscribers.map(({ channel }) => channel.closed))
  }

  /** Resolves when no accepted connection is left. */
  async drained(): Promise<void> {
    await Promise.all(this.#connections.all.map(({ channel }) => channel.closed))
  }

  /**
   * Preamble and authorisation. False: turned away (with the friendly page where the caller is no Halibut peer). Whoever presented a
   * certificate that we trust has a place among its connections from the start; others have little time, and a place among the openings.
   */
  async #admit(connection: AcceptedConnection, listenerName: string): Promise<boolean> {
    const { limits, trust, openings, log, onUnauthorised } = this.#options
    const { maxConnectionsPerCertificate } = limits
    const { channel } = connection
    const { remoteAddress, thumbprint, thumbprint256 } = channel.peer
    const trusted = thumbprint !== undefined && trust.has(thumbprint)
    if (trusted) this.#connections.register(connection, thumbprint, maxConnectionsPerCertificate)
    else {
      openings.waste(remoteAddress)
      openings.enter(channel, remoteAddress, why => channel.destroy(why))
    }
    connection.startClock(trusted ? limits.acceptTimeoutMs : limits.untrustedPreambleMs)
    const head = await receivePreamble(channel, trusted ? limits.preambleMaxChars : limits.untrustedPreambleMaxChars)
    if (head === '') {
      log(listenerName, 'Diagnostic', 'Ignoring empty request')
      return false
    }
    if (head !== 'MX') {
      if (head.length < 2) throw new HalibutError('protocol_error', 'the connection ended inside the first line')
      await channel.write(encodeFriendlyPage(this.#options.friendlyPage()))
      return false
    }
    if (thumbprint === undefined) {
      log(
        listenerName,
        'ClientDenied',
        `A client at ${remoteAddress} connected, and attempted a message exchange, but did not present a client certificate`,
      )
      this.#tellDenied(connection, 'no_certificate', undefined)
      return false
    }
    if (!trust.has(thumbprint)) {
      log(
        listenerName,
        'ClientDenied',
        `A client at ${remoteAddress} connected, and attempted a message exchange, but it presented a client certificate with the thumbprint '${thumbprint}' which is not in the list of thumbprints that we trust`,
      )
      // Whoever decides may be a person.
      connection.startClock(limits.acceptTimeoutMs)
      const answer = (await onUnauthorised?.({ remoteAddress, thumbprint, thumbprint256 })) ?? 'block'
      if (answer !== 'trust_and_allow' || trust.isRevoked(thumbprint)) {
        await this.#overhear(connection)
        return false
      }
      trust.add(thumbprint)
    }
    if (!trusted) {
      openings.leave(channel)
      this.#connections.register(connection, thumbprint, maxConnectionsPerCertificate)
    }
    openings.recognise(remoteAddress)
    connection.isAuthorised = true
    log(listenerName, 'Security', `Client at ${remoteAddress} authenticated as ${thumbprint}`)
    return true
  }

  async #identify(connection: AcceptedConnection, listenerName: string, entrance: Entrance): Promise<Transfer | undefined> {
    const { channel } = connection
    const transfer = new Transfer(channel, this.#options.exchange(channel))
    let identity: Awaited<ReturnType<typeof receiveIdentity>>
    try {
      identity = await receiveIdentity(transfer)
    } catch (why) {
      this.#options.log(listenerName, 'ErrorInIdentify', 'Remote failed to identify itself.', why)
      throw why
    }
    if (identity.type === 'client' && !this.#options.hostsServices()) {
      const { remoteAddress } = channel.peer
      this.#options.log(listenerName, 'ClientDenied', `A client at ${remoteAddress} wants to call a service, and none is hosted here`)
      this.#tellDenied(connection, 'no_service', identity)
      return undefined
    }
    if (identity.type === 'subscriber') {
      return (await this.#subscribe(connection, transfer, identity.subscription, listenerName, entrance)) ? transfer : undefined
    }
    await answerIdentity(transfer)
    if (identity.type === 'server') throw unexpectedServer()
    connection.stopClock()
    return transfer
  }

  /** Lets a polling agent in. False: refused, the reason logged. */
  async #subscribe(
    connection: AcceptedConnection,
    transfer: Transfer,
    announced: string,
    listenerName: string,
    entrance: Entrance,
  ): Promise<boolean> {
    const { limits, events, log, authoriseSubscriber } = this.#options
    const { remoteAddress, thumbprint, thumbprint256 } = connection.channel.peer
    const subscription = subscriptionKey(announced)
    if (subscription === undefined || thumbprint === undefined) {
      throw new HalibutError(
        'protocol_error',
        `Unable to receive the remote identity; ${JSON.stringify(announced)} is not an absolute URI.`,
        {
          phase: 'identify',
        },
      )
    }
    const refusal = authoriseSubscriber?.({ subscription, thumbprint, thumbprint256, remoteAddress }) ?? true
    if (refusal !== true) {
      log(listenerName, 'ClientDenied', `A polling client at ${remoteAddress} was refused for subscription ${subscription}: ${refusal}`)
      this.#tellDenied(connection, 'subscription_refused', { type: 'subscriber', subscription })
      return false
    }
    const max = limits.maximumActiveTcpConnectionsPerPollingSubscription
    if (max > 0 && this.#connections.ofSubscription(subscription) >= max) {
      const message = `A polling client at ${remoteAddress} has exceeded the maximum number of active connections (${max}) for subscription ${subscription}. New connections will be rejected`
      log(listenerName, 'ErrorInInitialisation', message)
      return false
    }
    this.#connections.join(subscription)
    try {
      await answerIdentity(transfer)
    } catch (why) {
      this.#leave(subscription)
      throw why
    }
    connection.stopClock()
    connection.subscription = { name: subscription, ...entrance, sinceMs: Date.now() }
    const { subscriber } = connection
    if (subscriber) events.emit('subscriberConnected', subscriber)
    return true
  }

  /** Tells of whoever is not trusted what it says it is, where somebody wants to know; a word is not answered. */
  async #overhear(connection: AcceptedConnection): Promise<void> {
    const { limits, events } = this.#options
    if (!events.wants('clientDenied')) return
    const { channel } = connection
    // They are not to be had any more where its time has passed.
    const names = channel.certificateNames()
    connection.startClock(limits.untrustedIdentityMs)
    const identity = await overhearIdentity(channel, limits.untrustedIdentityMaxBytes)
    connection.stopClock()
    this.#tellDenied(connection, 'not_trusted', identity, names)
  }

  #tellDenied(
    { channel }: AcceptedConnection,
    why: DenialReason,
    identity: Identity | undefined,
    names = channel.certificateNames(),
  ): void {
    const { remoteAddress, thumbprint, thumbprint256, protocol } = channel.peer
    this.#options.events.emit('clientDenied', {
      why,
      remoteAddress,
      thumbprint,
      thumbprint256,
      subject: names?.subject,
      issuer: names?.issuer,
      protocol,
      role: identity?.type,
      subscription: identity?.type === 'subscriber' ? subscriptionKey(identity.subscription) : undefined,
    })
  }

  #unsubscribe(connection: AcceptedConnection): void {
    const { subscriber } = connection
    if (!subscriber) return
    connection.subscription = undefined
    this.#leave(subscriber.subscription)
    this.#options.events.emit('subscriberDisconnected', subscriber)
  }

  #leave(subscription: string): void {
    if (this.#connections.leave(subscription)) this.#options.queueLeft(subscription)
  }
}

function noLongerTrusted(thumbprint: string): HalibutError {
  return new HalibutError('connection_lost', `the certificate ${thumbprint} is no longer trusted`)
}

function protocolName(protocol: string): string {
  return protocol === 'TLSv1.3' ? 'Tls13' : protocol === 'TLSv1.2' ? 'Tls12' : protocol
}
