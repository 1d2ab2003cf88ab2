import type { CancelMode } from '@halibut-gateway/schemas/contract'
import {
  closeCodes,
  controlNotifications,
  facadeLimits,
  type LargeResult,
  type RequestId,
  type RequestMessage,
  type RpcError,
  type StreamPosition,
  uncountedNotifications,
} from '@halibut-gateway/schemas/wire'
import { handlesIn } from '../stream-handles.ts'
import { cancelled } from './test-error.ts'
import { TestStreams } from './test-streams.ts'

/** What a session needs of the client’s end of its socket. */
interface ClientEnd {
  /** Something for the client. */
  deliver(data: string | Uint8Array<ArrayBuffer>): void
  ended(code: number): void
}

/** Why an answer is not wanted any more: its request was cancelled, with this mode or without one, or its session is over. */
export type Leaving = CancelMode | 'cancelled' | 'over'

/** A request that waits for its answer. */
export interface Requester {
  readonly session: TestSession
  readonly traceparent: string | undefined
  /** Aborted when the answer is not wanted any more; the reason is a {@link Leaving}. */
  readonly signal: AbortSignal
}

/** Answers a request of a session. Never rejects. */
export type Answer = (method: string, params: unknown, requester: Requester) => Promise<{ result: unknown } | { error: RpcError }>

/** A session of the gateway in memory, over one socket after another: nothing is ever lost in it. */
export class TestSession {
  readonly id = `session-${Math.random().toString(36).slice(2)}`
  readonly epoch: string
  readonly streams = new TestStreams({
    notify: (method, params) => this.#notify(method, params),
    sendBinary: frame => this.#socket?.deliver(frame),
  })
  readonly #answer: Answer
  readonly #running = new Map<RequestId, AbortController>()
  readonly #watches = new Map<RequestId, { readonly method: string; sequence: number }>()
  readonly #sent: string[] = []
  #received = 0
  #socket: ClientEnd | undefined

  constructor(epoch: string, answer: Answer) {
    this.epoch = epoch
    this.#answer = answer
  }

  get position(): { sequence: number; streams: StreamPosition[] } {
    return { sequence: this.#received, streams: this.streams.positions }
  }

  /** Goes on over a socket, from where its client is. */
  attach(socket: ClientEnd, from?: { readonly received: number; readonly streams: readonly StreamPosition[] }): void {
    this.#socket = socket
    if (!from) return
    const missed = this.#sent.slice(from.received)
    for (const text of missed) socket.deliver(text)
    this.streams.resume(from.streams)
  }

  /** The socket ends without a word. */
  cut(): void {
    const socket = this.#socket
    this.#socket = undefined
    socket?.ended(closeCodes.abnormal.code)
  }

  /** Nobody comes back to it. */
  end(): void {
    for (const stop of [...this.#running.values()]) stop.abort('over' satisfies Leaving)
    this.cut()
  }

  receive(text: string): void {
    const parsed = JSON.parse(text) as RequestMessage | RequestMessage[]
    if (Array.isArray(parsed) || !uncountedNotifications.has(parsed.method) || parsed.id !== undefined) this.#received++
    for (const message of Array.isArray(parsed) ? parsed : [parsed]) {
      if (message.id === undefined) this.#notified(message.method, message.params as never)
      else void this.#run(message.id, message)
    }
  }

  /** Sends the items of a watch until it is cancelled. `first` comes before all others. */
  watch(method: string, first: unknown, { signal }: Requester): Promise<never> {
    const [id] = [...this.#running].find(([, stop]) => stop.signal === signal) ?? []
    if (id !== undefined) {
      this.#watches.set(id, { method, sequence: 0 })
      if (first !== undefined) this.#item(id, first)
    }
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(cancelled(true))))
  }

  /** An item for every watch of a method. */
  tell(method: string, item: unknown): void {
    for (const [id, watch] of this.#watches) if (watch.method === method) this.#item(id, item)
  }

  async #run(id: RequestId, { method, params, traceparent }: RequestMessage): Promise<void> {
    const stop = new AbortController()
    this.#running.set(id, stop)
    const outcome = this.#fitting(await this.#answer(method, params, { session: this, traceparent, signal: stop.signal }))
    this.#running.delete(id)
    this.#watches.delete(id)
    this.#send({ jsonrpc: '2.0', id, ...outcome })
    this.#sendDownloads(outcome)
  }

  /** A result that is longer than a text frame goes as a data stream of its JSON. */
  #fitting(outcome: Awaited<ReturnType<Answer>>): Awaited<ReturnType<Answer>> {
    if ('error' in outcome) return outcome
    const json = new TextEncoder().encode(JSON.stringify(outcome.result))
    if (json.byteLength <= facadeLimits.textBytes) return outcome
    return { result: { $json: this.streams.download(json, false), streams: handlesIn(outcome.result) } satisfies LargeResult }
  }

  /** The content of downloads follows the response that announces them. */
  #sendDownloads(response: unknown): void {
    for (const { $stream } of handlesIn(response)) this.streams.send($stream, 0)
  }

  #notified(method: string, params: { id: RequestId; mode?: CancelMode; stream: number; length: number }): void {
    const { cancel, ping, streamEnd, streamCancel } = controlNotifications
    if (method === cancel) this.#running.get(params.id)?.abort(params.mode ?? ('cancelled' satisfies Leaving))
    else if (method === ping) this.#notify(ping)
    else if (method === streamEnd) this.streams.ended(params.stream, params.length)
    else if (method === streamCancel) this.streams.cancelled(params.stream)
  }

  #item(id: RequestId, item: unknown): void {
    const watch = this.#watches.get(id)
    if (watch) this.#notify(controlNotifications.progress, { id, sequence: ++watch.sequence, item })
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
