import type { Problem } from '@halibut-gateway/schemas'
import { errorTable, type RpcError } from '@halibut-gateway/schemas/wire'
import type { FastifyReply } from 'fastify'

/** Answers with a problem document (RFC 9457) of the one table of errors. `status`: default the table’s. */
export function sendProblem(reply: FastifyReply, { message, data }: RpcError, status: number = errorTable[data.kind].status): FastifyReply {
  const problem: { readonly [K in keyof Problem]: unknown } = {
    type: `/problems/${data.kind}`,
    title: errorTable[data.kind].meaning,
    status,
    detail: message,
    ...data,
  }
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  if (data.retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(data.retryAfterMs / 1_000))
  return reply.code(status).header('cache-control', 'no-store').type('application/problem+json').send(problem)
}
