import type { MethodParams } from '@halibut-gateway/schemas'
import { type CloseReason, facadeLimits, type RequestId, type RequestMessage } from '@halibut-gateway/schemas/wire'
import type { Principal } from '../access/principal.ts'
import type { OpenedSession } from '../rpc/call-context.ts'
import type { Dispatcher } from '../rpc/dispatcher.ts'
import { parseFrame } from '../rpc/parse-frame.ts'
import type { Allowance } from './call-rates.ts'
import type { Session, SessionSocket } from './session.ts'
import type { SessionTable } from './session-table.ts'
import { noStreams } from './streams/stream-table.ts'

/** The WebSocket of a connection. */
export interface ConnectionSocket extends SessionSocket {
  /** Bytes that came, parts of frames and all. */
  readonly bytesRead: number
}

/** What a connection is made with. */
export interface ConnectionOptions {
  readonly socket: ConnectionSocket
  readonly sessions: SessionTable
  readonly dispatcher: Dispatcher
  readonly principal: Principal
  /** How much may be asked for from its address. Default: anything. */
  readonly allowance?: Allowance | undefined
  /** The Origin header of the handshake. */
  readonly origin: string | undefined
}

/**
 * - `awaiting-hello`: nothing but one `hello` may come
 * - `greeting`: hello is being answered; what came right behind it waits for that
 * - `open`: what comes belongs to the session
 * - `closed`: nothing is sent any more
 */
type State =
  | { at: 'awaiting-hello'; timer: ReturnType<typeof setTimeout> }
  | { at: 'greeting'; early: (string | Buffer)[]; earlyBytes: number }
  | { at: 'open'; session: Session; heartbeat: ReturnType<typeof setTimeout> }
  | { at: 'closed' }

/** One WebSocket: hello first, then its session, which has it as its socket; and its heartbeat. */
export class Connection implements SessionSocket {
  readonly #options: ConnectionOptions
  #state: State
  #lastHeardMs = performance.now()
  #nextPingMs = 0
  /** At the last look of the heartbeat: when, and what had come. */
  #beatMs = 0
  #bytesRead = 0
  #confirmed = false

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#state = { at: 'awaiting-hello', timer: setTimeout(() => this.close('hello_timeout'), facadeLimits.helloMs) }
  }

  get allowance(): Allowance | undefined {
    return this.#options.allowance
  }

  get principal(): Principal {
    return this.#options.principal
  }

  /** The id of its session, once it has one. */
  get session(): string | undefined {
    return this.#state.at === 'open' ? this.#state.session.id : undefined
  }

  /** A text frame came. */
  receive(text: string): void {
    const now = performance.now()
    this.#lastHeardMs = now
    const state = this.#state
    if (state.at === 'open') {
      this.#confirm(state.session)
      state.session.receive(text, now)
      return
    }
    if (state.at === 'closed') return
    if (state.at === 'greeting') {
      this.#keep(state, text)
      return
    }
    const frame = parseFrame(text)
    const message = frame.type === 'single' && frame.message.type === 'request' ? frame.message.request : undefined
    if (state.at === 'awaiting-hello' && message?.method === 'hello') void this.#greet(message)
    else this.close('hello_required')
  }

  /** A binary frame came. */
  receiveBinary(frame: Buffer): void {
    this.heard()
    const state = this.#state
    if (state.at === 'open') {
      this.#confirm(state.session)
      state.session.receiveBinary(frame)
    } else if (state.at === 'greeting') this.#keep(state, frame)
    else if (state.at !== 'closed') this.close('hello_required')
  }

  /** Whoever speaks after hello has read its answer. */
  #confirm(session: Session): void {
    if (!this.#confirmed) this.#options.sessions.confirmToken(session)
    this.#confirmed = true
  }

  /** Something came, if only a ping or a pong. */
  heard(): void {
    this.#lastHeardMs = performance.now()
  }

  /** Closes the socket from our side. Idempotent. */
  close(reason: CloseReason): void {
    if (this.#leave()) this.#options.socket.close(reason)
  }

  /** The socket is gone, with this code. Idempotent. */
  closed(code: number): void {
    const state = this.#state
    this.#leave()
    if (state.at === 'open') this.#options.sessions.lost(state.session, code)
  }

  async #greet(request: RequestMessage & { readonly id: RequestId }): Promise<void> {
    const { dispatcher, principal, socket, sessions } = this.#options
    if (this.#state.at === 'awaiting-hello') clearTimeout(this.#state.timer)
    const greeting = { at: 'greeting', early: [], earlyBytes: 0 } satisfies State
    this.#state = greeting
    let opened: { readonly session: Session; readonly resume: MethodParams<'hello'>['resume'] } | undefined
    const response = await dispatcher.dispatch(request, {
      principal,
      traceparent: request.traceparent,
      receivedMs: performance.now(),
      signal: new AbortController().signal,
      streams: noStreams(),
      begun: () => undefined,
      writable: () => Promise.resolve(),
      sendItem: () => undefined,
      openSession: resume => {
        const { session, told } = this.#open(resume)
        opened = { session, resume: told.resumed ? resume : undefined }
        return told
      },
    })
    // The socket may have gone meanwhile. A session that was here before waits like any other whose socket was lost.
    if (this.#isClosed()) {
      if (opened && !opened.resume) opened.session.end()
      return
    }
    socket.send(JSON.stringify(response), () => undefined)
    if (!opened || 'error' in response) {
      opened?.session.end()
      return this.close(sessions.draining ? 'going_away' : 'hello_refused')
    }
    const { session, resume } = opened
    this.#nextPingMs = performance.now() + facadeLimits.pingMs
    this.#state = { at: 'open', session, heartbeat: this.#beatIn(facadeLimits.pingMs) }
    sessions.attached(session)
    session.attach(this, resume)
    this.#receiveEarly(greeting.early)
  }

  #keep(greeting: State & { at: 'greeting' }, frame: string | Buffer): void {
    greeting.earlyBytes += frame.length
    if (greeting.earlyBytes > facadeLimits.textBytes) this.close('hello_required')
    else greeting.early.push(frame)
  }

  /** What came before the answer was there tells nothing of whether it was read. */
  #receiveEarly(early: readonly (string | Buffer)[]): void {
    for (const frame of early) {
      if (this.#state.at !== 'open') return
      if (typeof frame === 'string') this.#state.session.receive(frame)
      else this.#state.session.receiveBinary(frame)
    }
  }

  #open(resume: MethodParams<'hello'>['resume']): { session: Session; told: OpenedSession } {
    const { sessions, principal, origin } = this.#options
    const resumed = resume && sessions.resume(resume, principal, origin)
    const session = typeof resumed === 'object' ? resumed : sessions.open(principal, origin)
    const told = {
      session: session.id,
      resumeToken: sessions.newToken(session),
      resumed: session === resumed,
      ...(typeof resumed === 'string' ? { reason: resumed } : {}),
      ...session.position,
    }
    return { session, told }
  }

  get unsentBytes(): number | undefined {
    return this.#options.socket.unsentBytes
  }

  send(text: string, done: () => void): void {
    this.#options.socket.send(text, done)
  }

  sendBinary(frame: Buffer, done: () => void): void {
    this.#options.socket.sendBinary(frame, done)
  }

  together(write: () => void): void {
    this.#options.socket.together(write)
  }

  ping(): void {
    this.#options.socket.ping()
  }

  /** One timer for both: the next ping, or the end of a silence where that comes first. */
  #beatIn(delayMs: number): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.#beat(), delayMs)
  }

  #beat(): void {
    const state = this.#state
    if (state.at !== 'open') return
    const now = performance.now()
    // A large frame on a slow way is no silence, though it is not whole yet.
    const { bytesRead } = this.#options.socket
    if (bytesRead !== this.#bytesRead && this.#lastHeardMs < this.#beatMs) this.#lastHeardMs = now
    this.#bytesRead = bytesRead
    this.#beatMs = now
    const deadAtMs = this.#lastHeardMs + facadeLimits.deadMs
    if (now >= deadAtMs) {
      this.#giveUp()
      return
    }
    if (now >= this.#nextPingMs) {
      this.#options.socket.ping()
      this.#nextPingMs = now + facadeLimits.pingMs
    }
    state.heartbeat = this.#beatIn(Math.ceil(Math.min(this.#nextPingMs, deadAtMs) - now))
  }

  /** The browser is silent: its session waits for it to come back. */
  #giveUp(): void {
    const state = this.#state
    this.close('heartbeat_timeout')
    if (state.at === 'open') this.#options.sessions.lost(state.session, 4410)
  }

  /** False where it was closed already. */
  #leave(): boolean {
    const state = this.#state
    if (state.at === 'closed') return false
    this.#state = { at: 'closed' }
    if (state.at === 'awaiting-hello') clearTimeout(state.timer)
    if (state.at === 'open') clearTimeout(state.heartbeat)
    return true
  }

  #isClosed(): boolean {
    return this.#state.at === 'closed'
  }
}
