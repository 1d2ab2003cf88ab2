import {
  controlNotifications,
  type RequestId,
  type RequestMessage,
  type ResponseMessage,
  uncountedNotifications,
} from '@halibut-gateway/schemas/wire'
import type { Connection, Resume, Welcome } from './connection.ts'
import type { GatewayError } from './errors.ts'
import { parse } from './json.ts'
import type { Downloads } from './pending-calls.ts'
import { handlesIn } from './stream-handles.ts'
import { StreamTable } from './streams/stream-table.ts'

/** Who listens to a link. */
export interface LinkEvents {
  /** False where nobody waits for the response (any more). `downloads` are what it announces: the JSON of a large result first. */
  onResponse(response: ResponseMessage, downloads: Downloads): boolean
  onItem(id: RequestId, sequence: number, item: unknown): void
}

type Notification = { readonly method: string; readonly params: never }

/** A session over one socket after the other: what the gateway has not acknowledged is kept and sent again, and no data stream breaks. */
export class Link {
  readonly streams: StreamTable
  readonly #events: LinkEvents
  #connection: Connection | undefined
  #welcome: Welcome | undefined
  #kept: string[] = []
  /** Counted frames that the gateway has acknowledged, and that we have received and acknowledged. */
  #acknowledged = 0
  #received = 0
  #told = 0
  /** Of the frames that we have not acknowledged. */
  #chars = 0
  #ackTimer: ReturnType<typeof setTimeout> | undefined

  constructor(events: LinkEvents) {
    this.#events = events
    this.streams = new StreamTable({
      socket: () => this.#connection,
      notify: (method, params) => this.notify(method, params),
    })
  }

  get isOpen(): boolean {
    return this.#connection !== undefined
  }

  /** What `hello` told last. */
  get welcome(): Welcome | undefined {
    return this.#welcome
  }

  /** What the next `hello` has to say to go on; `undefined` where there is nothing to go on with. */
  get resume(): Resume | undefined {
    const welcome = this.#welcome
    if (!welcome) return undefined
    return { session: welcome.session, token: welcome.resumeToken, received: this.#received, streams: this.streams.positions() }
  }

  /** There is a connection, its hello answered. Call {@link goOn} or {@link forget} before anything is sent. */
  attach(connection: Connection): void {
    this.#connection = connection
    this.#welcome = connection.welcome
  }

  /** The session goes on: what the gateway has not received is sent once more. */
  goOn(): void {
    const { sequence, streams } = this.#welcome as Welcome
    this.#acknowledge(sequence)
    for (const text of this.#kept) this.#connection?.send(text)
    this.#ack()
    this.streams.resumed(streams)
  }

  /** The session is over: nothing of it comes any more. */
  forget(why: GatewayError): void {
    this.#kept = []
    this.#acknowledged = this.#received = this.#told = this.#chars = 0
    if (!this.#connection) this.#welcome = undefined
    this.streams.lost(why)
  }

  /** The connection has ended. The session may go on. */
  detach(): void {
    this.#connection = undefined
    clearTimeout(this.#ackTimer)
    this.#ackTimer = undefined
  }

  /** Sends the text of a request, and says whether it fits. */
  request(text: string): boolean {
    const limit = this.#welcome?.limits.textBytes ?? 0
    if (text.length * 3 > limit && new TextEncoder().encode(text).byteLength > limit) return false
    this.#put(text, true)
    return true
  }

  /** Sends a notification. One that is not counted is lost where there is no connection. */
  notify(method: string, params: object): void {
    this.#put(JSON.stringify({ jsonrpc: '2.0', method, params } satisfies RequestMessage), !uncountedNotifications.has(method))
  }

  /** A text frame came. */
  receive(text: string): void {
    // Batches come only to those who send some.
    const message = parse(text) as Notification | (ResponseMessage & { readonly method?: undefined }) | undefined | null
    if (!uncountedNotifications.has(message?.method ?? '')) this.#count(text.length)
    if (message?.method !== undefined) this.#notified(message.method, message.params)
    else if (message) this.#answered(message, text.includes('"$stream"'))
  }

  #answered(response: ResponseMessage, holdsStreams: boolean): void {
    // Before anything else runs: their frames may be there already.
    const downloads = this.streams.announced(holdsStreams && 'result' in response ? handlesIn(response.result) : [])
    if (this.#events.onResponse(response, downloads)) return
    for (const download of downloads.values()) download.cancel('nobody waits for this answer')
  }

  #notified(method: string, params: never): void {
    const { progress, ack, streamCredit, streamEnd, streamCancel } = controlNotifications
    if (method === progress) {
      const { id, sequence, item } = params as { id: RequestId; sequence: number; item: unknown }
      this.#events.onItem(id, sequence, item)
    } else if (method === ack) this.#acknowledge((params as { received: number }).received)
    else if (method === streamCredit) this.streams.credit(params)
    else if (method === streamEnd) this.streams.ended(params)
    else if (method === streamCancel) this.streams.cancelled(params)
  }

  #put(text: string, counted: boolean): void {
    if (counted) this.#kept.push(text)
    this.#connection?.send(text)
  }

  #acknowledge(received: number): void {
    const gone = received - this.#acknowledged
    if (!(gone > 0)) return
    this.#kept.splice(0, gone)
    this.#acknowledged = received
  }

  #count(chars: number): void {
    const { ackFrames, ackChars, ackMs } = (this.#welcome as Welcome).limits
    this.#received++
    this.#chars += chars
    if (this.#received - this.#told >= ackFrames || this.#chars >= ackChars) this.#ack()
    else this.#ackTimer ??= setTimeout(() => this.#ack(), ackMs)
  }

  #ack(): void {
    clearTimeout(this.#ackTimer)
    this.#ackTimer = undefined
    this.#told = this.#received
    this.#chars = 0
    this.notify(controlNotifications.ack, { received: this.#received })
  }
}
