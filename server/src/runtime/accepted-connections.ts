import type { ByteChannel } from '../base/byte-channel.ts'
import { HalibutError } from '../base/errors.ts'
import { timerMs } from '../base/timer.ts'
import type { RequestSource } from '../exchange/serve-poller.ts'
import type { Transfer } from '../exchange/transfer.ts'
import type { ConnectionEvent, SubscriberEvent } from './events.ts'

/** Where somebody came in: the certificate of ours that was presented there, by its thumbprint, and the port. */
export type Entrance = Pick<SubscriberEvent, 'own' | 'port'>

/** What polls on a connection. */
interface Subscription extends Entrance {
  readonly name: string
  /** UTC milliseconds since 1970. */
  readonly sinceMs: number
}

/** An accepted connection, from TLS to its end: all that is kept of it. */
export class AcceptedConnection {
  readonly channel: ByteChannel
  /** Its certificate is trusted, and it speaks Halibut. */
  isAuthorised = false
  /** Once a polling agent has been let in. */
  subscription: Subscription | undefined
  /** Where it gets its requests then, and what carries them. */
  source: RequestSource | undefined
  transfer: Transfer | undefined
  #clock: NodeJS.Timeout | undefined

  constructor(channel: ByteChannel) {
    this.channel = channel
  }

  /** It is cut off where it has not identified itself in so many milliseconds from now. */
  startClock(ms: number): void {
    clearTimeout(this.#clock)
    this.#clock = setTimeout(expire, timerMs(ms), this.channel, ms)
  }

  stopClock(): void {
    clearTimeout(this.#clock)
    this.#clock = undefined
  }

  /** Whose it is; `undefined` where no polling agent has been let in. Made anew each time: what is kept of an idle one is little. */
  get subscriber(): SubscriberEvent | undefined {
    if (!this.subscription) return undefined
    const { name, own, port, sinceMs } = this.subscription
    const { remoteAddress, thumbprint = '', thumbprint256, expiresMs } = this.channel.peer
    return { subscription: name, thumbprint, thumbprint256, remoteAddress, own, port, since: new Date(sinceMs), expiresMs }
  }

  describe(): ConnectionEvent {
    const { remoteAddress, thumbprint, protocol } = this.channel.peer
    return { direction: 'incoming', remoteAddress, thumbprint, protocol, authorised: this.isAuthorised }
  }
}

function expire(channel: ByteChannel, ms: number): void {
  channel.destroy(new HalibutError('io_timeout', `the caller did not identify itself within ${ms} ms`, { phase: 'identify' }))
}

/** The accepted connections of a runtime: by certificate, and how many each subscription has. */
export class AcceptedConnections {
  readonly #all = new Set<AcceptedConnection>()
  /** Most certificates of a large fleet have one connection, and need no set. */
  readonly #byThumbprint = new Map<string, AcceptedConnection | Set<AcceptedConnection>>()
  readonly #ofSubscription = new Map<string, number>()

  add(channel: ByteChannel): AcceptedConnection {
    const connection = new AcceptedConnection(channel)
    this.#all.add(connection)
    return connection
  }

  /** It is gone. */
  remove(connection: AcceptedConnection): void {
    this.#all.delete(connection)
    const { thumbprint } = connection.channel.peer
    if (thumbprint === undefined) return
    const its = this.#byThumbprint.get(thumbprint)
    if (its instanceof Set) {
      its.delete(connection)
      if (its.size === 0) this.#byThumbprint.delete(thumbprint)
    } else if (its === connection) this.#byThumbprint.delete(thumbprint)
  }

  /**
   * It is one of the certificate that it presented, of which so many may be there (0: any number).
   * @throws {HalibutError} `connection_limit`
   */
  register(connection: AcceptedConnection, thumbprint: string, max: number): void {
    const its = this.#byThumbprint.get(thumbprint)
    const count = its instanceof Set ? its.size : its ? 1 : 0
    if (max > 0 && count >= max) {
      throw new HalibutError(
        'connection_limit',
        `the certificate ${thumbprint} has ${count} connections already (maxConnectionsPerCertificate)`,
        { phase: 'identify' },
      )
    }
    if (its instanceof Set) its.add(connection)
    else this.#byThumbprint.set(thumbprint, its ? new Set([its, connection]) : connection)
  }

  ofCertificate(thumbprint: string): AcceptedConnection[] {
    const its = this.#byThumbprint.get(thumbprint)
    return its instanceof Set ? [...its] : its ? [its] : []
  }

  /** How many of a subscription are there, or being let in. */
  ofSubscription(subscription: string): number {
    return this.#ofSubscription.get(subscription) ?? 0
  }

  join(subscription: string): void {
    this.#ofSubscription.set(subscription, this.ofSubscription(subscription) + 1)
  }

  /** True: that was the last one of the subscription. */
  leave(subscription: string): boolean {
    const left = this.ofSubscription(subscription) - 1
    if (left > 0) this.#ofSubscription.set(subscription, left)
    else this.#ofSubscription.delete(subscription)
    return left <= 0
  }

  /** The polling agents that have been let in. */
  get subscribers(): AcceptedConnection[] {
    return [...this.#all].filter(connection => connection.subscription)
  }

  get all(): AcceptedConnection[] {
    return [...this.#all]
  }
}
