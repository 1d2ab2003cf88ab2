import {
  closeCodes,
  controlNotifications,
  facadeLimits,
  frameHeaderBytes,
  isStreamHandle,
  type RequestId,
  type RequestMessage,
  type RpcError,
  readFrameHeader,
  type StreamHandle,
  type StreamPosition,
  uncountedNotifications,
  writeFrameHeader,
} from '@halibut-gateway/schemas/wire'
import type { WebSocketLike } from '../websocket.ts'

/** Answers a request of a session. Never rejects. */
type Answer = (
  method: string,
  params: unknown,
  session: TestSession,
  signal: AbortSignal,
) => Promise<{ result: unknown } | { error: RpcError }>

interface Upload {
  readonly chunks: Uint8Array[]
  received: number
  /** Once all is there. */
  length: number | undefined
  wake: () => void
}

/** A session of the gateway in memory, over one socket after another: nothing is ever lost in it. */
export class TestSession {
  readonly id = `session-${Math.random().toString(36).slice(2)}`
  readonly epoch: string
  readonly #answer: Answer
  readonly #running = new Map<RequestId, AbortController>()
  readonly #watches = new Map<RequestId, { readonly method: string; sequence: number }>()
  readonly #uploads = new Map<number, Upload>()
  readonly #downloads = new Map<number, Uint8Array>()
  readonly #sent: string[] = []
  #received = 0
  #socket: TestSocket | undefined

  constructor(epoch: string, answer: Answer) {
    this.epoch = epoch
    this.#answer = answer
  }

  get position(): { sequence: number; streams: StreamPosition[] } {
    return { sequence: this.#received, streams: [...this.#uploads].map(([stream, { received }]) => ({ stream, received })) }
  }

  /** Goes on over a socket, from where its client is. */
  attach(socket: TestSocket, from?: { readonly received: number; readonly streams: readonly StreamPosition[] }): void {
    this.#socket = socket
    if (!from) return
    for (const text of this.#sent.slice(from.received)) socket.deliver(text)
    for (const { stream, received } of from.streams) this.#content(stream, received)
  }

  /** The socket ends without a word. */
  cut(): void {
    const socket = this.#socket
    this.#socket = undefined
    socket?.ended(closeCodes.abnormal.code)
  }

  receive(text: string): void {
    const parsed = JSON.parse(text) as RequestMessage | RequestMessage[]
    if (Array.isArray(parsed) || !uncountedNotifications.has(parsed.method) || parsed.id !== undefined) this.#received++
    for (const message of Array.isArray(parsed) ? parsed : [parsed]) {
      if (message.id === undefined) this.#notified(message.method, message.params as never)
      else void this.#run(message.id, message.method, message.params)
    }
  }

  receiveBinary(frame: Uint8Array): void {
    const header = readFrameHeader(frame)
    if (!header) return
    const upload = this.#upload(header.stream)
    if (header.offset !== upload.received) return
    upload.chunks.push(frame.slice(frameHeaderBytes))
    upload.received += frame.byteLength - frameHeaderBytes
    this.#notify(controlNotifications.streamCredit, { stream: header.stream, offset: upload.received + facadeLimits.streamCreditBytes })
    upload.wake()
  }

  /** The uploads of a request, each once it is there whole. */
  async uploads(args: unknown): Promise<Map<number, Uint8Array>> {
    const contents = new Map<number, Uint8Array>()
    for (const { $stream } of handlesIn(args)) {
      const upload = this.#upload($stream)
      while (upload.length === undefined || upload.received < upload.length) {
        await new Promise<void>(resolve => {
          upload.wake = resolve
        })
      }
      contents.set($stream, joined(upload))
      this.#uploads.delete($stream)
    }
    return contents
  }

  /** Offers bytes as a download; they follow the response. */
  download(bytes: Uint8Array): StreamHandle {
    const id = 2 * (this.#downloads.size + 1)
    this.#downloads.set(id, bytes)
    queueMicrotask(() => setTimeout(() => this.#content(id, 0)))
    return { $stream: id, length: bytes.byteLength }
  }

  /** Sends the items of a watch until it is cancelled. */
  watch(method: string, first: unknown, signal: AbortSignal): Promise<never> {
    const [id] = [...this.#running].find(([, stop]) => stop.signal === signal) ?? []
    if (id !== undefined) {
      this.#watches.set(id, { method, sequence: 0 })
      this.#item(id, first)
    }
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  }

  /** An item for every watch of a method. */
  tell(method: string, item: unknown): void {
    for (const [id, watch] of this.#watches) if (watch.method === method) this.#item(id, item)
  }

  async #run(id: RequestId, method: string, params: unknown): Promise<void> {
    const stop = new AbortController()
    this.#running.set(id, stop)
    const outcome = await this.#answer(method, params, this, stop.signal)
    this.#running.delete(id)
    this.#watches.delete(id)
    this.#send({ jsonrpc: '2.0', id, ...outcome })
  }

  #notified(method: string, params: { id: RequestId; stream: number; length: number }): void {
    if (method === controlNotifications.cancel) this.#running.get(params.id)?.abort()
    else if (method === controlNotifications.streamEnd) {
      const upload = this.#upload(params.stream)
      upload.length = params.length
      upload.wake()
    } else if (method === controlNotifications.ping) this.#notify(method)
    else if (method === controlNotifications.streamCancel) this.#downloads.set(params.stream, new Uint8Array())
  }

  #item(id: RequestId, item: unknown): void {
    const watch = this.#watches.get(id)
    if (watch) this.#notify(controlNotifications.progress, { id, sequence: ++watch.sequence, item })
  }

  #content(stream: number, from: number): void {
    const bytes = this.#downloads.get(stream)
    if (!bytes) return
    for (let at = from; at < bytes.byteLength; at += facadeLimits.chunkBytes) {
      const content = bytes.subarray(at, at + facadeLimits.chunkBytes)
      const frame = new Uint8Array(frameHeaderBytes + content.byteLength)
      writeFrameHeader(frame, stream, at)
      frame.set(content, frameHeaderBytes)
      this.#socket?.deliver(frame)
    }
    if (from === 0) this.#notify(controlNotifications.streamEnd, { stream, length: bytes.byteLength })
  }

  #upload(stream: number): Upload {
    let upload = this.#uploads.get(stream)
    if (!upload) {
      upload = { chunks: [], received: 0, length: undefined, wake: () => undefined }
      this.#uploads.set(stream, upload)
    }
    return upload
  }

  #notify(method: string, params?: object): void {
    this.#send({ jsonrpc: '2.0', method, params }, !uncountedNotifications.has(method))
  }

  #send(message: object, counted = true): void {
    const text = JSON.stringify(message)
    if (counted) this.#sent.push(text)
    this.#socket?.deliver(text)
  }
}

/** The client’s end of a socket in memory. */
export class TestSocket implements WebSocketLike {
  readonly bufferedAmount = 0
  binaryType = 'arraybuffer'
  readyState = 0
  readonly #sessions: Map<string, TestSession>
  readonly #open: () => TestSession
  readonly #listeners: { readonly type: string; readonly listener: (event: never) => void }[] = []
  #session: TestSession | undefined

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

  close(code = closeCodes.normal.code as number): void {
    if (this.#session && code === closeCodes.normal.code) this.#sessions.delete(this.#session.id)
    this.ended(code)
  }

  /** Something for the client. */
  deliver(data: string | Uint8Array<ArrayBuffer>): void {
    setTimeout(() => this.#emit('message', { data: typeof data === 'string' ? data : data.buffer }))
  }

  ended(code: number): void {
    if (this.readyState === 3) return
    this.readyState = 3
    this.#emit('close', { code, reason: '' })
  }

  #hear(data: string | Uint8Array): void {
    if (this.readyState !== 1) return
    if (typeof data !== 'string') this.#session?.receiveBinary(data)
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

function handlesIn(value: unknown): StreamHandle[] {
  if (typeof value !== 'object' || value === null) return []
  return isStreamHandle(value) ? [value] : Object.values(value).flatMap(handlesIn)
}

function joined({ chunks, received }: Upload): Uint8Array {
  const all = new Uint8Array(received)
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.byteLength
  }
  return all
}
