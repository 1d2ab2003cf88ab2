import { traceparentPattern } from '@halibut-gateway/schemas/wire'
import type { FastifyRequest } from 'fastify'
import { traceIdIn } from '../base/trace-id.ts'

const traceparent = new RegExp(traceparentPattern)

/** The trace id that a request brings in a W3C trace context of version 00; one that is none is no reason to refuse the request. */
export function traceIdOf({ headers }: FastifyRequest): string | undefined {
  const told = headers['traceparent']
  return typeof told === 'string' && traceparent.test(told) ? traceIdIn(told) : undefined
}
