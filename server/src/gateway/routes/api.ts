import { Readable } from 'node:stream'
import { apiPath, epochHeader } from '@halibut-gateway/schemas'
import { facadeLimits } from '@halibut-gateway/schemas/wire'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Turns } from '../../base/turns.ts'
import type { Principal } from '../../rpc/call-context.ts'
import { isLongJson, jsonPieces } from '../../rpc/json-pieces.ts'
import { readJson } from '../../rpc/read-json.ts'
import type { MethodRunner } from '../../rpc/run.ts'
import { sendProblem } from '../problem.ts'
import type { HttpRequests } from '../rest/http-requests.ts'
import { type Operation, operations } from '../rest/operations.ts'
import { readParams } from '../rest/read-params.ts'
import { traceIdOf } from '../trace.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks over HTTP; known before a body is read. */
    caller: Principal | undefined
  }
}

/** What the methods are run with. */
export interface ApiOptions {
  readonly runner: MethodRunner
  readonly requests: HttpRequests
  readonly epoch: string
}

/** A longer result is written in slices. */
const quickChars = 256 * 1024

/** The methods of the one map that have a verb and a path, below `/api/v1`: run as they are for the socket, by the same runner. */
export async function apiRoutes(app: FastifyInstance, options: ApiOptions): Promise<void> {
  const { runner } = options
  app.decorateRequest('caller', undefined)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string', bodyLimit: facadeLimits.textBytes },
    async (_request: FastifyRequest, text: string) => (text === '' ? undefined : readJson(text)),
  )
  app.addHook('onRequest', async (request, reply) => {
    reply.header(epochHeader, options.epoch)
    request.caller = await app.authenticate(request)
  })
  for (const operation of operations) {
    app.route({
      method: operation.verb,
      onRequest: async request => runner.checkRight(operation.method, callerOf(request)),
      url: `${apiPath}${operation.path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      handler: (request, reply) => answer(operation, options, request, reply),
    })
  }
}

async function answer(
  operation: Operation,
  { runner, requests }: ApiOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const params = readParams(operation, request)
  const running = requests.begin(callerOf(request), traceIdOf(request), params)
  const onClose = (): void => {
    if (!reply.raw.writableFinished) running.leave()
  }
  reply.raw.once('close', onClose)
  try {
    const ran = await runner.run(operation.method, params, running)
    if ('error' in ran) return sendProblem(reply, ran.error)
    return sendResult(operation, reply, ran.result as Record<string, unknown>)
  } finally {
    reply.raw.off('close', onClose)
    requests.end(running)
  }
}

function callerOf({ caller }: FastifyRequest): Principal {
  if (!caller) throw new Error('a request got here without its caller')
  return caller
}

function sendResult(operation: Operation, reply: FastifyReply, result: Record<string, unknown>): FastifyReply {
  reply.code(operation.status).header('cache-control', 'no-store')
  const resource = operation.versioned === undefined ? undefined : (result[operation.versioned] as { version: string })
  if (resource) reply.header('etag', `"${resource.version}"`)
  if (operation.status === 204) return reply.send()
  reply.type('application/json; charset=utf-8')
  return isLongJson(result, quickChars)
    ? reply.send(Readable.from(inPieces(result), { objectMode: false }))
    : reply.send(JSON.stringify(result))
}

async function* inPieces(result: unknown): AsyncGenerator<string, void, void> {
  const turns = new Turns()
  for (const piece of jsonPieces(result)) {
    yield piece
    const turn = turns.take()
    if (turn) await turn
  }
}
