import type { HalibutError } from '../../base/errors.ts'
import type { EncodedMessage } from '../../codec/envelope.ts'
import type { TypeResolver } from '../../codec/type-registry.ts'
import type { Exchanged } from '../../exchange/call-agent.ts'
import type { RequestSource } from '../../exchange/serve-poller.ts'

/** A request for a polling agent. */
export interface RequestToQueue {
  readonly id: string
  readonly message: EncodedMessage
  /** Resolves the `$type` names of the response. */
  readonly types: TypeResolver
  /** The agent’s certificate: only a connection that presented it gets the request. `undefined`: any trusted one, as .NET. */
  readonly thumbprint: string | undefined
  /** How long it may wait to be collected, in milliseconds; `undefined`: until `signal` ends it. */
  readonly queueTimeoutMs: number | undefined
  readonly signal: AbortSignal | undefined
  /** Whose it is: callers take turns. `undefined` is one of them. */
  readonly caller?: string | undefined
  /** A connection has taken it. */
  readonly onCollected?: (() => void) | undefined
}

/** Whether a connection that presented `thumbprint` may get a request. */
export function mayHave(request: RequestToQueue, thumbprint: string): boolean {
  return request.thumbprint === undefined || request.thumbprint === thumbprint
}

/** The pending requests of one subscription (spec §7): first in first out for each caller, the callers in turn. */
export interface RequestQueue {
  /** Queues a request and waits for its response: for the collection at most `queueTimeoutMs`, after that without limit. */
  queueAndWait(request: RequestToQueue): Promise<Exchanged>
  /** The source of work for one connection that presented `thumbprint`. */
  consumer(thumbprint: string): RequestSource
  /** Requests that wait to be collected. */
  readonly length: number
  /** Nothing waits in it and nothing that was collected from it is under way. */
  readonly empty: boolean
  /** Takes nothing more: connections collect what waits and are over then. */
  drain(): void
  /** Ends what waits to be collected. */
  failWaiting(why: HalibutError): void
  /** Ends everything queued as cancelled. */
  close(why: HalibutError): void
}
