import { HalibutError } from '../../base/errors.ts'
import type { RequestSource } from '../../exchange/serve-poller.ts'
import { nobodyWaits, type WaitingCalls } from '../waiting-calls.ts'
import { MemoryRequestQueue } from './memory-queue.ts'
import type { RequestQueue } from './request-queue.ts'

/** The queues of a runtime, by subscription. One that nobody uses is forgotten. */
export class RequestQueues {
  readonly #maxLength: number
  readonly #hasConnection: (subscription: string) => boolean
  readonly #queues = new Map<string, MemoryRequestQueue>()
  /** No connection comes any more. */
  #closing: HalibutError | undefined

  /** `maxLength`: of each. `hasConnection`: a connection of this subscription is there, or being let in. */
  constructor(maxLength: number, hasConnection: (subscription: string) => boolean) {
    this.#maxLength = maxLength
    this.#hasConnection = hasConnection
  }

  get count(): number {
    return this.#queues.size
  }

  /** Where requests for a subscription go. */
  of(subscription: string): RequestQueue {
    return this.#queue(subscription)
  }

  /** Who waits there, and for what. */
  look(subscription: string): WaitingCalls {
    return this.#queues.get(subscription)?.look() ?? nobodyWaits
  }

  /** The source of work for one connection of a subscription, which presented `thumbprint`. */
  source(subscription: string, thumbprint: string): RequestSource {
    return this.#queue(subscription).consumer(thumbprint)
  }

  #queue(subscription: string): MemoryRequestQueue {
    let queue = this.#queues.get(subscription)
    if (!queue) {
      queue = new MemoryRequestQueue(subscription, this.#maxLength, this.#forgetEmpty)
      if (this.#closing) queue.drain()
      this.#queues.set(subscription, queue)
    }
    return queue
  }

  /** The last connection of a subscription is gone. */
  left(subscription: string): void {
    if (this.#closing) this.#queues.get(subscription)?.failWaiting(notCollectable(this.#closing, subscription))
    this.#forgetEmpty(subscription)
  }

  /** Nothing is queued any more, and no connection comes: those that are there collect what waits, and what none of them can is failed. */
  drain(why: HalibutError): void {
    this.#closing = why
    for (const [subscription, queue] of [...this.#queues]) {
      queue.drain()
      if (!this.#hasConnection(subscription)) queue.failWaiting(notCollectable(why, subscription))
    }
  }

  /** Ends what waits for the owner of a certificate. */
  failWaitingFor(thumbprint: string, why: HalibutError): void {
    for (const queue of [...this.#queues.values()]) queue.failWaiting(why, thumbprint)
  }

  /** Ends everything that is queued. */
  close(why: HalibutError): void {
    this.#closing = why
    for (const queue of this.#queues.values()) queue.close(why)
  }

  /** What a peer names as its subscription, or a caller as an agent, must not stay when nobody is there. */
  readonly #forgetEmpty = (subscription: string): void => {
    if (this.#queues.get(subscription)?.empty && !this.#hasConnection(subscription)) this.#queues.delete(subscription)
  }
}

/** The error of a request for a polling agent that has no connection when the runtime closes: none is taken any more. */
function notCollectable(why: HalibutError, subscription: string): HalibutError {
  return new HalibutError('closed', `${why.message}, and no connection of ${subscription} is there to collect the request`, {
    phase: 'queue',
    delivery: 'not_sent',
    endpoint: subscription,
    cause: why,
  })
}
