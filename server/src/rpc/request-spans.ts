import type { HalibutError } from '../base/errors.ts'
import type { CallSubject, CallWay } from './call-subject.ts'

/** What the trace of a request is made from. */
export interface TracedRequest {
  /** The caller’s W3C trace context of version 00, where it told one that is sound. */
  readonly traceparent?: string | undefined
  /** What stands beside that. */
  readonly tracestate?: string | undefined
  /** It came by itself over HTTP, and not on a socket that others share. */
  readonly isHttp?: boolean | undefined
  /** When the request came, by `performance.now()`. */
  readonly receivedMs: number
}

/** Makes spans of a trace of requests, for whoever collects them. */
export interface RequestTracer {
  /** A request has come. */
  begin(method: string, request: TracedRequest): RequestSpan
}

/** A request of a client, from when the gateway took it to its answer. */
export interface RequestSpan {
  /** That of the caller’s trace, where it told one. */
  readonly traceId: string
  /** It is about this call to an agent. */
  name(activityId: string): void
  /** It begins a call to an agent, which waits for a connection since `startedMs`, by `performance.now()`. `undefined`: its trace is not recorded. */
  beginCall(subject: CallSubject, way: CallWay, startedMs: number): CallSpans | undefined
  /** It has its answer, or this error. */
  end(error?: HalibutError): void
}

/** A call to an agent: its wait for a connection, and what follows it. */
export interface CallSpans {
  /** It is about to leave on a connection. */
  sent(): void
  /** It is made once more with another activity id, and waits again. */
  again(activityId: string): void
  end(error?: HalibutError): void
}
