import { largeResult, type RequestId, type ResponseMessage } from '@halibut-gateway/schemas/wire'
import { GatewayError, toGatewayError } from './errors.ts'
import type { Download } from './streams/download.ts'

/** The data streams that an answer announces, by id. */
export type Downloads = ReadonlyMap<number, Download>

/** What is done with a request on its way, beside waiting for its answer. */
export interface CallHooks {
  /** It has been sent. */
  readonly onSent?: (id: RequestId) => void
  /** Its answer is there, with these data streams. */
  readonly onAnswer?: (downloads: Downloads) => void
  /** Its session goes on, on another connection. */
  readonly onResumed?: () => void
  /** Takes a progress item of a watch. */
  readonly onItem?: (sequence: number, item: unknown) => void
}

/** A request that has no answer yet. */
export interface PendingCall {
  readonly id: RequestId
  readonly hooks: CallHooks
  /** False while the request only waits for a connection. */
  sent: boolean
  /** Called when it has ended, with the error that it ended with. */
  onEnded?: (error: GatewayError | undefined) => void
  /** Called by whoever ends the call first, with its error or its result; anything after that does nothing. */
  settle(error: GatewayError | undefined, result?: unknown): void
}

/** The requests of a client that wait for their answers. Each ends exactly once. Knows no socket. */
export class PendingCalls {
  readonly #calls = new Map<RequestId, PendingCall>()
  #lastId = 0
  /** Those whose results are being read: the gateway has answered them. */
  reading = 0

  get size(): number {
    return this.#calls.size
  }

  /** Registers a request; its promise settles with the response or with the error that ended it. */
  add(hooks: CallHooks): { call: PendingCall; answer: Promise<unknown> } {
    const id = ++this.#lastId
    let call!: PendingCall
    const answer = new Promise<unknown>((resolve, reject) => {
      const settle: PendingCall['settle'] = (error, result) => {
        if (!this.#calls.delete(id)) return
        call.onEnded?.(error)
        if (error) reject(error)
        else resolve(result)
      }
      call = { id, hooks, sent: false, settle }
    })
    this.#calls.set(id, call)
    return { call, answer }
  }

  /** Ends the request that a response is for. False where there is none: it was given up before. */
  answer(response: ResponseMessage, downloads: Downloads): boolean {
    const call = this.#calls.get(response.id ?? '')
    call?.hooks.onAnswer?.(downloads)
    if ('error' in response) call?.settle(GatewayError.fromResponse(response.error))
    else if (call && largeResult(response.result)) void this.#read(call, downloads)
    else call?.settle(undefined, response.result)
    return call !== undefined
  }

  /** A result that comes as a data stream of its JSON, the first of `downloads`; the others stand in it. */
  async #read(call: PendingCall, downloads: Downloads): Promise<void> {
    const [json] = downloads.values()
    const { onEnded } = call
    call.onEnded = error => {
      this.reading--
      json?.cancel()
      onEnded?.(error)
    }
    this.reading++
    try {
      call.settle(undefined, JSON.parse((await json?.text(json.length)) ?? ''))
    } catch (error) {
      for (const download of downloads.values()) download.cancel()
      call.settle(toGatewayError('protocol_error', 'the result could not be read', error, 'executed'))
    }
  }

  /** Hands an item to the watch it is for. */
  item(id: RequestId, sequence: number, item: unknown): void {
    this.#calls.get(id)?.hooks.onItem?.(sequence, item)
  }

  /** The session of what was sent goes on. */
  resumed(): void {
    for (const call of this.#calls.values()) if (call.sent) call.hooks.onResumed?.()
  }

  /** Ends everything; `onlySent`: what had been sent in a session that is over, while the others go on waiting. */
  failAll(error: GatewayError, onlySent = false): void {
    for (const call of this.#calls.values()) if (call.sent || !onlySent) call.settle(error)
  }
}
