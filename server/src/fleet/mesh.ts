import type { Contract } from '@halibut-gateway/schemas/contract'
import type { MemoryCharge } from '../base/memory-charge.ts'
import type { EndpointInput } from '../runtime/endpoint.ts'
import type { RuntimeEvents } from '../runtime/events.ts'

/** A call to an agent. */
export interface MeshCall {
  readonly endpoint: EndpointInput
  /** Without it values go and come untyped. */
  readonly contract?: Contract | undefined
  readonly service: string
  /** A signature; the name alone without a contract. */
  readonly method: string
  readonly args: unknown[]
  readonly signal?: AbortSignal
  readonly timeoutMs?: number | undefined
  readonly queueTimeoutMs?: number | undefined
  readonly activityId?: string
  /** Whose it is: where several callers wait for a polling agent, they are served in turn. */
  readonly caller?: string | undefined
  /** Takes over what the values of a large result are charged with: to be released when they are let go. */
  readonly onCharge?: (charge: MemoryCharge) => void
  /** The request is about to leave on a connection: from now on it may run. */
  readonly onSending?: () => void
}

/** The part of a `HalibutRuntime` that the gateway works with; tests put something simpler in its place. */
export interface Mesh {
  call(request: MeshCall): Promise<unknown>
  /** Dials, identifies and ends; rejects with a `HalibutError`. */
  probe(
    endpoint: EndpointInput,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<{ readonly roundTripMs: number }>
  /** Lets the owner of a certificate connect. */
  trust(thumbprint: string): void
  /** Takes that back, and ends its connections. */
  removeTrust(thumbprint: string): void
  /** Believes a certificate nowhere any more, also not where we dial: ends its connections and the calls to its owner. */
  revoke(thumbprint: string): void
  /** Takes that back. */
  reinstate(thumbprint: string): void
  /** Ends all connections to an endpoint, whichever side opened them. */
  disconnect(endpoint: EndpointInput): void
  on<K extends keyof RuntimeEvents>(type: K, listener: (event: RuntimeEvents[K]) => void): () => void
}
