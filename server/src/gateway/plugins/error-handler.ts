import { type ErrorKind, errorTable } from '@halibut-gateway/schemas/wire'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { fastifyPlugin } from 'fastify-plugin'
import { HalibutError } from '../../base/errors.ts'
import type { LogSink } from '../../base/log.ts'
import { toHalibutError } from '../../rpc/error-map.ts'

/** Every failure of an HTTP request as a problem document (RFC 9457), with the kinds of the one table. */
export const errorHandler = fastifyPlugin<{ log: LogSink }>(
  async (app, { log }) => {
    app.setErrorHandler((thrown, request, reply) => {
      const { statusCode: status, code, message } = thrown as { statusCode?: unknown; code?: unknown; message: string }
      const theirs = typeof status === 'number' && status >= 400 && status < 500
      const error = theirs ? new HalibutError(kindOf(status, code), message) : toHalibutError(thrown)
      if (error.kind === 'internal_error')
        log('error', `${request.method} ${request.routeOptions.url ?? '?'} failed`, { cause: String((thrown as Error).stack) })
      return sendProblem(reply, error, theirs ? status : undefined)
    })
    app.setNotFoundHandler((_request, reply) => sendProblem(reply, new HalibutError('not_found', 'there is nothing at this address')))
  },
  { name: 'error-handler' },
)

/**
 * An address that cannot be read, which Fastify refuses before any hook. Its connection ends, since nobody else would end that of a WebSocket’s
 * handshake.
 */
export function refuseAddress(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  reply.raw.once('finish', () => request.raw.socket.destroySoon())
  sendProblem(reply.header('connection', 'close'), new HalibutError('invalid_request', error.message))
}

/** The kind of what Fastify refuses. */
function kindOf(status: number, code: unknown): ErrorKind {
  if (code === 'FST_ERR_CTP_INVALID_JSON_BODY') return 'parse_error'
  return kindsOfStatus[status] ?? 'invalid_request'
}

const kindsOfStatus: Readonly<Record<number, ErrorKind>> = { 404: 'not_found', 413: 'message_too_large', 415: 'unsupported_media_type' }

/** Answers with a problem document. `status`: default the table’s. */
function sendProblem(reply: FastifyReply, error: HalibutError, status: number = errorTable[error.kind].status): FastifyReply {
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  return reply
    .code(status)
    .type('application/problem+json')
    .send({
      type: `/problems/${error.kind}`,
      title: errorTable[error.kind].meaning,
      status,
      detail: error.message,
      kind: error.kind,
      advice: error.advice,
    })
}
