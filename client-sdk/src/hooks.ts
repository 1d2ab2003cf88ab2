import type { MethodName } from '@halibut-gateway/schemas/wire'
import type { GatewayError } from './errors.ts'
import type { ClientState } from './state.ts'

/** A request as a hook sees it: what it asks for, and never the values that it asks with. */
export interface RequestInfo {
  /** The method of the gateway: `agent.invoke` for a call to an agent. */
  readonly method: MethodName
  /** The agent, where the request is for one. */
  readonly agent?: string | undefined
  /** The service, where the request is for one. */
  readonly service?: string | undefined
  /** The agent’s method, as a name or a signature. */
  readonly call?: string | undefined
  /** The names of its parameters, where the client has the contract. */
  readonly parameters?: readonly string[] | undefined
  /**
   * W3C trace context (`00-<32 hex digits>-<16>-<2>`), to be set by the hook: the gateway uses its trace id in its log and in errors, as
   * `traceId`. One that does not fit is refused as `invalid_request`.
   */
  traceparent?: string | undefined
}

/** How a request has ended. */
export interface RequestOutcome {
  readonly durationMs: number
  /** Why it failed; `undefined` where it was answered. */
  readonly error: GatewayError | undefined
}

/** What a client tells of itself. What a hook throws is an uncaught error of its own, and breaks no request. */
export interface ClientHooks {
  /** A request is about to be sent, or waits for a connection. */
  readonly onRequest?: ((request: RequestInfo) => void) | undefined
  /** It has ended; `request` is the object that {@link onRequest} was called with. */
  readonly onOutcome?: ((request: RequestInfo, outcome: RequestOutcome) => void) | undefined
  /** The connection has changed: as `client.onState`. */
  readonly onState?: ((state: ClientState) => void) | undefined
}

/** Where a client tells what it does: `console` is one. */
export interface Logger {
  debug(message: string, details: object): void
  info(message: string, details: object): void
  warn(message: string, details: object): void
  error(message: string, details: object): void
}
