import { randomUUID } from 'node:crypto'
import { clientNotifications, serverNotifications } from '@halibut-gateway/schemas'
import {
  type CloseReason,
  controlNotifications,
  facadeLimits,
  type RequestId,
  type RequestMessage,
  type ResponseMessage,
} from '@halibut-gateway/schemas/wire'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { HalibutError } from '../base/errors.ts'
import type { LogSink } from '../base/log.ts'
import { type Dispatcher, failure, type Principal } from '../rpc/dispatcher.ts'
import { type Message, parseFrame } from '../rpc/parse-frame.ts'

/** The little of a WebSocket that a session needs. */
export interface SessionSocket {
  /** `done` is called when the text has left for the network, or never will. */
  send(text: string, done: () => void): void
  ping(): void
  close(reason: CloseReason): void
}

/** What a session is made with. */
export interface SessionOptions {
  readonly socket: SessionSocket
  readonly dispatcher: Dispatcher
  readonly principal: Principal
  readonly log: LogSink
}

/**
 * - `awaiting-hello`: nothing but one `hello` may come
 * - `greeting`: hello is being answered; what comes meanwhile is closed like anything else before hello
 * - `open`: requests run
 * - `closed`: nothing is sent any more; what ran is aborted
 */
type State =
  | { at: 'awaiting-hello'; timer: ReturnType<typeof setTimeout> }
  | { at: 'greeting' }
  | { at: 'open'; heartbeat: ReturnType<typeof setInterval> }
  | { at: 'closed' }

/** Text that waits below this many bytes counts as "the client reads fast enough". */
const writableBytes = 256 * 1024

const cancelCheck = TypeCompiler.Compile(clientNotifications['$/cancel'])
const progressCheck = TypeCompiler.Compile(serverNotifications['$/progress'])

/** One browser: hello first, its requests in flight, its outbox, its heartbeat, and why it ended. */
export class Session {
  readonly id = randomUUID()
  readonly #options: SessionOptions
  readonly #inFlight = new Map<RequestId, AbortController>()
  readonly #unnamed = new Set<AbortController>()
  readonly #waitingToWrite = new Set<() => void>()
  #state: State
  #queuedBytes = 0
  #lastHeardMs = Date.now()

  constructor(options: SessionOptions) {
    this.#options = options
    this.#state = { at: 'awaiting-hello', timer: setTimeout(() => this.close('hello_timeout'), facadeLimits.helloMs) }
  }

  /** A text frame came. */
  receive(text: string): void {
    this.heard()
    if (this.#state.at === 'closed') return
    const frame = parseFrame(text)
    if (this.#state.at !== 'open') {
      const message = frame.type === 'single' && frame.message.type === 'request' ? frame.message.request : undefined
      if (this.#state.at === 'awaiting-hello' && message?.method === 'hello') void this.#greet(message)
      else this.close('hello_required')
      return
    }
    if (frame.type === 'broken') this.#send(failure(null, frame.error, this.#options.principal))
    else if (frame.type === 'single') {
      const answer = this.#handle(frame.message)
      if (answer) void answer.then(response => this.#send(response))
    } else void this.#handleBatch(frame.messages)
  }

  /** A binary frame came: no data stream is ever open in this version. */
  receiveBinary(): void {
    this.close('binary_refused')
  }

  /** Something came, if only a pong. */
  heard(): void {
    this.#lastHeardMs = Date.now()
  }

  /** Ends the session from our side. Idempotent. */
  close(reason: CloseReason): void {
    if (this.#state.at === 'closed') return
    this.closed()
    this.#options.socket.close(reason)
  }

  /** The socket is gone: whatever ran is given up. Idempotent. */
  closed(): void {
    const state = this.#state
    if (state.at === 'closed') return
    this.#state = { at: 'closed' }
    if (state.at === 'awaiting-hello') clearTimeout(state.timer)
    if (state.at === 'open') clearInterval(state.heartbeat)
    const gone = new HalibutError('cancelled', 'the browser’s socket ended')
    for (const running of [...this.#inFlight.values(), ...this.#unnamed]) running.abort(gone)
    for (const resolve of this.#waitingToWrite) resolve()
    this.#waitingToWrite.clear()
  }

  async #greet(request: RequestMessage & { readonly id: RequestId }): Promise<void> {
    if (this.#state.at === 'awaiting-hello') clearTimeout(this.#state.timer)
    this.#state = { at: 'greeting' }
    const response = await this.#run(request, new AbortController())
    if (this.#isClosed()) return
    this.#send(response)
    if ('error' in response) {
      this.close('hello_refused')
      return
    }
    this.#state = { at: 'open', heartbeat: setInterval(() => this.#beat(), facadeLimits.pingMs) }
  }

  #beat(): void {
    if (Date.now() - this.#lastHeardMs >= facadeLimits.deadMs) this.close('heartbeat_timeout')
    else this.#options.socket.ping()
  }

  async #handleBatch(messages: readonly Message[]): Promise<void> {
    const answers = messages.map(message => {
      if (message.type === 'request' && this.#options.dispatcher.isWatch(message.request.method)) {
        return Promise.resolve(
          this.#refuse(
            message.request.id,
            'invalid_request',
            `${message.request.method} cannot stand in a batch: its response comes at its end`,
          ),
        )
      }
      return this.#handle(message)
    })
    const responses = await Promise.all(answers.filter(answer => answer !== undefined))
    if (responses.length > 0) this.#send(responses)
  }

  /** The response to come; `undefined` for what gets none. */
  #handle(message: Message): Promise<ResponseMessage> | undefined {
    switch (message.type) {
      case 'invalid':
        return Promise.resolve(failure(message.id, message.error, this.#options.principal))
      case 'notification':
        this.#notified(message.notification)
        return undefined
      case 'request':
        return this.#request(message.request)
    }
  }

  async #request(request: RequestMessage & { readonly id: RequestId }): Promise<ResponseMessage> {
    const { id, method } = request
    if (method === 'hello') return this.#refuse(id, 'invalid_request', 'hello was said already')
    if (this.#inFlight.has(id)) return this.#refuse(id, 'duplicate_id', `a request with the id ${JSON.stringify(id)} is in flight`)
    if (this.#running >= facadeLimits.callsInFlight) {
      return this.#refuse(id, 'too_many_calls', `${facadeLimits.callsInFlight} requests are in flight on this socket`)
    }
    const stop = new AbortController()
    this.#inFlight.set(id, stop)
    try {
      return await this.#run(request, stop)
    } finally {
      this.#inFlight.delete(id)
    }
  }

  #notified(notification: RequestMessage): void {
    const { method, params } = notification
    if (method.startsWith('$/')) {
      if (method === controlNotifications.cancel && cancelCheck.Check(params)) {
        this.#inFlight.get(params.id)?.abort(new HalibutError('cancelled', 'the caller cancelled the call'))
      }
      return
    }
    // A request without an id runs like any other; nobody hears of its outcome, and a watch would have nothing to tell.
    if (method === 'hello' || this.#options.dispatcher.isWatch(method) || this.#running >= facadeLimits.callsInFlight) return
    const stop = new AbortController()
    this.#unnamed.add(stop)
    void this.#run({ ...notification, id: 0 }, stop).finally(() => this.#unnamed.delete(stop))
  }

  get #running(): number {
    return this.#inFlight.size + this.#unnamed.size
  }

  #run(request: RequestMessage & { readonly id: RequestId }, stop: AbortController): Promise<ResponseMessage> {
    return this.#options.dispatcher.dispatch(request, {
      principal: this.#options.principal,
      session: this.id,
      signal: stop.signal,
      writable: () => this.#writable(),
      sendItem: (sequence, item) => {
        const params = { id: request.id, sequence, item }
        if (!progressCheck.Check(params)) throw new Error('a progress notification does not fit its schema')
        this.#send({ jsonrpc: '2.0', method: controlNotifications.progress, params })
      },
    })
  }

  #refuse(id: RequestId, kind: 'invalid_request' | 'duplicate_id' | 'too_many_calls', message: string): ResponseMessage {
    return failure(id, new HalibutError(kind, message), this.#options.principal)
  }

  #send(message: ResponseMessage | readonly ResponseMessage[] | RequestMessage): void {
    if (this.#isClosed()) return
    const text = JSON.stringify(message)
    const bytes = Buffer.byteLength(text)
    this.#queuedBytes += bytes
    if (this.#queuedBytes > facadeLimits.outboxBytes) {
      this.close('outbox_full')
      return
    }
    this.#options.socket.send(text, () => {
      this.#queuedBytes -= bytes
      if (this.#queuedBytes > writableBytes) return
      for (const resolve of this.#waitingToWrite) resolve()
      this.#waitingToWrite.clear()
    })
  }

  #writable(): Promise<void> {
    if (this.#queuedBytes <= writableBytes || this.#isClosed()) return Promise.resolve()
    return new Promise(resolve => this.#waitingToWrite.add(resolve))
  }

  #isClosed(): boolean {
    return this.#state.at === 'closed'
  }
}
