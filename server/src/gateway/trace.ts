import { traceparentPattern } from '@halibut-gateway/schemas/wire'
import type { FastifyRequest } from 'fastify'
import { traceIdIn } from '../base/trace-id.ts'

const sound = new RegExp(traceparentPattern)

/** The W3C trace context that came with a request. */
export interface TraceHeaders {
  /** Of version 00. */
  readonly traceparent: string | undefined
  readonly tracestate: string | undefined
}

/** Those of a request; one that is none is no reason to refuse the request. */
export function traceHeadersOf({ headers }: FastifyRequest): TraceHeaders {
  const { traceparent, tracestate } = headers
  if (typeof traceparent !== 'string' || !sound.test(traceparent)) return { traceparent: undefined, tracestate: undefined }
  return { traceparent, tracestate: typeof tracestate === 'string' ? tracestate : undefined }
}

/** The trace id that a request brings. */
export function traceIdOf(request: FastifyRequest): string | undefined {
  return traceIdIn(traceHeadersOf(request).traceparent)
}
