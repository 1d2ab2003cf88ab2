import type { RequestId, ResponseMessage } from '@halibut-gateway/schemas/wire'
import { GatewayError } from './errors.ts'

/** A request that has no answer yet. */
export interface PendingCall {
  readonly id: RequestId
  readonly method: string
  /** Takes a progress item of a watch. */
  readonly onItem: ((item: unknown) => void) | undefined
  /** False while the request only waits for a connection. */
  sent: boolean
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
  add(method: string, onItem?: (item: unknown) => void): { call: PendingCall; answer: Promise<unknown> } {
    const id = ++this.#lastId
    let call: PendingCall | undefined
    const answer = new Promise<unknown>((resolve, reject) => {
      call = {
        id,
        method,
        onItem,
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
  item(id: RequestId, item: unknown): void {
    this.#calls.get(id)?.onItem?.(item)
  }

  /** Ends what had been sent on a connection that is gone. What was not sent yet goes on waiting. */
  connectionLost(message: string): void {
    for (const call of [...this.#calls.values()]) {
      if (!call.sent) continue
      call.settle({
        error: new GatewayError('connection_lost', message, {
          delivery: 'unknown',
          advice: 'find out whether the request ran before calling again',
        }),
      })
    }
  }

  /** Ends everything. */
  failAll(error: GatewayError): void {
    for (const call of [...this.#calls.values()]) call.settle({ error })
  }
}
