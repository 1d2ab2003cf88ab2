import type { ByteChannel } from '../base/byte-channel.ts'
import { HalibutError } from '../base/errors.ts'
import type { Limits } from '../base/limits.ts'
import type { Openings } from '../base/openings.ts'
import { timerMs } from '../base/timer.ts'
import type { ExchangeOptions } from '../exchange/exchange-options.ts'
import { answerIdentity, receiveIdentity, receivePreamble, unexpectedServer } from '../exchange/identify.ts'
import { serveCaller } from '../exchange/serve-caller.ts'
import { servePoller } from '../exchange/serve-poller.ts'
import type { ServiceSide } from '../exchange/serve-requests.ts'
import { Transfer } from '../exchange/transfer.ts'
import { type Endpoint, subscriptionKey } from './endpoint.ts'
import type { LogEventType } from './event-log.ts'
import type { ConnectionEvent, EventHub, SubscriberEvent } from './events.ts'
import { encodeFriendlyPage, type FriendlyPage } from './friendly-page.ts'
import type { RequestQueue } from './queue/request-queue.ts'
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
  readonly queueFor: (subscription: string) => RequestQueue
  /** The last connection of a subscription is gone. */
  readonly queueLeft: (subscription: string) => void
  readonly events: EventHub
  readonly log: (endpoint: string, type: LogEventType, message: string, error?: unknown) => void
  readonly friendlyPage: () => FriendlyPage
  readonly onUnauthorised: ((caller: UnauthorisedCaller) => UnauthorisedAnswer | Promise<UnauthorisedAnswer>) | undefined
  readonly authoriseSubscriber: ((candidate: SubscriberCandidate) => true | string) | undefined
}

/** The accepting side of a runtime: from the preamble to the conversation (spec §1.6, §1.7, §2.2, §10). */
export class Acceptor {
  readonly #options: AcceptorOptions
  readonly #byThumbprint = new Map<string, Set<ByteChannel>>()
  readonly #channels = new Set<ByteChannel>()
  readonly #subscribers = new Map<ByteChannel, SubscriberEvent>()
  readonly #connectionsOf = new Map<string, number>()
  /** Those of which it is not settled yet whether they are let in. */
  readonly #admitting = new Set<ByteChannel>()
  /** Of the connections that have not identified themselves. */
  readonly #clocks = new Map<ByteChannel, NodeJS.Timeout>()

  constructor(options: AcceptorOptions) {
    this.#options = options
  }

  /** The polling agents that are connected and identified. */
  get subscribers(): SubscriberEvent[] {
    return [...this.#subscribers.values()]
  }

  /** Whether a connection of this subscription is there, or being let in. */
  hasSubscriber(subscription: string): boolean {
    return this.#connectionsOf.has(subscription)
  }

  /** Takes over an accepted connection. Never rejects. */
  async accept(channel: ByteChannel, listenerName: string): Promise<void> {
    const { events, log, service, queueFor } = this.#options
    this.#channels.add(channel)
    events.emit('connectionOpened', this.#describe(channel))
    // What leads to the conversation is over when that begins: nothing of it stays with the connection.
    try {
      try {
        const opened = await this.#open(channel, listenerName)
        const subscriber = this.#subscribers.get(channel)
        if (opened && subscriber) await servePoller(opened, queueFor(subscriber.subscription).consumer(subscriber.thumbprint))
        else if (opened) await serveCaller(opened, service)
      } finally {
        // Its place is free before the peer has taken leave, which may take a while.
        this.#stopClock(channel)
        this.#options.openings.leave(channel)
        this.#unsubscribe(channel)
      }
      await channel.close()
    } catch (why) {
      const type = this.#isAuthorised(channel) ? 'Error' : 'ErrorInInitialisation'
      log(listenerName, type, why instanceof Error ? why.message : String(why), why)
      // Orderly, so that what was written arrives (spec §1.4); a channel that has failed is gone already.
      await channel.close()
    } finally {
      this.#channels.delete(channel)
      const about = this.#describe(channel)
      this.#admitting.delete(channel)
      this.#unregister(channel)
      events.emit('connectionClosed', about)
    }
  }

  #describe(channel: ByteChannel): ConnectionEvent {
    const { remoteAddress, thumbprint, protocol } = channel.peer
    return { direction: 'incoming', remoteAddress, thumbprint, protocol, authorised: this.#isAuthorised(channel) }
  }

  #isAuthorised(channel: ByteChannel): boolean {
    const { thumbprint } = channel.peer
    if (thumbprint === undefined || this.#admitting.has(channel)) return false
    return this.#byThumbprint.get(thumbprint)?.has(channel) ?? false
  }

  /** Up to the conversation, a subscriber’s or a caller’s. `undefined`: turned away. */
  async #open(channel: ByteChannel, listenerName: string): Promise<Transfer | undefined> {
    const { log } = this.#options
    const { peer } = channel
    log(listenerName, 'ListenerAcceptedClient', `Accepted TCP client: ${peer.remoteAddress}`)
    log(
      listenerName,
      'SecurityNegotiation',
      `Secure connection established, client is not yet authenticated, client connected with ${protocolName(peer.protocol)}`,
    )
    if (!(await this.#admit(channel, listenerName))) return undefined
    return this.#identify(channel, listenerName)
  }

  /** Cuts every connection that presented this certificate (spec §10.2). */
  disconnectThumbprint(thumbprint: string): void {
    const why = new HalibutError('connection_lost', `the certificate ${thumbprint} is no longer trusted`)
    for (const channel of this.#byThumbprint.get(thumbprint) ?? []) channel.destroy(why)
  }

  /** Cuts the connections on which a polling agent waits for requests. */
  disconnectSubscriber({ uri, thumbprint }: Pick<Endpoint, 'uri' | 'thumbprint'>): void {
    const why = new HalibutError('connection_lost', `disconnected from ${uri} on request`, { endpoint: uri })
    const candidates = thumbprint === undefined ? this.#subscribers.keys() : this.#byThumbprint.get(thumbprint)
    for (const channel of candidates ?? []) {
      if (this.#subscribers.get(channel)?.subscription === uri) channel.destroy(why)
    }
  }

  /** Cuts every connection. */
  close(why: HalibutError): void {
    for (const channel of this.#channels) channel.destroy(why)
  }

  /** Resolves when none of the polling agents is left that are connected now. */
  async subscribersGone(): Promise<void> {
    await Promise.all([...this.#subscribers.keys()].map(channel => channel.closed))
  }

  /** Resolves when no accepted connection is left. */
  async drained(): Promise<void> {
    await Promise.all([...this.#channels].map(channel => channel.closed))
  }

  /**
   * Preamble and authorisation. False: turned away (with the friendly page where the caller is no Halibut peer). Whoever presented a
   * certificate that we trust has a place among its connections from the start; others have little time, and a place among the openings.
   */
  async #admit(channel: ByteChannel, listenerName: string): Promise<boolean> {
    const { limits, trust, openings, events, log, onUnauthorised } = this.#options
    const { remoteAddress, thumbprint, thumbprint256 } = channel.peer
    const trusted = thumbprint !== undefined && trust.has(thumbprint)
    this.#admitting.add(channel)
    if (trusted) this.#register(channel, thumbprint)
    else openings.enter(channel, remoteAddress, why => channel.destroy(why))
    this.#startClock(channel, trusted ? limits.acceptTimeoutMs : limits.untrustedPreambleMs)
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
      events.emit('clientDenied', { remoteAddress, thumbprint, thumbprint256 })
      return false
    }
    if (!trust.has(thumbprint)) {
      log(
        listenerName,
        'ClientDenied',
        `A client at ${remoteAddress} connected, and attempted a message exchange, but it presented a client certificate with the thumbprint '${thumbprint}' which is not in the list of thumbprints that we trust`,
      )
      events.emit('clientDenied', { remoteAddress, thumbprint, thumbprint256 })
      // Whoever decides may be a person.
      this.#startClock(channel, limits.acceptTimeoutMs)
      const answer = (await onUnauthorised?.({ remoteAddress, thumbprint, thumbprint256 })) ?? 'block'
      if (answer !== 'trust_and_allow') return false
      trust.add(thumbprint)
    }
    if (!trusted) {
      openings.leave(channel)
      this.#register(channel, thumbprint)
    }
    this.#admitting.delete(channel)
    log(listenerName, 'Security', `Client at ${remoteAddress} authenticated as ${thumbprint}`)
    return true
  }

  async #identify(channel: ByteChannel, listenerName: string): Promise<Transfer | undefined> {
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
      return undefined
    }
    if (identity.type === 'subscriber') return (await this.#subscribe(transfer, identity.subscription, listenerName)) ? transfer : undefined
    await answerIdentity(transfer)
    if (identity.type === 'server') throw unexpectedServer()
    this.#stopClock(channel)
    return transfer
  }

  /** Lets a polling agent in. False: refused, the reason logged. */
  async #subscribe(transfer: Transfer, announced: string, listenerName: string): Promise<boolean> {
    const { limits, events, log, authoriseSubscriber } = this.#options
    const { channel } = transfer
    const { remoteAddress, thumbprint, thumbprint256 } = channel.peer
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
      return false
    }
    const max = limits.maximumActiveTcpConnectionsPerPollingSubscription
    const count = this.#connectionsOf.get(subscription) ?? 0
    if (max > 0 && count >= max) {
      const message = `A polling client at ${remoteAddress} has exceeded the maximum number of active connections (${max}) for subscription ${subscription}. New connections will be rejected`
      log(listenerName, 'ErrorInInitialisation', message)
      return false
    }
    this.#connectionsOf.set(subscription, count + 1)
    try {
      await answerIdentity(transfer)
    } catch (why) {
      this.#leave(subscription)
      throw why
    }
    this.#stopClock(channel)
    const subscriber: SubscriberEvent = { subscription, thumbprint, thumbprint256, remoteAddress, since: new Date() }
    this.#subscribers.set(channel, subscriber)
    events.emit('subscriberConnected', subscriber)
    return true
  }

  #unsubscribe(channel: ByteChannel): void {
    const subscriber = this.#subscribers.get(channel)
    if (!subscriber) return
    this.#subscribers.delete(channel)
    this.#leave(subscriber.subscription)
    this.#options.events.emit('subscriberDisconnected', subscriber)
  }

  #leave(subscription: string): void {
    const left = (this.#connectionsOf.get(subscription) ?? 1) - 1
    if (left > 0) this.#connectionsOf.set(subscription, left)
    else {
      this.#connectionsOf.delete(subscription)
      this.#options.queueLeft(subscription)
    }
  }

  /** Whoever has not identified itself in time is cut off. */
  #startClock(channel: ByteChannel, ms: number): void {
    const expire = (): void =>
      channel.destroy(new HalibutError('io_timeout', `the caller did not identify itself within ${ms} ms`, { phase: 'identify' }))
    clearTimeout(this.#clocks.get(channel))
    this.#clocks.set(channel, setTimeout(expire, timerMs(ms)))
  }

  #stopClock(channel: ByteChannel): void {
    clearTimeout(this.#clocks.get(channel))
    this.#clocks.delete(channel)
  }

  /** @throws {HalibutError} `connection_limit`: its certificate has as many connections as one may have. */
  #register(channel: ByteChannel, thumbprint: string): void {
    const { maxConnectionsPerCertificate: max } = this.#options.limits
    const channels = this.#byThumbprint.get(thumbprint)
    if (max > 0 && channels && channels.size >= max) {
      throw new HalibutError(
        'connection_limit',
        `the certificate ${thumbprint} has ${channels.size} connections already (maxConnectionsPerCertificate)`,
        { phase: 'identify' },
      )
    }
    if (channels) channels.add(channel)
    else this.#byThumbprint.set(thumbprint, new Set([channel]))
  }

  #unregister(channel: ByteChannel): void {
    const { thumbprint } = channel.peer
    if (thumbprint === undefined) return
    const channels = this.#byThumbprint.get(thumbprint)
    channels?.delete(channel)
    if (channels?.size === 0) this.#byThumbprint.delete(thumbprint)
  }
}

function protocolName(protocol: string): string {
  return protocol === 'TLSv1.3' ? 'Tls13' : protocol === 'TLSv1.2' ? 'Tls12' : protocol
}
