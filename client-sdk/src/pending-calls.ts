import type { RequestId, ResponseMessage } from '@halibut-gateway/schemas/wire'
import { GatewayError } from './errors.ts'

/** What is done with a request on its way, beside waiting for its answer. */
export interface CallHooks {
  /** It has been sent. */
  readonly onSent?: (id: RequestId) => void
  /** Its session goes on, on another connection. */
  readonly onResumed?: () => void
  /** Takes a progress item of a watch. */
  readonly onItem?: (sequence: number, item: unknown) => void
}

/** A request that has no answer yet. */
export interface PendingCall extends CallHooks {
  readonly id: RequestId
  readonly method: string
  /** False while the request only waits for a connection. */
  sent: boolean
  /** Called by whoever ends the call first; anything after that does nothing. */
  settle(outcome: { result: unknown } | { error: GatewayError }): void
}

/** The requests of a client that wait for their answers. Each ends exactly once. Knows no socket. */
export class PendingCalls {
  readonly #calls = new Map<RequestId, PendingCall>()
  #lastId = 0

  get size(): number {
    return this.#calls.size
  }

  /** Registers a request; its promise settles with the response or with the error that ended it. */
  add(method: string, hooks: CallHooks): { call: PendingCall; answer: Promise<unknown> } {
    const id = ++this.#lastId
    let call: PendingCall | undefined
    const answer = new Promise<unknown>((resolve, reject) => {
      call = {
        ...hooks,
        id,
        method,
        sent: false,
        settle: outcome => {
          if (!this.#calls.delete(id)) return
          if ('error' in outcome) reject(outcome.error)
          else resolve(outcome.result)
        },
      }
    })
    if (!call) throw new Error('a promise runs its executor at once')
    this.#calls.set(id, call)
    return { call, answer }
  }

  /** Ends the request that a response is for. False where there is none: it was given up before. */
  answer(response: ResponseMessage): boolean {
    const call = response.id === null ? undefined : this.#calls.get(response.id)
    if (!call) return false
    call.settle('error' in response ? { error: GatewayError.fromResponse(response.error) } : { result: response.result })
    return true
  }

  /** Hands an item to the watch it is for. */
  item(id: RequestId, sequence: number, item: unknown): void {
    this.#calls.get(id)?.onItem?.(sequence, item)
  }

  /** The session of what was sent goes on. */
  resumed(): void {
    for (const call of [...this.#calls.values()]) if (call.sent) call.onResumed?.()
  }

  /** Ends what had been sent in a session that is over. What was not sent yet goes on waiting. */
  sessionLost(error: GatewayError): void {
    for (const call of [...this.#calls.values()]) if (call.sent) call.settle({ error })
  }

  /** Ends everything. */
  failAll(error: GatewayError): void {
    for (const call of [...this.#calls.values()]) call.settle({ error })
  }
}
