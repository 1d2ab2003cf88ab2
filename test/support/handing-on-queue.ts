import { offAbort, onAbort } from '../../server/src/base/abort-listeners.ts'
import { cancelledWhile } from '../../server/src/base/cancelled.ts'
import { type Deferred, deferred } from '../../server/src/base/deferred.ts'
import type { HalibutError } from '../../server/src/base/errors.ts'
import type { MemoryShare } from '../../server/src/base/memory-budget.ts'
import { UnfitResultError } from '../../server/src/base/unfit-result.ts'
import { DataStream } from '../../server/src/codec/data-stream.ts'
import type { AnswerStreams } from '../../server/src/exchange/answer.ts'
import type { RequestQueue, RequestToQueue } from '../../server/src/runtime/queue/request-queue.ts'
import { LinkEnd, receivedError, type SentError, sentError } from './byte-link.ts'

interface Announced {
  readonly id: string
  readonly length: number
}

/** What the two halves of a queue say to each other about one call. */
type Frame = { readonly call: number } & (
  | ({ readonly what: 'queue'; readonly document: Uint8Array; readonly streams: readonly Announced[] } & Pick<
      RequestToQueue,
      'id' | 'thumbprint' | 'queueTimeoutMs' | 'caller'
    >)
  | { readonly what: 'collected' | 'give up' }
  | { readonly what: 'document'; readonly document: Uint8Array }
  | { readonly what: 'read'; readonly streams: readonly Announced[] }
  | { readonly what: 'answered'; readonly streaming: boolean }
  | { readonly what: 'settle'; readonly keep: readonly string[] }
  | { readonly what: 'unreadable' | 'failed'; readonly why: SentError }
  | { readonly what: 'streamed'; readonly why: SentError | undefined }
)

const announced = (streams: readonly DataStream[]): Announced[] => streams.map(({ id, length }) => ({ id, length }))
const requestStream = (call: number, index: number): string => `request ${call}, ${index}`
const answerStream = (call: number, index: number): string => `answer ${call}, ${index}`

interface Call {
  readonly request: RequestToQueue
  readonly outcome: Deferred<AnswerStreams | undefined>
  readonly giveUp: () => void
  collected: boolean
  /** Of the answer, once it has been read. */
  streams: readonly DataStream[]
  /** Why it could not be read. */
  unreadable: unknown
  streamed: Deferred<void> | undefined
}

/**
 * A queue that hands what it gets on to another one, over a link that carries bytes alone: as one gateway would to another that has the agent’s
 * connection. Neither half understands a request or an answer.
 */
export class HandingOnQueue implements RequestQueue {
  readonly #endpoint: string
  readonly #link: LinkEnd<Frame>
  readonly #budget: MemoryShare
  readonly #calls = new Map<number, Call>()
  #count = 0
  #closed: HalibutError | undefined

  /** `budget`: what the values of answers are charged to here. */
  constructor(endpoint: string, to: RequestQueue, budget: MemoryShare) {
    this.#endpoint = endpoint
    this.#budget = budget
    const [near, far] = LinkEnd.pair<Frame>()
    this.#link = near
    near.onFrame = this.#onFrame
    takeOver(far, to)
  }

  get empty(): boolean {
    return [...this.#calls.values()].every(call => call.streamed !== undefined)
  }

  /** What has gone over the link from here. */
  get sentBytes(): number {
    return this.#link.sentBytes
  }

  queueAndWait(request: RequestToQueue): Promise<AnswerStreams | undefined> {
    if (this.#closed) return Promise.reject(this.#closed)
    if (request.signal?.aborted) return Promise.reject(cancelledWhile('Connecting', { phase: 'queue', endpoint: this.#endpoint }))
    const call = ++this.#count
    const giveUp = (): void => this.#link.send({ what: 'give up', call })
    if (request.signal) onAbort(request.signal, giveUp)
    const { id, message, thumbprint, queueTimeoutMs, caller } = request
    const outcome = deferred<AnswerStreams | undefined>()
    this.#calls.set(call, { request, outcome, giveUp, collected: false, streams: [], unreadable: undefined, streamed: undefined })
    message.streams.forEach((stream, i) => {
      this.#link.offer(requestStream(call, i), stream)
    })
    const { document, streams } = message
    this.#link.send({ what: 'queue', call, id, document, streams: announced(streams), thumbprint, queueTimeoutMs, caller })
    return outcome.promise
  }

  close(why: HalibutError): void {
    this.#closed = why
    for (const [call, { collected, outcome, giveUp }] of this.#calls) {
      giveUp()
      this.#end(call)
      outcome.reject(collected ? why.with({ delivery: 'unknown', phase: 'response' }) : why)
    }
  }

  readonly #onFrame = (frame: Frame): void => {
    const call = this.#calls.get(frame.call)
    if (!call) return
    const { request, outcome } = call
    switch (frame.what) {
      case 'collected':
        call.collected = true
        request.onCollected?.()
        break
      case 'document':
        void this.#read(frame.call, call, Buffer.from(frame.document))
        break
      case 'answered':
        if (!frame.streaming) this.#end(frame.call)
        outcome.resolve(frame.streaming ? this.#receive(frame.call, call) : undefined)
        break
      case 'failed': {
        this.#end(frame.call)
        const why = receivedError(frame.why)
        outcome.reject(call.unreadable instanceof UnfitResultError ? new UnfitResultError(why, call.unreadable.result) : why)
        break
      }
      case 'streamed':
        this.#end(frame.call)
        if (frame.why) call.streamed?.reject(receivedError(frame.why))
        else call.streamed?.resolve()
        break
      default:
        throw new Error(`${frame.what} goes the other way`)
    }
  }

  async #read(call: number, known: Call, document: Buffer): Promise<void> {
    try {
      known.streams = await known.request.reader.readAnswer(document, this.#budget)
      this.#link.send({ what: 'read', call, streams: announced(known.streams) })
    } catch (why) {
      known.unreadable = why
      this.#link.send({ what: 'unreadable', call, why: sentError(why) })
    }
  }

  #receive(call: number, known: Call): AnswerStreams {
    const streamed = deferred<void>()
    known.streamed = streamed
    streamed.promise.catch(() => undefined)
    known.streams.forEach((stream, i) => {
      stream.attach(this.#link.accept(answerStream(call, i)))
    })
    return {
      done: streamed.promise,
      settle: keep => this.#link.send({ what: 'settle', call, keep: [...keep].map(({ id }) => id) }),
    }
  }

  #end(call: number): void {
    const { request, giveUp } = this.#calls.get(call) ?? {}
    if (request?.signal && giveUp) offAbort(request.signal, giveUp)
    this.#calls.delete(call)
  }
}

/** The half of a {@link HandingOnQueue} that is where the connections are. */
function takeOver(link: LinkEnd<Frame>, queue: RequestQueue): void {
  const gaveUp = new Map<number, AbortController>()
  const readings = new Map<number, Deferred<readonly DataStream[]>>()
  const settles = new Map<number, (keep: readonly string[]) => void>()
  const start = async ({ call, document, streams, ...request }: Frame & { readonly what: 'queue' }): Promise<void> => {
    const given = new AbortController()
    gaveUp.set(call, given)
    const sent = streams.map(({ id, length }, i) => new DataStream(length, link.accept(requestStream(call, i)), id))
    let announcedHere: readonly DataStream[] = []
    const readAnswer = async (answer: Buffer): Promise<readonly DataStream[]> => {
      const reading = deferred<readonly DataStream[]>()
      readings.set(call, reading)
      link.send({ what: 'document', call, document: answer })
      announcedHere = await reading.promise
      return announcedHere
    }
    try {
      const received = await queue.queueAndWait({
        ...request,
        message: { document: Buffer.from(document), streams: sent },
        reader: { readAnswer },
        signal: given.signal,
        onCollected: () => link.send({ what: 'collected', call }),
      })
      announcedHere.forEach((stream, i) => {
        link.offer(answerStream(call, i), stream)
      })
      link.send({ what: 'answered', call, streaming: received !== undefined })
      if (!received) return
      settles.set(call, keep => received.settle(new Set(announcedHere.filter(({ id }) => keep.includes(id)))))
      await received.done.then(
        () => link.send({ what: 'streamed', call, why: undefined }),
        why => link.send({ what: 'streamed', call, why: sentError(why) }),
      )
    } catch (why) {
      link.send({ what: 'failed', call, why: sentError(why) })
    } finally {
      for (const kept of [gaveUp, readings, settles]) kept.delete(call)
    }
  }
  link.onFrame = frame => {
    switch (frame.what) {
      case 'queue':
        void start(frame)
        break
      case 'give up':
        gaveUp.get(frame.call)?.abort()
        break
      case 'read':
        readings.get(frame.call)?.resolve(frame.streams.map(({ id, length }) => new DataStream(length, undefined, id)))
        break
      case 'unreadable':
        readings.get(frame.call)?.reject(receivedError(frame.why))
        break
      case 'settle':
        settles.get(frame.call)?.(frame.keep)
        break
      default:
        throw new Error(`${frame.what} goes the other way`)
    }
  }
}
