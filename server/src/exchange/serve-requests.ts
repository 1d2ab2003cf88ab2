import type { ByteChannel, Peer } from '../base/byte-channel.ts'
import type { HalibutError } from '../base/errors.ts'
import type { MemoryCharge } from '../base/memory-charge.ts'
import { END } from '../codec/control-message.ts'
import { type DecodedRequest, decodeRequest, type EncodedMessage } from '../codec/envelope.ts'
import { requestIdIn } from '../codec/request-head.ts'
import type { TypeRegistry } from '../codec/type-registry.ts'
import { decodeLargeRequest, inTurnsFromBytes } from './decode-in-turns.ts'
import { isTooMuch } from './too-much.ts'
import type { Transfer } from './transfer.ts'

/** One incoming call as the service host sees it. */
export interface IncomingCall {
  readonly request: DecodedRequest
  readonly peer: Peer
  /** Aborted when the connection is lost, or the runtime closes, before the response has been sent. Made on first use. */
  readonly signal: AbortSignal
}

/** Runs a call and encodes its answer; turns every failure of the service into an error response and so never rejects for one. */
export type RequestHandler = (call: IncomingCall) => EncodedMessage | Promise<EncodedMessage>

/** What a service’s conversation needs beyond the transfer. */
export interface ServiceSide {
  readonly registry: TypeRegistry
  readonly handle: RequestHandler
  /** The answer to a request that is not going to have another. */
  readonly refuse: (requestId: string, why: HalibutError) => EncodedMessage
  /** Told of a request that was too much, before it is refused. */
  readonly onTooMuch: (peer: Peer, why: HalibutError) => void
  /** The conversations that are under way. */
  readonly serving: Set<RequestServer>
  /** No request is taken beyond those that are here: each conversation ends with the one that it has. */
  draining: boolean
}

interface Received {
  readonly request: { readonly null: true } | DecodedRequest
  /** What the values of a large one are charged with. */
  readonly charge: MemoryCharge | undefined
}

/** Serves requests on one connection, one at a time: the part that listening and polling services share (spec §3.2, §3.3). */
export class RequestServer {
  readonly #transfer: Transfer
  readonly #service: ServiceSide
  #running: Call | undefined
  /** While no request is here or announced: what had been read then. */
  #idleAtBytes: number | undefined

  constructor(transfer: Transfer, service: ServiceSide) {
    this.#transfer = transfer
    this.#service = service
    service.serving.add(this)
    // One subscription a connection, not one a call: calls come and go, and the promise stays.
    void transfer.channel.closed.then(() => {
      service.serving.delete(this)
      this.#running?.abort()
    })
  }

  /** Whether the conversation ends here. */
  get draining(): boolean {
    return this.#service.draining
  }

  /** Resolves when its connection is gone. */
  get over(): Promise<void> {
    return this.#transfer.channel.closed
  }

  /** The peer may be quiet for long from here on: until it says something, nothing is under way. */
  rest(): void {
    this.#idleAtBytes = this.#transfer.channel.bytesRead
  }

  /** It has said something. */
  wake(): void {
    this.#idleAtBytes = undefined
  }

  /** Ends the connection where nothing is under way on it; elsewhere the conversation does so itself. */
  endIfIdle(): void {
    const { channel } = this.#transfer
    if (this.#idleAtBytes === channel.bytesRead) void channel.close()
  }

  /** Answers what runs with `why` in the place of its result, which nobody waits for any more, and ends the connection. */
  async giveUp(why: HalibutError): Promise<void> {
    const { channel } = this.#transfer
    const running = this.#running
    if (running) {
      running.abort(why)
      try {
        await this.#transfer.send(this.#service.refuse(running.request.id, why))
      } catch {
        // Then the end of its connection tells the caller.
      }
    }
    await channel.close()
  }

  /** Receives, runs and answers one request; `after` travels with the response. False for the null message, which has no answer. */
  async serveOne(firstByteTimeoutMs: number, after: Buffer): Promise<boolean> {
    const transfer = this.#transfer
    const received = await this.#receive(firstByteTimeoutMs)
    if ('refusal' in received) {
      await transfer.send(received.refusal, undefined, this.#after(after))
      return true
    }
    const { request, charge } = received
    if (request.null) {
      charge?.release()
      return false
    }
    const streams = request.streams.length > 0 ? transfer.receiveStreams(request.id, request.streams) : undefined
    const call = new Call(request, transfer.channel)
    this.#running = call
    let response: EncodedMessage
    try {
      const handled = this.#service.handle(call)
      response = handled instanceof Promise ? await handled : handled
    } finally {
      this.#running = undefined
      charge?.release()
    }
    if (streams) {
      // A caller reads nothing before it has sent everything, so the request is finished before the response begins.
      streams.settle(new Set(response.streams))
      await streams.done
    }
    const sent = transfer.send(response, undefined, this.#after(after), request.id)
    if (sent) await sent
    return true
  }

  #after(after: Buffer): Buffer {
    return after.length > 0 && this.draining ? END : after
  }

  /**
   * The next request; or the answer to one that is too much for us: it has come to its end, and its connection goes on. Where the request
   * has data streams, which nobody knows, the connection breaks at them.
   */
  async #receive(firstByteTimeoutMs: number): Promise<Received | { readonly refusal: EncodedMessage }> {
    const transfer = this.#transfer
    const { registry, refuse, onTooMuch } = this.#service
    const { limits } = transfer.options
    let document: Buffer | undefined
    try {
      const received = transfer.receive(firstByteTimeoutMs, true)
      document = received instanceof Promise ? await received : received
      this.wake()
      if (document.length >= inTurnsFromBytes) return await decodeLargeRequest(transfer, document, registry)
      return { request: decodeRequest(document, registry, limits), charge: undefined }
    } catch (why) {
      this.wake()
      const head = document ?? (transfer.passedOver(why) ? transfer.passedOverHead : undefined)
      if (head === undefined || !isTooMuch(why)) throw why
      const id = requestIdIn(head)
      if (id === undefined) throw why
      onTooMuch(transfer.channel.peer, why)
      return { refusal: refuse(id, why) }
    }
  }
}

class Call implements IncomingCall {
  readonly request: DecodedRequest
  readonly #channel: ByteChannel
  #abort: AbortController | undefined

  constructor(request: DecodedRequest, channel: ByteChannel) {
    this.request = request
    this.#channel = channel
  }

  get peer(): Peer {
    return this.#channel.peer
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.#channel.failure !== undefined) this.abort()
    return this.#abort.signal
  }

  abort(why: unknown = this.#channel.failure): void {
    this.#abort?.abort(why instanceof Error ? why : undefined)
  }
}
