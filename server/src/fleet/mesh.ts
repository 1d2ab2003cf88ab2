import type { Contract } from '@halibut-gateway/schemas/contract'
import type { EndpointInput } from '../runtime/endpoint.ts'
import type { RuntimeEvents } from '../runtime/events.ts'

/** The part of a `HalibutRuntime` that the gateway works with; tests put something simpler in its place. */
export interface Mesh {
  call(request: {
    readonly endpoint: EndpointInput
    readonly contract: Contract
    readonly service: string
    /** A signature. */
    readonly method: string
    readonly args: unknown[]
    readonly signal?: AbortSignal
    readonly timeoutMs?: number
    readonly queueTimeoutMs?: number
    readonly activityId?: string
  }): Promise<unknown>
  /** Dials, identifies and ends; rejects with a `HalibutError`. */
  probe(
    endpoint: EndpointInput,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<{ readonly roundTripMs: number }>
  trust(thumbprint: string): void
  removeTrust(thumbprint: string): void
  on<K extends 'subscriberConnected' | 'subscriberDisconnected'>(type: K, listener: (event: RuntimeEvents[K]) => void): () => void
}
