import type { Contract } from '@halibut-gateway/schemas/contract'
import type { PresentedCertificate } from '../base/errors.ts'
import type { MemoryCharge } from '../base/memory-charge.ts'
import type { AgentConnection } from '../runtime/agent-connection.ts'
import type { OnCallStep } from '../runtime/call-deadline.ts'
import type { Certificate } from '../runtime/certificates.ts'
import type { EndpointInput } from '../runtime/endpoint.ts'
import type { RuntimeEvents, SubscriberEvent } from '../runtime/events.ts'
import type { WaitingCalls } from '../runtime/waiting-calls.ts'

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
  /** Hears how far it is beside that. */
  readonly onStep?: OnCallStep | undefined
}

/** What an agent that was probed told. */
export interface MeshAnswer {
  readonly roundTripMs: number
  /** Of the certificate that it presented. */
  readonly thumbprint?: string
  readonly thumbprint256?: string
  readonly expiresMs?: number | undefined
  /** The certificate of ours that it accepts, the newest that it does: its thumbprint. */
  readonly own?: string
}

/** The part of a `HalibutRuntime` that the gateway works with; tests put something simpler in its place. */
export interface Mesh {
  call(request: MeshCall): Promise<unknown>
  /** Dials, identifies and ends; rejects with a `HalibutError`. */
  probe(endpoint: EndpointInput, options: { readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<MeshAnswer>
  /** The certificate that somebody presents who listens; unverified. */
  whoListens(uri: string, options?: { readonly signal?: AbortSignal }): Promise<PresentedCertificate>
  /** Presents these certificates of ours from now on, the first of them first. */
  present(certificates: readonly Certificate[]): void
  /** The calls that wait for a connection to an agent now, and for what. */
  waiting(endpoint: EndpointInput): WaitingCalls
  /** The connections over which an agent gets its calls. */
  connections(endpoint: EndpointInput): readonly AgentConnection[]
  /** The connections of polling agents. */
  subscribers(): readonly SubscriberEvent[]
  /** Lets the owner of a certificate connect. */
  trust(thumbprint: string): void
  /** Takes that back; its connections stay. */
  distrust(thumbprint: string): void
  /** Takes that back, and ends its connections. */
  removeTrust(thumbprint: string): void
  /** Believes a certificate nowhere any more, also not where we dial: ends its connections and the calls to its owner. */
  revoke(thumbprint: string): void
  /** Takes that back. */
  reinstate(thumbprint: string): void
  /** Ends all connections to an endpoint, whichever side opened them; `host`: only those that were opened from there. */
  disconnect(endpoint: EndpointInput, host?: string): void
  /** Ends them, each when what runs on it has come to its end. */
  leave(endpoint: EndpointInput): void
  on<K extends keyof RuntimeEvents>(type: K, listener: (event: RuntimeEvents[K]) => void): () => void
}
