import type { ByteChannel } from '../base/byte-channel.ts'
import { HalibutError } from '../base/errors.ts'
import type { Limits } from '../base/limits.ts'
import type { ExchangeOptions } from '../exchange/exchange-options.ts'
import { answerIdentity, receiveIdentity, receivePreamble, unexpectedServer } from '../exchange/identify.ts'
import { serveCaller } from '../exchange/serve-caller.ts'
import { servePoller } from '../exchange/serve-poller.ts'
import type { ServiceSide } from '../exchange/serve-requests.ts'
import { Transfer } from '../exchange/transfer.ts'
import { subscriptionKey } from './endpoint.ts'
import type { LogEventType } from './event-log.ts'
import type { EventHub, SubscriberEvent } from './events.ts'
import { encodeFriendlyPage, type FriendlyPage } from './friendly-page.ts'
import type { RequestQueue } from './request-queue.ts'
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
  readonly service: ServiceSide
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
  readonly #subscribers = new Map<Transfer, SubscriberEvent>()
  readonly #connectionsOf = new Map<string, number>()
  #unidentified = 0

  constructor(options: AcceptorOptions) {
    this.#options = options
  }

  /** The polling agents that are connected and identified. */
  get subscribers(): SubscriberEvent[] {
    return [...this.#subscribers.values()]
  }

  /** Takes over an accepted connection. Never rejects. */
  async accept(channel: ByteChannel, listenerName: string): Promise<void> {
    const { limits, events, log } = this.#options
    const { peer } = channel
    this.#channels.add(channel)
    let authorised = false
    const about = {
      direction: 'incoming',
      remoteAddress: peer.remoteAddress,
      thumbprint: peer.thumbprint,
      protocol: peer.protocol,
    } as const
    events.emit('connectionOpened', { ...about, authorised })
    log(listenerName, 'ListenerAcceptedClient', `Accepted TCP client: ${peer.remoteAddress}`)
    log(
      listenerName,
      'SecurityNegotiation',
      `Secure connection established, client is not yet authenticated, client connected with ${protocolName(peer.protocol)}`,
    )
    const identified = this.#startClock(channel)
    try {
      if (this.#unidentified > limits.maxUnidentifiedConnections) {
        throw new HalibutError(
          'connection_limit',
          `more than ${limits.maxUnidentifiedConnections} connections have not identified themselves`,
        )
      }
      if (!(await this.#admit(channel, listenerName))) {
        identified()
        await channel.close()
        return
      }
      authorised = true
      this.#register(channel)
      await this.#converse(channel, listenerName, identified)
      await channel.close()
    } catch (why) {
      const type = authorised ? 'Error' : 'ErrorInInitialisation'
      log(listenerName, type, why instanceof Error ? why.message : String(why), why)
      // Orderly, so that what was written arrives (spec §1.4); a channel that has failed is gone already.
      await channel.close()
    } finally {
      identified()
      this.#channels.delete(channel)
      this.#unregister(channel)
      events.emit('connectionClosed', { ...about, authorised })
    }
  }

  /** Cuts every connection that presented this certificate (spec §10.2). */
  disconnectThumbprint(thumbprint: string): void {
    const why = new HalibutError('connection_lost', `the certificate ${thumbprint} is no longer trusted`)
    for (const channel of this.#byThumbprint.get(thumbprint) ?? []) channel.destroy(why)
  }

  /** Cuts every connection. */
  close(why: HalibutError): void {
    for (const channel of this.#channels) channel.destroy(why)
  }

  /** Resolves when no accepted connection is left. */
  async drained(): Promise<void> {
    await Promise.all([...this.#channels].map(channel => channel.closed))
  }

  /** Preamble and authorisation. False: turned away (with the friendly page where the caller is no Halibut peer). */
  async #admit(channel: ByteChannel, listenerName: string): Promise<boolean> {
    const { limits, trust, events, log, onUnauthorised } = this.#options
    const { remoteAddress, thumbprint, thumbprint256 } = channel.peer
    const block = await receivePreamble(channel, limits.preambleMaxChars)
    if (block === 'nothing') {
      log(listenerName, 'Diagnostic', 'Ignoring empty request')
      return false
    }
    if (!block.startsWith('MX')) {
      if (block.length < 2) throw new HalibutError('protocol_error', 'the connection ended inside the first line')
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
      const answer = (await onUnauthorised?.({ remoteAddress, thumbprint, thumbprint256 })) ?? 'block'
      if (answer !== 'trust_and_allow') return false
      trust.add(thumbprint)
    }
    log(listenerName, 'Security', `Client at ${remoteAddress} authenticated as ${thumbprint}`)
    return true
  }

  async #converse(channel: ByteChannel, listenerName: string, identified: () => void): Promise<void> {
    const transfer = new Transfer(channel, this.#options.exchange(channel))
    let identity: Awaited<ReturnType<typeof receiveIdentity>>
    try {
      identity = await receiveIdentity(transfer)
    } catch (why) {
      this.#options.log(listenerName, 'ErrorInIdentify', 'Remote failed to identify itself.', why)
      throw why
    }
    if (identity.type === 'subscriber') {
      await this.#servePoller(transfer, identity.subscription, listenerName, identified)
      return
    }
    await answerIdentity(transfer)
    if (identity.type === 'server') throw unexpectedServer()
    identified()
    await serveCaller(transfer, this.#options.service)
  }

  async #servePoller(transfer: Transfer, announced: string, listenerName: string, identified: () => void): Promise<void> {
    const { limits, events, log, queueFor, queueLeft, authoriseSubscriber } = this.#options
    const { remoteAddress, thumbprint, thumbprint256 } = transfer.channel.peer
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
      return
    }
    const max = limits.maximumActiveTcpConnectionsPerPollingSubscription
    const count = this.#connectionsOf.get(subscription) ?? 0
    if (max > 0 && count >= max) {
      const message = `A polling client at ${remoteAddress} has exceeded the maximum number of active connections (${max}) for subscription ${subscription}. New connections will be rejected`
      log(listenerName, 'ErrorInInitialisation', message)
      return
    }
    this.#connectionsOf.set(subscription, count + 1)
    const subscriber: SubscriberEvent = { subscription, thumbprint, thumbprint256, remoteAddress, since: new Date() }
    try {
      await answerIdentity(transfer)
      identified()
      this.#subscribers.set(transfer, subscriber)
      events.emit('subscriberConnected', subscriber)
      await servePoller(transfer, queueFor(subscription).consumer(thumbprint))
    } finally {
      const left = (this.#connectionsOf.get(subscription) ?? 1) - 1
      if (left > 0) this.#connectionsOf.set(subscription, left)
      else {
        this.#connectionsOf.delete(subscription)
        queueLeft(subscription)
      }
      if (this.#subscribers.delete(transfer)) events.emit('subscriberDisconnected', subscriber)
    }
  }

  /** Whoever has not identified itself in time is cut off. Returns the function that stops the clock. */
  #startClock(channel: ByteChannel): () => void {
    const { acceptTimeoutMs } = this.#options.limits
    this.#unidentified++
    let timer: NodeJS.Timeout | undefined = setTimeout(() => {
      channel.destroy(
        new HalibutError('io_timeout', `the caller did not identify itself within ${acceptTimeoutMs} ms`, { phase: 'identify' }),
      )
    }, acceptTimeoutMs)
    return () => {
      if (timer === undefined) return
      this.#unidentified--
      clearTimeout(timer)
      // The connection keeps this function for as long as it lives; it need not keep the timer too.
      timer = undefined
    }
  }

  #register(channel: ByteChannel): void {
    const { thumbprint } = channel.peer
    if (thumbprint === undefined) return
    const channels = this.#byThumbprint.get(thumbprint)
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
