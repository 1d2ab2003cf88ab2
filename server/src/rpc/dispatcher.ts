import type { RequestId, RequestMessage, ResponseMessage } from '@halibut-gateway/schemas/wire'
import type { Principal } from '../access/principal.ts'
import type { HalibutError } from '../base/errors.ts'
import type { RequestContext } from './call-context.ts'
import { type ErrorPlace, toRpcError } from './error-map.ts'
import type { MethodRunner } from './run.ts'

/** A request that is answered. */
export type Requested = RequestMessage & { readonly id: RequestId }

/** JSON-RPC’s envelope around the methods: each request has exactly one response. */
export class Dispatcher {
  readonly #methods: MethodRunner

  constructor(methods: MethodRunner) {
    this.#methods = methods
  }

  /** True for a watch, which cannot stand in a batch: its response comes at its end. */
  isWatch(method: string): boolean {
    return this.#methods.isWatch(method)
  }

  /** Runs a request to its response. Never rejects. */
  async dispatch({ id, method, params = {} }: Requested, context: RequestContext): Promise<ResponseMessage> {
    const ran = await this.#methods.run(method, params, context)
    return 'error' in ran ? { jsonrpc: '2.0', id, error: ran.error } : { jsonrpc: '2.0', id, result: ran.result }
  }
}

/** An error response. */
export function failure(id: RequestId | null, error: HalibutError, principal: Principal | undefined, place?: ErrorPlace): ResponseMessage {
  return { jsonrpc: '2.0', id, error: toRpcError(error, principal, place) }
}
