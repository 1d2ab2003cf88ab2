import type { ErrorKind } from '@halibut-gateway/schemas/wire'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { fastifyPlugin } from 'fastify-plugin'
import { HalibutError } from '../../base/errors.ts'
import type { LogSink } from '../../base/log.ts'
import { toHalibutError, toRpcError } from '../../rpc/error-map.ts'
import { sendProblem } from '../problem.ts'
import { traceIdOf } from '../trace.ts'

/** Every failure of an HTTP request as a problem document (RFC 9457), with the kinds of the one table. */
export const errorHandler = fastifyPlugin<{ log: LogSink }>(
  async (app, { log }) => {
    app.setErrorHandler((thrown, request, reply) => {
      const { statusCode: status, code, message } = thrown as { statusCode?: unknown; code?: unknown; message: string }
      const theirs = typeof status === 'number' && status >= 400 && status < 500
      const error = theirs ? new HalibutError(kindOf(status, code), message) : toHalibutError(thrown)
      const told = toRpcError(error, undefined, { traceId: traceIdOf(request) })
      if (error.kind === 'internal_error') {
        const { traceId } = told.data
        log('error', `${request.method} ${request.routeOptions.url ?? '?'} failed`, { traceId, cause: String((thrown as Error).stack) })
      }
      return sendProblem(reply, told, theirs ? status : undefined)
    })
    app.setNotFoundHandler((request, reply) => {
      const error = new HalibutError('not_found', 'there is nothing at this address')
      return sendProblem(reply, toRpcError(error, undefined, { traceId: traceIdOf(request) }))
    })
  },
  { name: 'error-handler' },
)

/**
 * An address that cannot be read, which Fastify refuses before any hook. Its connection ends, since nobody else would end that of a WebSocket’s
 * handshake.
 */
export function refuseAddress(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  reply.raw.once('finish', () => request.raw.socket.destroySoon())
  sendProblem(reply.header('connection', 'close'), toRpcError(new HalibutError('invalid_request', error.message), undefined))
}

/** The kind of what Fastify refuses. */
function kindOf(status: number, code: unknown): ErrorKind {
  if (code === 'FST_ERR_CTP_INVALID_JSON_BODY') return 'parse_error'
  return kindsOfStatus[status] ?? 'invalid_request'
}

const kindsOfStatus: Readonly<Record<number, ErrorKind>> = { 404: 'not_found', 413: 'message_too_large', 415: 'unsupported_media_type' }
