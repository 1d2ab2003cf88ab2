import { closeCodes, facadeLimits, type RequestId, type StreamPosition } from '@halibut-gateway/schemas/wire'
import type { WebSocketLike } from '../websocket.ts'
import type { TestSession } from './test-session.ts'

/** The client’s end of a socket in memory. */
export class TestSocket implements WebSocketLike {
  readonly bufferedAmount = 0
  binaryType = 'arraybuffer'
  readyState = 0
  readonly #sessions: Map<string, TestSession>
  readonly #open: () => TestSession
  readonly #listeners: { readonly type: string; readonly listener: (event: never) => void }[] = []
  #session: TestSession | undefined

  /** `open` makes a session; `sessions` are those that may go on. */
  constructor(sessions: Map<string, TestSession>, open: () => TestSession) {
    this.#sessions = sessions
    this.#open = open
    setTimeout(() => {
      this.readyState = 1
      this.#emit('open', {})
    })
  }

  addEventListener(type: string, listener: (event: never) => void): void {
    this.#listeners.push({ type, listener })
  }

  send(data: string | Uint8Array): void {
    // As on a network, what is sent is heard a little later.
    const copy = typeof data === 'string' ? data : data.slice()
    setTimeout(() => this.#hear(copy))
  }

  close(code = closeCodes.normal.code as number, reason = ''): void {
    if (this.readyState === 3) return
    const session = this.#session
    this.ended(code, reason)
    if (session && code === closeCodes.normal.code && this.#sessions.delete(session.id)) session.end()
  }

  /** Something for the client. */
  deliver(data: string | Uint8Array<ArrayBuffer>): void {
    setTimeout(() => this.#emit('message', { data: typeof data === 'string' ? data : data.buffer }))
  }

  ended(code: number, reason = ''): void {
    if (this.readyState === 3) return
    this.readyState = 3
    this.#emit('close', { code, reason })
  }

  #hear(data: string | Uint8Array): void {
    if (this.readyState !== 1) return
    if (typeof data !== 'string') this.#session?.streams.receive(data)
    else if (this.#session) this.#session.receive(data)
    else this.#greet(JSON.parse(data) as never)
  }

  #greet({ id, params }: { id: RequestId; params: { resume?: { session: string; received: number; streams: StreamPosition[] } } }): void {
    const known = params.resume && this.#sessions.get(params.resume.session)
    const session = known ?? this.#open()
    this.#sessions.set(session.id, session)
    this.#session = session
    const result = {
      server: { name: 'halibut-gateway in memory', version: '0' },
      session: session.id,
      resumeToken: 'test',
      resumed: known !== undefined,
      ...(params.resume && !known ? { reason: 'the session was forgotten' } : {}),
      ...session.position,
      epoch: session.epoch,
      principal: { name: 'test', role: 'admin' },
      limits: facadeLimits,
    }
    this.deliver(JSON.stringify({ jsonrpc: '2.0', id, result }))
    session.attach(this, known && params.resume)
  }

  #emit(type: string, event: object): void {
    if (type === 'message' && this.readyState !== 1) return
    for (const each of this.#listeners) if (each.type === type) each.listener(event as never)
  }
}
