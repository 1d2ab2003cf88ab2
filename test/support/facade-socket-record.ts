import type { RequestId, ResponseMessage } from '@halibut-gateway/schemas/wire'
import { closeCodes } from '@halibut-gateway/schemas/wire'
import type { WebSocketFactory, WebSocketLike } from '../../client-sdk/src/index.ts'

interface Welcomed {
  readonly session: string
  readonly resumed: boolean
  readonly reason?: string
}

type Heard = ResponseMessage | { readonly method: string; readonly params: { readonly id: RequestId; readonly sequence: number } }

/** Answers to hello that may be lost one after the other before a session is (the gateway keeps so many of its tokens). */
const keptTokens = 4

/** Codes that a socket may close with in a schedule: all others say that somebody broke a rule. */
const allowedCodes: readonly number[] = [closeCodes.normal.code, closeCodes.going_away.code, closeCodes.abnormal.code, 1005]

/** What goes over the sockets of one client: who was answered, and how often a session was lost. */
export class SocketRecord {
  readonly faults: string[] = []
  /** Sessions that went on over another socket. */
  resumed = 0
  /** Sessions that did not. */
  lost = 0
  /** Frames, in both directions: something goes on as long as it grows. */
  frames = 0
  /** Credits that the client gave for downloads. */
  credits = 0
  #session: string | undefined
  #lostHellos = 0
  #restarts = 0
  /** Restarts before the socket was opened that the session was last heard of on. */
  #restartsBefore = 0
  readonly #sessions = new Map<RequestId, string | undefined>()
  readonly #answers = new Map<RequestId, number>()
  readonly #items = new Map<RequestId, number>()

  /** The gateway has started anew: sessions of sockets that were opened before may be lost. */
  restarted(): void {
    this.#restarts++
  }

  /** Requests of the present session that have no answer. */
  unanswered(): RequestId[] {
    return [...this.#sessions].filter(([id, session]) => session === this.#session && !this.#answers.has(id)).map(([id]) => id)
  }

  /** The same factory, whose sockets are recorded. */
  readonly of = (open: WebSocketFactory): WebSocketFactory => {
    return (url, protocols) => this.#record(open(url, protocols))
  }

  #record(socket: WebSocketLike): WebSocketLike {
    const send = socket.send.bind(socket)
    const restarts = this.#restarts
    let resumes = false
    socket.send = data => {
      this.frames++
      if (typeof data === 'string') {
        const { id, method, params } = JSON.parse(data) as { id?: RequestId; method: string; params?: object }
        if (method === 'hello') {
          resumes = params !== undefined && 'resume' in params
          if (resumes) this.#lostHellos++
        } else if (id !== undefined) this.#sessions.set(id, this.#session)
        if (method === '$/stream/credit') this.credits++
      }
      send(data)
    }
    socket.addEventListener('message', ({ data }) => {
      this.frames++
      if (typeof data === 'string') this.#heard(JSON.parse(data) as Heard, resumes, restarts)
    })
    socket.addEventListener('close', ({ code }) => {
      if (!allowedCodes.includes(code)) this.faults.push(`a socket closed with ${code}`)
    })
    return socket
  }

  #heard(message: Heard, resumes: boolean, restarts: number): void {
    if ('method' in message) {
      if (message.method === '$/progress') this.#item(message.params)
      return
    }
    const { id } = message
    if (id === 'hello') {
      this.#welcomed((message as { result: Welcomed }).result, resumes, restarts)
      return
    }
    if (id === null || !this.#sessions.has(id)) {
      this.faults.push(`a response for ${id}, which nobody asked for`)
      return
    }
    const count = (this.#answers.get(id) ?? 0) + 1
    this.#answers.set(id, count)
    if (count > 1) this.faults.push(`request ${id} got ${count} responses`)
  }

  #item({ id, sequence }: { readonly id: RequestId; readonly sequence: number }): void {
    const last = this.#items.get(id) ?? 0
    if (sequence !== last + 1) this.faults.push(`item ${sequence} of watch ${id} came after item ${last}`)
    if (this.#answers.has(id)) this.faults.push(`an item of watch ${id} came after its response`)
    this.#items.set(id, sequence)
  }

  #welcomed({ session, resumed, reason }: Welcomed, resumes: boolean, restarts: number): void {
    if (resumed) this.resumed++
    else if (resumes) {
      this.lost++
      if (restarts === this.#restartsBefore && this.#lostHellos < keptTokens)
        this.faults.push(`a session was lost without cause: ${reason}`)
    }
    this.#lostHellos = 0
    this.#restartsBefore = restarts
    this.#session = session
  }
}
