import { randomUUID } from 'node:crypto'
import type { CancelMode } from '@halibut-gateway/schemas/contract'
import {
  type CloseReason,
  controlNotifications,
  facadeLimits,
  type RequestId,
  type RequestMessage,
  type StreamPosition,
  uncountedNotifications,
} from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../base/errors.ts'
import type { MemoryBudget } from '../base/memory-budget.ts'
import { announcedStreams } from '../rpc/announced-streams.ts'
import type { Principal } from '../rpc/call-context.ts'
import { type Dispatcher, failure, type Requested } from '../rpc/dispatcher.ts'
import { toHalibutError, toRpcError } from '../rpc/error-map.ts'
import { type Frame, type Message, parseFrame } from '../rpc/parse-frame.ts'
import type { Spool } from '../runtime/data-streams.ts'
import { type Controlled, control } from './control-notifications.ts'
import { Outbox, type OutboxOwner, type TextSocket } from './outbox.ts'
import { type Outcome, writeBatch, writeFailure, writeOutcome } from './outcome.ts'
import { ReceivedFrames } from './received-frames.ts'
import type { ReplayMemory } from './replay-memory.ts'
import { type Arrival, type RequestHost, RunningRequest } from './running-request.ts'
import type { SlowReaders } from './slow-readers.ts'
import { StreamTable } from './streams/stream-table.ts'

/** The little of a WebSocket that a session needs. `done` is called when something has left for the network, or never will. */
export interface SessionSocket extends TextSocket {
  sendBinary(frame: Buffer, done: () => void): void
  /** Lets what `write` sends leave as one. */
  together(write: () => void): void
  ping(): void
  close(reason: CloseReason): void
}

/** What a session is made with. */
export interface SessionOptions {
  readonly dispatcher: Dispatcher
  readonly principal: Principal
  /** The Origin header that it was opened with; nobody else goes on with it. */
  readonly origin: string | undefined
  /** Where an upload without a length of this session is kept. */
  readonly createSpool: (session: string) => Spool
  /** What the downloads of all sessions may keep; this one has a share of it. */
  readonly downloadMemory: MemoryBudget
  /** What text that the browser has not acknowledged counts towards. */
  readonly replayMemory: ReplayMemory
  /** What text that waits in its socket counts towards. */
  readonly readers: SlowReaders
  /** Its browser does not read: the session goes on without its socket. */
  readonly onStalled: (session: Session) => void
  /** It is over, for good. */
  readonly onEnded: (session: Session) => void
}

/** What is known of a message by the frame in which it came. */
interface FrameArrival extends Arrival {
  /** Only text that may hold a handle is searched for one. */
  readonly mayAnnounce: boolean
}

/** What a text of so many characters asks for may take long, and is done in turns with others. */
const longFrom = 64 * 1024

/**
 * One browser after its hello, over one socket or, where that is lost, several: its requests in flight, its outbox, its data streams. A
 * connection attaches and detaches itself; without one the requests run on.
 */
export class Session implements RequestHost, OutboxOwner, Controlled {
  readonly id = randomUUID()
  readonly #options: SessionOptions
  readonly #inFlight = new Map<RequestId, RunningRequest>()
  /** Requests that run and have been answered already, or that nobody will be answered. */
  readonly #unanswered = new Set<RunningRequest>()
  readonly outbox: Outbox
  readonly #received: ReceivedFrames
  /** Made with the first request: an idle browser costs no more than it must. */
  #streamTable: StreamTable | undefined
  #socket: SessionSocket | undefined
  /** Whose responses are sent when the last of them is there. */
  #batches = 0
  /** The counted frame with the last response. */
  #lastResponse = 0
  #draining = false
  #ended = false

  constructor(options: SessionOptions) {
    this.#options = options
    this.outbox = new Outbox(this, options.replayMemory, options.readers)
    this.#received = new ReceivedFrames(received => this.#notify(controlNotifications.ack, { received }))
  }

  get streams(): StreamTable {
    this.#streamTable ??= new StreamTable({
      sendBinary: (frame, done) => {
        this.#socket?.sendBinary(frame, done)
        return this.#socket !== undefined
      },
      together: write => this.#socket?.together(write),
      notify: (method, params) => this.#notify(method, params),
      violated: reason => this.end(reason),
      toRpcError: error => toRpcError(toHalibutError(error), this.principal),
      createSpool: () => this.#options.createSpool(this.id),
      memory: this.#options.downloadMemory.share(this.id),
      over: () => this.#endIfDrained(),
    })
    return this.#streamTable
  }

  get principal(): Principal {
    return this.#options.principal
  }

  get origin(): string | undefined {
    return this.#options.origin
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

  /** Another socket takes the session, with so many counted frames received: the one it had is closed. */
  leaveSocket(received: number): void {
    const socket = this.#socket
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
    this.#endIfDrained()
  }

  /** Gives up what runs: the browser is told `why`. */
  giveUp(why: HalibutError): void {
    for (const running of [...this.#inFlight.values(), ...this.#unanswered]) running.stop(why)
    this.#streamTable?.breakOff(why)
  }

  /** Whether something is under way that somebody waits for the end of. */
  get #isBusy(): boolean {
    // A browser that has lost its socket may come back for its answer.
    if (!this.#socket && this.outbox.acknowledged < this.#lastResponse) return true
    if (this.#batches > 0 || this.#unanswered.size > 0 || this.outbox.isSending || this.#streamTable?.isEmpty === false) return true
    for (const { request } of this.#inFlight.values()) if (!this.#options.dispatcher.isWatch(request.method)) return true
    return false
  }

  #endIfDrained(): void {
    if (!this.#draining || this.#ended) return
    // After whatever is being done with what has just come to its end.
    queueMicrotask(() => {
      if (!this.#isBusy) this.end('going_away')
    })
  }

  /** Ends it: what runs is cancelled without a mode, and the socket, where there is one, is closed for `reason`. Idempotent. */
  end(reason?: CloseReason): void {
    if (this.#ended) return
    this.#ended = true
    const socket = this.#socket
    this.#socket = undefined
    this.#received.settle()
    this.outbox.close()
    const gone = new HalibutError('closed', 'the browser’s session ended')
    for (const running of [...this.#inFlight.values(), ...this.#unanswered]) {
      if (running.outlivesSession) this.#unanswered.add(running)
      else running.stop(gone)
    }
    this.#streamTable?.close(gone)
    if (reason !== undefined) socket?.close(reason)
    this.#options.onEnded(this)
  }

  /** A text frame came; `receivedMs`: when, by `performance.now()`. */
  receive(text: string, receivedMs: number = performance.now()): void {
    const frame = parseFrame(text)
    if (isCounted(frame)) this.#received.add(text.length)
    // The acknowledgement may have been more than the outbox takes.
    if (this.#ended) return
    const arrival = { receivedMs, isLong: text.length >= longFrom, mayAnnounce: text.includes('$stream') || text.includes('\\u') }
    if (frame.type === 'single') this.#handle(frame.message, arrival)
    else if (frame.type === 'batch') void this.#handleBatch(frame.messages, arrival)
    else this.#respond(this.#failed(null, frame.error).text)
  }

  /** A binary frame came. */
  receiveBinary(frame: Buffer): void {
    this.streams.receive(frame)
  }

  async #handleBatch(messages: readonly Message[], arrival: FrameArrival): Promise<void> {
    const pending: Promise<Outcome>[] = []
    for (const message of messages) {
      // By one of those before: nobody would be there for the others.
      if (this.#ended) return
      if (message.type === 'notification') this.#notified(message.notification, arrival)
      else pending.push(new Promise(resolve => this.#handle(message, arrival, resolve)))
    }
    if (pending.length === 0) return
    this.#batches++
    const { text, outcomes } = await writeBatch(await Promise.all(pending), this.principal)
    this.#respond(text)
    for (const outcome of outcomes) this.#begin(outcome)
    this.#batches--
    this.#endIfDrained()
  }

  /** Handles a message. `settle`, in a batch, takes its outcome; else that is sent. */
  #handle(message: Message, arrival: FrameArrival, settle?: (outcome: Outcome) => void): void {
    if (message.type === 'request') this.#requested(message.request, arrival, settle)
    else if (message.type === 'invalid') this.#settle(this.#failed(message.id, message.error), settle)
    else this.#notified(message.notification, arrival)
  }

  #settle(outcome: Outcome, settle: ((outcome: Outcome) => void) | undefined): void {
    if (settle) settle(outcome)
    else {
      this.#respond(outcome.text)
      this.#begin(outcome)
    }
  }

  #respond(text: string): void {
    this.send(text)
    this.#lastResponse = this.outbox.sent
  }

  /** The response is on its way: its data streams follow. */
  #begin({ of }: Outcome): void {
    if (this.#ended) of?.streams.abandon()
    else of?.streams.begin()
  }

  #requested(request: Requested, arrival: FrameArrival, settle: ((outcome: Outcome) => void) | undefined): void {
    const { id, method } = request
    let running: RunningRequest
    try {
      // First of all, since the frames of an upload may follow a request that is refused.
      const streams = this.streams.announce(arrival.mayAnnounce ? announcedStreams(request.params) : [], request.params)
      running = new RunningRequest(this, request, arrival, streams, settle)
    } catch (error) {
      this.#settle(this.#failed(id, toHalibutError(error)), settle)
      return
    }
    const refused = this.#refusal(id, method, settle !== undefined)
    if (refused) {
      running.streams.abandon()
      this.#settle(this.#failed(id, refused), settle)
      return
    }
    this.#inFlight.set(id, running)
    void this.#options.dispatcher.dispatch(request, running).then(message => {
      running.isAnswered = true
      const outcome = this.#unanswered.has(running) ? undefined : writeOutcome(message, running)
      if (outcome instanceof Promise) void outcome.then(written => this.#answered(running, written, settle))
      else this.#answered(running, outcome, settle)
    })
  }

  #answered(running: RunningRequest, outcome: Outcome | undefined, settle: ((outcome: Outcome) => void) | undefined): void {
    // A request that was answered when it was skipped has no word in it any more.
    if (this.#unanswered.delete(running) || !outcome) running.streams.abandon()
    else {
      this.#inFlight.delete(running.request.id)
      // What a batch becomes is written later, as long as nobody gives it up.
      if (!settle) running.recycle()
      this.#settle(outcome, settle)
    }
    this.#endIfDrained()
  }

  /** Answers it at once and lets the agent finish. What has not left yet never does, and what has run is not written any more. */
  #skip(running: RunningRequest): void {
    const why = skipped()
    if (!running.hasBegun || running.isAnswered) {
      running.stop(why)
      return
    }
    const { id } = running.request
    running.skip()
    this.#inFlight.delete(id)
    this.#unanswered.add(running)
    this.#settle(this.#failed(id, why, running.agent), running.settle)
  }

  #refusal(id: RequestId, method: string, inBatch: boolean): HalibutError | undefined {
    if (inBatch && this.#options.dispatcher.isWatch(method)) {
      return new HalibutError('invalid_request', `${method} cannot stand in a batch: its response comes at its end`)
    }
    if (method === 'hello') return new HalibutError('invalid_request', 'hello was said already')
    if (this.#draining) return new HalibutError('closed', 'the gateway is stopping, and takes no request any more')
    if (this.#inFlight.has(id)) return new HalibutError('duplicate_id', `a request with the id ${JSON.stringify(id)} is in flight`)
    if (this.#running < facadeLimits.callsInFlight) return undefined
    return new HalibutError('too_many_calls', `${facadeLimits.callsInFlight} requests are in flight on this session`)
  }

  #notified({ method, params }: RequestMessage, arrival: FrameArrival): void {
    if (method.startsWith('$/')) {
      control(this, method, params)
      return
    }
    let running: RunningRequest
    try {
      const streams = this.streams.announce(arrival.mayAnnounce ? announcedStreams(params) : [], params)
      running = new RunningRequest(this, { jsonrpc: '2.0', id: 0, method, ...(params === undefined ? {} : { params }) }, arrival, streams)
    } catch {
      return
    }
    // A request without an id runs like any other; nobody hears of its outcome, and a watch would have nothing to tell.
    const isRefused = this.#draining || this.#running >= facadeLimits.callsInFlight
    if (method === 'hello' || this.#options.dispatcher.isWatch(method) || isRefused) {
      running.streams.abandon()
      return
    }
    this.#unanswered.add(running)
    void this.#options.dispatcher.dispatch(running.request, running).then(() => {
      this.#unanswered.delete(running)
      running.streams.abandon()
      this.#endIfDrained()
    })
  }

  pinged(): void {
    this.#notify(controlNotifications.ping)
  }

  /** The browser does not want the answer of a request any more. */
  cancel(id: RequestId, mode: CancelMode | undefined): void {
    const running = this.#inFlight.get(id)
    if (!running) return
    if ((mode ?? running.cancelMode) === 'skip') this.#skip(running)
    else running.stop(new HalibutError('cancelled', 'the caller cancelled the call'))
  }

  creditItems(id: RequestId, sequence: number): void {
    this.#inFlight.get(id)?.credit(sequence)
  }

  get #running(): number {
    return this.#inFlight.size + this.#unanswered.size
  }

  #failed(id: RequestId | null, why: HalibutError, agent?: string): Outcome {
    return writeFailure(failure(id, why, this.principal, { agent }), this.principal)
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

function skipped(): HalibutError {
  return new HalibutError('cancelled', 'the caller does not wait for the answer; the agent goes on', { delivery: 'unknown' })
}

function isCounted(frame: Frame): boolean {
  return !(
    frame.type === 'single' &&
    frame.message.type === 'notification' &&
    uncountedNotifications.has(frame.message.notification.method)
  )
}
