import { randomUUID } from 'node:crypto'
import type { CancelMode } from '@halibut-gateway/schemas/contract'
import {
  type CloseReason,
  controlNotifications,
  frameHeaderBytes,
  type RequestId,
  type StreamPosition,
  uncountedNotifications,
} from '@halibut-gateway/schemas/wire'
import type { Principal } from '../access/principal.ts'
import { HalibutError } from '../base/errors.ts'
import type { MemoryBudget } from '../base/memory-budget.ts'
import type { Dispatcher } from '../rpc/dispatcher.ts'
import { toHalibutError, toRpcError } from '../rpc/error-map.ts'
import { type Frame, parseFrame } from '../rpc/parse-frame.ts'
import type { Spool } from '../runtime/data-streams.ts'
import type { Allowance } from './call-rates.ts'
import { type Controlled, control } from './control-notifications.ts'
import { Outbox, type OutboxOwner, type TextSocket } from './outbox.ts'
import { ReceivedFrames } from './received-frames.ts'
import type { ReplayMemory } from './replay-memory.ts'
import { type RequestsOwner, RequestTable } from './request-table.ts'
import type { SlowReaders } from './slow-readers.ts'
import { StreamTable } from './streams/stream-table.ts'

/** The little of a WebSocket that a session needs. `done` is called when something has left for the network, or never will. */
export interface SessionSocket extends TextSocket {
  sendBinary(frame: Buffer, done: () => void): void
  /** Lets what `write` sends leave as one. */
  together(write: () => void): void
  ping(): void
  close(reason: CloseReason): void
  /** How much may be asked for from its address. Default: anything. */
  readonly allowance?: Allowance | undefined
}

/** Content of data streams, in bytes. */
export interface StreamBytes {
  /** To browsers. */
  sent: number
  /** From browsers. */
  received: number
}

/** What a session is made with. */
export interface SessionOptions {
  readonly dispatcher: Dispatcher
  /** Who opened it. */
  readonly principal: Principal
  /** How much its principal may ask for. Default: anything. */
  readonly allowance?: Allowance | undefined
  /** The Origin header that it was opened with; nobody else goes on with it. */
  readonly origin: string | undefined
  /** Where an upload without a length of this session is kept. */
  readonly createSpool: (session: string) => Spool
  /** What the data streams of all sessions may keep; this one has a share of it. */
  readonly streamMemory: MemoryBudget
  /** Where the content of its data streams is counted. */
  readonly streamBytes: StreamBytes
  /** What text that the browser has not acknowledged counts towards. */
  readonly replayMemory: ReplayMemory
  /** What text that waits in its socket counts towards. */
  readonly readers: SlowReaders
  /** Its browser does not read: the session goes on without its socket. */
  readonly onStalled: (session: Session) => void
  /** It is over, for good. */
  readonly onEnded: (session: Session) => void
}

/** What a text of so many characters asks for may take long, and is done in turns with others. */
const longFrom = 64 * 1024

/**
 * One browser after its hello, over one socket or, where that is lost, several: its requests in flight, its outbox, its data streams. A
 * connection attaches and detaches itself; without one the requests run on.
 */
export class Session implements RequestsOwner, OutboxOwner, Controlled {
  readonly id = randomUUID()
  readonly #options: SessionOptions
  readonly outbox: Outbox
  readonly #requests: RequestTable
  readonly #received: ReceivedFrames
  /** Made with the first request: an idle browser costs no more than it must. */
  #streamTable: StreamTable | undefined
  #socket: SessionSocket | undefined
  /** The sign-in that it was opened or gone on with last, and ends with. */
  #principal: Principal
  /** The counted frame with the last response. */
  #lastResponse = 0
  #draining = false
  #ended = false

  constructor(options: SessionOptions) {
    this.#options = options
    this.#principal = options.principal
    this.outbox = new Outbox(this, options.replayMemory, options.readers)
    this.#requests = new RequestTable(this, options.dispatcher)
    this.#received = new ReceivedFrames(received => this.#notify(controlNotifications.ack, { received }))
  }

  get streams(): StreamTable {
    this.#streamTable ??= new StreamTable({
      sendBinary: (frame, done) => {
        if (!this.#socket) return false
        this.#options.streamBytes.sent += frame.byteLength - frameHeaderBytes
        this.#socket.sendBinary(frame, done)
        return true
      },
      together: write => this.#socket?.together(write),
      notify: (method, params) => this.#notify(method, params),
      violated: reason => this.end(reason),
      toRpcError: error => toRpcError(toHalibutError(error), this.principal),
      createSpool: () => this.#options.createSpool(this.id),
      memory: this.#options.streamMemory.share(this.id),
      over: () => this.#endIfDrained(),
    })
    return this.#streamTable
  }

  get hasEnded(): boolean {
    return this.#ended
  }

  get principal(): Principal {
    return this.#principal
  }

  get origin(): string | undefined {
    return this.#options.origin
  }

  takeRequest(nowMs: number): HalibutError | undefined {
    return this.#socket?.allowance?.take(nowMs) ?? this.#options.allowance?.take(nowMs)
  }

  /** Whether a browser that has received this many counted frames can go on with it. */
  canResume(received: number): boolean {
    return !this.#ended && this.outbox.reaches(received)
  }

  /** How far the browser’s frames and uploads have been received. */
  get position(): { readonly sequence: number; readonly streams: StreamPosition[] } {
    return { sequence: this.#received.count, streams: this.#streamTable?.positions() ?? [] }
  }

  /** Goes on over `socket`; with `resume`, from where the browser says that it is. */
  attach(socket: SessionSocket, resume?: { readonly received: number; readonly streams: readonly StreamPosition[] }): void {
    if (this.#ended) {
      socket.close(this.#draining ? 'going_away' : 'internal_error')
      return
    }
    this.#socket = socket
    this.#received.settle()
    this.outbox.attach(socket)
    if (!resume) return
    this.outbox.replay(resume.received)
    this.#streamTable?.resume(resume.streams)
  }

  /** The socket is lost. True where the session waits for another one; where it cannot be resumed any more it is over. */
  detach(): boolean {
    this.#socket = undefined
    this.outbox.detach()
    this.#streamTable?.detach()
    if (!this.outbox.complete) this.end()
    this.#endIfDrained()
    return !this.#ended
  }

  /** Another socket takes the session, with so many counted frames received and a fresh sign-in of its principal: the one it had is closed. */
  leaveSocket(received: number, principal: Principal): void {
    const socket = this.#socket
    this.#principal = principal
    // What the browser has got need not be kept for it, and may be gone already.
    this.outbox.acknowledge(received)
    this.detach()
    socket?.close('session_taken')
  }

  outboxFull(): void {
    this.end('outbox_full')
  }

  /** The browser does not read: what waits in the socket is dropped with it, and the session waits for another one. */
  outboxStalled(): void {
    const socket = this.#socket
    this.#options.onStalled(this)
    socket?.close('heartbeat_timeout')
  }

  outboxSent(): void {
    this.#endIfDrained()
  }

  /** Takes no request any more, and ends when those that it has, with their data streams, have come to their ends. Watches do not count. */
  drain(): void {
    this.#draining = true
    this.#requests.drain()
    this.#endIfDrained()
  }

  /** Gives up what runs: the browser is told `why`. */
  giveUp(why: HalibutError): void {
    this.#requests.stop(why)
    this.#streamTable?.breakOff(why)
  }

  /** Whether something is under way that somebody waits for the end of. */
  get #isBusy(): boolean {
    // A browser that has lost its socket may come back for its answer.
    if (!this.#socket && this.outbox.acknowledged < this.#lastResponse) return true
    return this.#requests.isBusy || this.outbox.isSending || this.#streamTable?.isEmpty === false
  }

  #endIfDrained(): void {
    if (!this.#draining || this.#ended) return
    // After whatever is being done with what has just come to its end.
    queueMicrotask(() => {
      if (!this.#isBusy) this.end('going_away')
    })
  }

  /** Ends it: what runs is cancelled without a mode, because of `why`, and the socket, where there is one, is closed for `reason`. Idempotent. */
  end(reason?: CloseReason, why: HalibutError = new HalibutError('closed', 'the browser’s session ended')): void {
    if (this.#ended) return
    this.#ended = true
    const socket = this.#socket
    this.#socket = undefined
    this.#received.settle()
    this.outbox.close()
    this.#requests.close(why)
    this.#streamTable?.close(why)
    if (reason !== undefined) socket?.close(reason)
    this.#options.onEnded(this)
  }

  /** A text frame came; `receivedMs`: when, by `performance.now()`. */
  receive(text: string, receivedMs: number = performance.now()): void {
    const frame = parseFrame(text)
    if (isCounted(frame)) this.#received.add(text.length)
    // The acknowledgement may have been more than the outbox takes.
    if (this.#ended) return
    const mayAnnounce = text.includes('$stream') || text.includes('\\u')
    this.#requests.receive(frame, { receivedMs, isLong: text.length >= longFrom, mayAnnounce })
  }

  /** A binary frame came. */
  receiveBinary(frame: Buffer): void {
    this.#options.streamBytes.received += Math.max(0, frame.byteLength - frameHeaderBytes)
    this.streams.receive(frame)
  }

  respond(text: string): void {
    this.send(text)
    this.#lastResponse = this.outbox.sent
  }

  pinged(): void {
    this.#notify(controlNotifications.ping)
  }

  cancel(id: RequestId, mode: CancelMode | undefined): void {
    this.#requests.cancel(id, mode)
  }

  creditItems(id: RequestId, sequence: number): void {
    this.#requests.creditItems(id, sequence)
  }

  requestEnded(): void {
    this.#endIfDrained()
  }

  controlled(method: string, params: object | undefined): void {
    control(this, method, params)
  }

  #notify(method: string, params?: object): void {
    this.send(JSON.stringify({ jsonrpc: '2.0', method, params }), !uncountedNotifications.has(method))
  }

  /** Sends a text frame. */
  send(text: string, counted = true): void {
    if (this.#ended) return
    this.outbox.send(text, counted)
    this.#endWhereLost()
  }

  /** Without a socket, and with text gone that a resume would need, nobody can come back. */
  #endWhereLost(): void {
    if (!this.#socket && !this.outbox.complete) this.end()
  }
}

function isCounted(frame: Frame): boolean {
  return !(
    frame.type === 'single' &&
    frame.message.type === 'notification' &&
    uncountedNotifications.has(frame.message.notification.method)
  )
}
