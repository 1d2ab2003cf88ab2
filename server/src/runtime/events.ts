import { checkArgument } from '../base/argument.ts'
import { HalibutError } from '../base/errors.ts'
import type { LogEvent } from './event-log.ts'

/** What happens in a runtime, by event name. Metrics, the gateway and the inspector listen. */
export interface RuntimeEvents {
  /** An accepted or dialled connection came through TLS. */
  connectionOpened: ConnectionEvent
  connectionClosed: ConnectionEvent
  /** A polling agent identified itself and was let in; it waits for requests. */
  subscriberConnected: SubscriberEvent
  subscriberDisconnected: SubscriberEvent
  /** A caller that speaks Halibut was turned away without an answer. */
  clientDenied: DeniedEvent
  /** A caller was dropped before TLS was through, or could not be accepted at all (`remoteAddress` is '' then). */
  connectionRejected: { readonly remoteAddress: string; readonly error: HalibutError }
  /** A call of ours; always paired with `callFinished`, not for answers from the cache. */
  callStarted: CallEvent
  callFinished: CallEvent & { readonly durationMs: number; readonly error: unknown }
  controlMessage: { readonly direction: 'sent' | 'received'; readonly line: string; readonly remoteAddress: string }
  message: {
    readonly direction: 'sent' | 'received'
    readonly compressedBytes: number
    readonly documentBytes: number
    readonly remoteAddress: string
  }
  log: LogEvent
}

export interface ConnectionEvent {
  readonly direction: 'incoming' | 'outgoing'
  readonly remoteAddress: string
  readonly thumbprint: string | undefined
  readonly protocol: string
  /** Whether the peer was trusted; known for incoming connections when they close. */
  readonly authorised: boolean
  /** Until when its certificate is valid, in UTC milliseconds since 1970. */
  readonly expiresMs?: number | undefined
}

/**
 * - `no_certificate`, `not_trusted`: nobody whom we trust
 * - `subscription_refused`: its certificate is trusted, and may not have the subscription that it named
 * - `no_service`: it is trusted and wants to call a service, and none is hosted here
 */
export type DenialReason = 'no_certificate' | 'not_trusted' | 'subscription_refused' | 'no_service'

/** A caller that was turned away. What it says of itself is unverified, but for the thumbprints. */
export interface DeniedEvent {
  readonly why: DenialReason
  readonly remoteAddress: string
  readonly thumbprint: string | undefined
  readonly thumbprint256: string | undefined
  /** Whom its certificate names, and who has made it. */
  readonly subject: string | undefined
  readonly issuer: string | undefined
  readonly protocol: string
  /** What it said it is; `undefined` where it said nothing in time, or was not asked since it presented no certificate. */
  readonly role: 'client' | 'server' | 'subscriber' | undefined
  /** The printed subscription that it named. */
  readonly subscription: string | undefined
}

export interface SubscriberEvent {
  /** The printed subscription, for example `poll://web-1/`. */
  readonly subscription: string
  readonly thumbprint: string
  readonly thumbprint256: string | undefined
  readonly remoteAddress: string
  /** The certificate of ours that it accepts: its thumbprint; and the port of ours that it polls. */
  readonly own?: string | undefined
  readonly port?: number | undefined
  readonly since: Date
  /** Until when its certificate is valid, in UTC milliseconds since 1970. */
  readonly expiresMs?: number | undefined
}

export interface CallEvent {
  readonly activityId: string
  readonly endpoint: string
  readonly service: string
  readonly method: string
}

const eventNames: Readonly<Record<keyof RuntimeEvents, true>> = {
  connectionOpened: true,
  connectionClosed: true,
  subscriberConnected: true,
  subscriberDisconnected: true,
  clientDenied: true,
  connectionRejected: true,
  callStarted: true,
  callFinished: true,
  controlMessage: true,
  message: true,
  log: true,
}

/** Throws `invalid_argument` for what is no event of a runtime, or no listener. */
export function checkListener(type: unknown, listener: unknown): void {
  checkArgument(type, 'the event of on()', 'text')
  if (!Object.hasOwn(eventNames, type as string)) {
    const known = Object.keys(eventNames).join(', ')
    throw new HalibutError('invalid_argument', `the event of on(): there is no ${JSON.stringify(type)}; those are ${known}`)
  }
  checkArgument(listener, 'the listener of on()', 'function')
}

type Listeners = { [K in keyof RuntimeEvents]?: Set<(event: RuntimeEvents[K]) => void> }

/** A typed emitter. A listener that throws is the listener’s failure: it is reported as an uncaught error, after the others ran. */
export class EventHub {
  readonly #listeners: Listeners = {}

  /** Returns the function that takes the listener away again. */
  on<K extends keyof RuntimeEvents>(type: K, listener: (event: RuntimeEvents[K]) => void): () => void {
    let listeners = this.#listeners[type] as Set<(event: RuntimeEvents[K]) => void> | undefined
    if (!listeners) {
      listeners = new Set()
      Object.assign(this.#listeners, { [type]: listeners })
    }
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }

  /** True when somebody listens: events that cost something to make are made only then. */
  wants(type: keyof RuntimeEvents): boolean {
    const listeners = this.#listeners[type]
    return listeners !== undefined && listeners.size > 0
  }

  emit<K extends keyof RuntimeEvents>(type: K, event: RuntimeEvents[K]): void {
    const listeners = this.#listeners[type] as Set<(event: RuntimeEvents[K]) => void> | undefined
    if (!listeners) return
    for (const listener of listeners) {
      try {
        listener(event)
      } catch (why) {
        queueMicrotask(() => {
          throw why
        })
      }
    }
  }
}
