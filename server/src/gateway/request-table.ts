import type { CancelMode } from '@halibut-gateway/schemas/contract'
import { facadeLimits, type RequestId, type RequestMessage } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../base/errors.ts'
import { traceIdIn } from '../base/trace-id.ts'
import { announcedStreams } from '../rpc/announced-streams.ts'
import { type Dispatcher, failure, type Requested } from '../rpc/dispatcher.ts'
import { type ErrorPlace, toHalibutError } from '../rpc/error-map.ts'
import type { Frame, Message } from '../rpc/parse-frame.ts'
import { drainingError } from './draining-error.ts'
import { type Outcome, writeBatch, writeFailure, writeOutcome } from './outcome.ts'
import { type Arrival, type RequestHost, RunningRequest } from './running-request.ts'
import type { StreamTable } from './streams/stream-table.ts'

/** The session whose requests they are. */
export interface RequestsOwner extends RequestHost {
  readonly streams: StreamTable
  readonly hasEnded: boolean
  /** One more request came; the error where its caller has asked for too much. `nowMs`: by `performance.now()`. */
  takeRequest(nowMs: number): HalibutError | undefined
  /** Sends a response. */
  respond(text: string): void
  /** A notification came that is none of a method. */
  controlled(method: string, params: object | undefined): void
  /** A request or a batch has come to its end. */
  requestEnded(): void
}

/** What is known of a message by the frame in which it came. */
export interface FrameArrival extends Arrival {
  /** Only text that may hold a handle is searched for one. */
  readonly mayAnnounce: boolean
}

type Settle = (outcome: Outcome) => void

/** The requests of one session from the frame in which they came to their responses: each has exactly one, sent by itself or with its batch. */
export class RequestTable {
  readonly #owner: RequestsOwner
  readonly #dispatcher: Dispatcher
  readonly #inFlight = new Map<RequestId, RunningRequest>()
  /** Requests that run and have been answered already, or that nobody will be answered. */
  readonly #unanswered = new Set<RunningRequest>()
  /** Whose responses are sent when the last of them is there. */
  #batches = 0
  #draining = false

  constructor(owner: RequestsOwner, dispatcher: Dispatcher) {
    this.#owner = owner
    this.#dispatcher = dispatcher
  }

  /** Whether somebody waits for the end of something. Watches have none. */
  get isBusy(): boolean {
    if (this.#batches > 0 || this.#unanswered.size > 0) return true
    for (const { request } of this.#inFlight.values()) if (!this.#dispatcher.isWatch(request.method)) return true
    return false
  }

  /** A frame of the session’s came. */
  receive(frame: Frame, arrival: FrameArrival): void {
    if (frame.type === 'single') this.#handle(frame.message, arrival)
    else if (frame.type === 'batch') void this.#handleBatch(frame.messages, arrival)
    else this.#owner.respond(this.#failed(null, frame.error).text)
  }

  /** Takes no request any more. */
  drain(): void {
    this.#draining = true
  }

  /** Gives up everything, and says why. */
  stop(why: HalibutError): void {
    for (const running of [...this.#inFlight.values(), ...this.#unanswered]) running.stop(why)
  }

  /** The session is over: what may not go on without it is given up. */
  close(gone: HalibutError): void {
    for (const running of [...this.#inFlight.values(), ...this.#unanswered]) {
      if (running.outlivesSession) this.#unanswered.add(running)
      else running.stop(gone)
    }
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

  /** `settle`, in a batch, takes the outcome; else that is sent. */
  #handle(message: Message, arrival: FrameArrival, settle?: Settle): void {
    if (message.type === 'request') void this.#requested(message.request, arrival, settle)
    else if (message.type === 'invalid') this.#settle(this.#failed(message.id, message.error), settle)
    else this.#notified(message.notification, arrival)
  }

  async #handleBatch(messages: readonly Message[], arrival: FrameArrival): Promise<void> {
    const pending: Promise<Outcome>[] = []
    for (const message of messages) {
      // By one of those before: nobody would be there for the others.
      if (this.#owner.hasEnded) return
      if (message.type === 'notification') this.#notified(message.notification, arrival)
      else pending.push(new Promise(resolve => this.#handle(message, arrival, resolve)))
    }
    if (pending.length === 0) return
    this.#batches++
    const { text, outcomes } = await writeBatch(await Promise.all(pending), this.#owner.principal)
    this.#owner.respond(text)
    for (const outcome of outcomes) this.#begin(outcome)
    this.#batches--
    this.#owner.requestEnded()
  }

  #settle(outcome: Outcome, settle: Settle | undefined): void {
    if (settle) settle(outcome)
    else {
      this.#owner.respond(outcome.text)
      this.#begin(outcome)
    }
  }

  /** The response is on its way: its data streams follow. */
  #begin({ of }: Outcome): void {
    if (this.#owner.hasEnded) of?.streams.abandon()
    else of?.streams.begin()
  }

  async #requested(request: Requested, arrival: FrameArrival, settle: Settle | undefined): Promise<void> {
    const running = this.#begun(request, arrival, settle)
    if (running instanceof HalibutError) {
      this.#settle(this.#failed(request.id, running, { traceId: traceIdIn(request.traceparent) }), settle)
      return
    }
    this.#inFlight.set(request.id, running)
    const message = await this.#dispatcher.dispatch(request, running)
    running.isAnswered = true
    const outcome = this.#unanswered.has(running) ? undefined : await writeOutcome(message, running)
    // A request that was answered when it was skipped has no word in it any more.
    if (this.#unanswered.delete(running) || !outcome) running.streams.abandon()
    else {
      this.#inFlight.delete(request.id)
      // What a batch becomes is written later, as long as nobody gives it up.
      if (!settle) running.recycle()
      this.#settle(outcome, settle)
    }
    this.#owner.requestEnded()
  }

  /** The request as it runs, or why it does not. */
  #begun(request: Requested, arrival: FrameArrival, settle: Settle | undefined): RunningRequest | HalibutError {
    let running: RunningRequest
    try {
      running = this.#announced(request, arrival, settle)
    } catch (error) {
      return toHalibutError(error)
    }
    const refusal = this.#refusal(request, arrival, settle !== undefined)
    if (refusal) running.streams.abandon()
    return refusal ?? running
  }

  /** First of all, since the frames of an upload may follow a request that is refused. */
  #announced(request: Requested, arrival: FrameArrival, settle?: Settle): RunningRequest {
    const streams = this.#owner.streams.announce(arrival.mayAnnounce ? announcedStreams(request.params) : [], request.params)
    return new RunningRequest(this.#owner, request, arrival, streams, settle)
  }

  #refusal({ id, method }: Requested, { receivedMs }: FrameArrival, inBatch: boolean): HalibutError | undefined {
    if (inBatch && this.#dispatcher.isWatch(method)) {
      return new HalibutError('invalid_request', `${method} cannot stand in a batch: its response comes at its end`)
    }
    if (method === 'hello') return new HalibutError('invalid_request', 'hello was said already')
    if (this.#draining) return drainingError('takes no request any more')
    if (this.#inFlight.has(id)) return new HalibutError('duplicate_id', `a request with the id ${JSON.stringify(id)} is in flight`)
    if (this.#running < facadeLimits.callsInFlight) return this.#owner.takeRequest(receivedMs)
    return new HalibutError('too_many_calls', `${facadeLimits.callsInFlight} requests are in flight on this session`)
  }

  /** A request without an id runs like any other; nobody hears of its outcome, and a watch would have nothing to tell. */
  #notified(message: RequestMessage, arrival: FrameArrival): void {
    const { method, params } = message
    if (method.startsWith('$/')) {
      this.#owner.controlled(method, params)
      return
    }
    let running: RunningRequest
    try {
      running = this.#announced({ ...message, id: 0 }, arrival)
    } catch {
      return
    }
    const isRefused = this.#draining || this.#running >= facadeLimits.callsInFlight || this.#owner.takeRequest(arrival.receivedMs)
    if (method === 'hello' || this.#dispatcher.isWatch(method) || isRefused) {
      running.streams.abandon()
      return
    }
    this.#unanswered.add(running)
    void this.#dispatcher.dispatch(running.request, running).then(() => {
      this.#unanswered.delete(running)
      running.streams.abandon()
      this.#owner.requestEnded()
    })
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
    this.#settle(this.#failed(id, why, running), running.settle)
  }

  get #running(): number {
    return this.#inFlight.size + this.#unanswered.size
  }

  #failed(id: RequestId | null, why: HalibutError, place?: ErrorPlace): Outcome {
    const { principal } = this.#owner
    return writeFailure(failure(id, why, principal, place), principal)
  }
}

function skipped(): HalibutError {
  return new HalibutError('cancelled', 'the caller does not wait for the answer; the agent goes on', { delivery: 'unknown' })
}
