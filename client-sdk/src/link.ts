import {
  controlNotifications,
  type RequestId,
  type RequestMessage,
  type ResponseMessage,
  uncountedNotifications,
} from '@halibut-gateway/schemas/wire'
import type { Connection, Resume } from './connection.ts'
import { type GatewayError, lost } from './errors.ts'
import { parse } from './json.ts'
import type { PendingCalls } from './pending-calls.ts'
import { handlesIn } from './stream-handles.ts'
import { StreamTable } from './streams/stream-table.ts'
import type { Welcome } from './welcome.ts'

type Notification = { readonly method: string; readonly params: never }

/** `leave` gives back what the state holds, whichever state follows. */
type State =
  | { readonly at: 'none'; leave(): void }
  | Open
  /** The connection was lost, and the session waits for another one. */
  | { readonly at: 'cut'; readonly welcome: Welcome; leave(): void }

type Open = {
  readonly at: 'open'
  readonly connection: Connection
  readonly welcome: Welcome
  ackTimer: ReturnType<typeof setTimeout> | undefined
  leave(): void
}

const none: State = { at: 'none', leave: () => undefined }

/** A session over one socket after the other: what the gateway has not acknowledged is kept and sent again, and no data stream breaks. */
export class Link {
  readonly streams: StreamTable
  readonly #pending: PendingCalls
  readonly #onAnswer: () => void
  #state: State = none
  #kept: string[] = []
  /** Counted frames that the gateway has acknowledged, and that we have received and acknowledged. */
  #acknowledged = 0
  #received = 0
  #told = 0
  /** Of the frames that we have not acknowledged. */
  #chars = 0

  /** `pending` are the requests that are made over it; `onAnswer` hears of each answer to one. */
  constructor(pending: PendingCalls, onAnswer: () => void) {
    this.#pending = pending
    this.#onAnswer = onAnswer
    this.streams = new StreamTable({
      socket: () => this.#open?.connection,
      notify: (method, params) => this.notify(method, params),
    })
  }

  get #open(): Open | undefined {
    return this.#state.at === 'open' ? this.#state : undefined
  }

  /** What `hello` told; `undefined` while there is no connection. */
  get welcome(): Welcome | undefined {
    return this.#open?.welcome
  }

  /** Whether something is under way in the session, or waits for it. */
  get isNeeded(): boolean {
    return this.#pending.size + this.streams.open > 0
  }

  /** What the next `hello` has to say to go on; `undefined` where there is nothing to go on with. */
  get resume(): Resume | undefined {
    if (this.#state.at === 'none') return undefined
    const { session, resumeToken: token } = this.#state.welcome
    return { session, token, received: this.#received, streams: this.streams.positions() }
  }

  /**
   * Goes on over a connection whose hello was answered, in the session that it resumes or in a new one. False where it resumes one that was
   * given up since it was asked for: such a connection is worth nothing.
   */
  attach(connection: Connection, welcome: Welcome): boolean {
    const was = this.#state
    const { resumed, session, sequence, streams, reason } = welcome
    if (resumed && (was.at === 'none' || was.welcome.session !== session)) return false
    if (!resumed) this.end(lost(`the session ended: ${reason}`))
    const open: Open = {
      at: 'open',
      connection,
      welcome,
      ackTimer: undefined,
      leave: () => clearTimeout(open.ackTimer),
    }
    this.#enter(open)
    if (resumed) {
      this.#acknowledge(sequence)
      for (const text of this.#kept) connection.send(text)
      this.#ack()
      this.streams.resumed(streams)
      this.#pending.resumed()
    }
    return true
  }

  /** The connection has ended, for this reason. The session waits for another one, as long as the gateway keeps it. */
  cut(message: string): void {
    const welcome = this.welcome
    if (!welcome) return
    const late = setTimeout(() => this.end(lost(`${message}; for too long`)), welcome.limits.resumeMs)
    this.#enter({ at: 'cut', welcome, leave: () => clearTimeout(late) })
  }

  /** The session is over: nothing of it comes any more. `ofUnsent` ends what waits for another one as well. */
  end(why: GatewayError, ofUnsent?: GatewayError): void {
    this.#enter(none)
    this.#kept = []
    this.#acknowledged = this.#received = this.#told = this.#chars = 0
    this.streams.lost(why)
    this.#pending.failAll(why, true)
    if (ofUnsent) this.#pending.failAll(ofUnsent)
  }

  #enter(next: State): void {
    this.#state.leave()
    this.#state = next
  }

  /** Sends the text of a request, and says whether it fits. */
  request(text: string): boolean {
    const limit = this.welcome?.limits.textBytes ?? 0
    if (text.length * 3 > limit && new Blob([text]).size > limit) return false
    this.#put(text, true)
    return true
  }

  /** Sends a notification. One that is not counted is lost where there is no connection. */
  notify(method: string, params: object): void {
    this.#put(JSON.stringify({ jsonrpc: '2.0', method, params } satisfies RequestMessage), !uncountedNotifications.has(method))
  }

  /** A frame came. */
  receive(text: string | Uint8Array<ArrayBuffer>): void {
    if (typeof text !== 'string') {
      this.streams.receive(text)
      return
    }
    // Batches come only to those who send some.
    const message = parse(text) as Notification | (ResponseMessage & { readonly method?: undefined }) | undefined | null
    if (!uncountedNotifications.has(message?.method ?? '')) this.#count(text.length)
    if (message?.method !== undefined) this.#notified(message.method, message.params)
    else if (message) this.#answered(message, text.includes('"$stream"'))
  }

  #answered(response: ResponseMessage, holdsStreams: boolean): void {
    // Before anything else runs: their frames may be there already.
    const downloads = this.streams.announced(holdsStreams && 'result' in response ? handlesIn(response.result) : [])
    if (!this.#pending.answer(response, downloads)) {
      for (const download of downloads.values()) download.cancel('nobody waits for it')
    }
    this.#onAnswer()
  }

  #notified(method: string, params: never): void {
    const { progress, ack, streamCredit, streamEnd, streamCancel } = controlNotifications
    if (method === progress) {
      const { id, sequence, item } = params as { id: RequestId; sequence: number; item: unknown }
      this.#pending.item(id, sequence, item)
    } else if (method === ack) this.#acknowledge((params as { received: number }).received)
    else if (method === streamCredit) this.streams.credit(params)
    else if (method === streamEnd) this.streams.ended(params)
    else if (method === streamCancel) this.streams.cancelled(params)
  }

  #put(text: string, counted: boolean): void {
    if (counted) this.#kept.push(text)
    this.#open?.connection.send(text)
  }

  #acknowledge(received: number): void {
    const gone = received - this.#acknowledged
    if (!(gone > 0)) return
    this.#kept.splice(0, gone)
    this.#acknowledged = received
  }

  #count(chars: number): void {
    const open = this.#open
    if (!open) return
    const { ackFrames, ackChars, ackMs } = open.welcome.limits
    this.#received++
    this.#chars += chars
    if (this.#received - this.#told >= ackFrames || this.#chars >= ackChars) this.#ack()
    else open.ackTimer ??= setTimeout(() => this.#ack(), ackMs)
  }

  #ack(): void {
    const open = this.#open
    if (!open) return
    clearTimeout(open.ackTimer)
    open.ackTimer = undefined
    this.#told = this.#received
    this.#chars = 0
    this.notify(controlNotifications.ack, { received: this.#received })
  }
}
