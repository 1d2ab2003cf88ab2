import { Readable } from 'node:stream'
import { apiPath, epochHeader } from '@halibut-gateway/schemas'
import { facadeLimits, type RpcError } from '@halibut-gateway/schemas/wire'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ownerOf, type Principal } from '../../access/principal.ts'
import { HalibutError } from '../../base/errors.ts'
import { Turns } from '../../base/turns.ts'
import { toRpcError } from '../../rpc/error-map.ts'
import { fingerprintOf } from '../../rpc/fingerprint.ts'
import { isLongJson, jsonPieces } from '../../rpc/json-pieces.ts'
import { readJson } from '../../rpc/read-json.ts'
import type { MethodRunner, Ran } from '../../rpc/run.ts'
import { sendProblem } from '../problem.ts'
import type { HttpRequests } from '../rest/http-requests.ts'
import { KeptAnswers } from '../rest/kept-answers.ts'
import { type Operation, operations } from '../rest/operations.ts'
import { readParams } from '../rest/read-params.ts'
import { traceHeadersOf, traceIdOf } from '../trace.ts'

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
  const kept = new KeptAnswers()
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
      onRequest: (request, reply) => refuseWithoutRight(operation, options, request, reply),
      url: `${apiPath}${operation.path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      handler: (request, reply) => answer(operation, { ...options, kept }, request, reply),
    })
  }
}

/** Whoever has not got the right is refused as over the socket, and written down, before a body is read. */
async function refuseWithoutRight(
  { method }: Operation,
  { runner, requests }: ApiOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  const caller = callerOf(request)
  if (runner.mayRun(method, caller)) return undefined
  const running = requests.begin(caller, traceHeadersOf(request), request.params)
  try {
    const ran = await runner.run(method, request.params, running)
    return 'error' in ran ? sendProblem(reply, ran.error) : undefined
  } finally {
    requests.end(running)
  }
}

async function answer(
  operation: Operation,
  { runner, requests, kept }: ApiOptions & { readonly kept: KeptAnswers },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const caller = callerOf(request)
  // While the body came.
  const signedOut = request.server.whySignedOut(caller)
  if (signedOut) throw signedOut
  if (operation.takesVersion && request.headers['if-match'] === undefined) {
    return sendProblem(reply, withoutVersion(caller, traceIdOf(request)), 428)
  }
  const params = readParams(operation, request)
  const key = keyOf(operation, request)
  const running = requests.begin(caller, traceHeadersOf(request), params)
  const onClose = (): void => {
    if (!reply.raw.writableFinished) running.leave()
  }
  reply.raw.once('close', onClose)
  try {
    const run = (): Promise<Ran> => runner.run(operation.method, params, running)
    const ran = await (key === undefined
      ? run()
      : kept.run({ owner: ownerOf(caller), key, fingerprint: fingerprintOf([operation.method, params]) }, run))
    if ('error' in ran) return sendProblem(reply, ran.error)
    return sendResult(operation, reply, params, ran.result as Record<string, unknown>)
  } finally {
    reply.raw.off('close', onClose)
    requests.end(running)
  }
}

function callerOf({ caller }: FastifyRequest): Principal {
  if (!caller) throw new Error('a request got here without its caller')
  return caller
}

/** Whoever changes something says what it was, so that nobody undoes what they have not seen. */
function withoutVersion(caller: Principal, traceId: string | undefined): RpcError {
  const advice = 'send the ETag of what was read, or * for whichever version there is'
  return toRpcError(new HalibutError('version_conflict', 'the header If-Match is missing', { advice }), caller, { traceId })
}

/** The key under which the answer is kept. Throws `invalid_request`. */
function keyOf({ keepsAnswers }: Operation, { headers }: FastifyRequest): string | undefined {
  const key = headers['idempotency-key']
  if (!keepsAnswers || typeof key !== 'string') return undefined
  if (key.length >= 1 && key.length <= facadeLimits.idempotencyKeyChars) return key
  throw new HalibutError('invalid_request', `the Idempotency-Key must have 1 to ${facadeLimits.idempotencyKeyChars} characters`)
}

/** Addresses are told relative to the one that was asked, so that a path of the public address counts. */
function sendResult(
  { status, made, versioned }: Operation,
  reply: FastifyReply,
  params: Readonly<Record<string, unknown>>,
  result: Readonly<Record<string, unknown>>,
): FastifyReply {
  reply.code(status).header('cache-control', 'no-store')
  if (versioned !== undefined) reply.header('etag', `"${(result[versioned] as { version: string }).version}"`)
  if (made) reply.header('location', `${made.below}/${encodeURIComponent(String(params[made.param] ?? result[made.param]))}`)
  if (typeof result['next'] === 'string') reply.header('link', `<?${queryOf({ ...params, cursor: result['next'] })}>; rel="next"`)
  if (status === 204) return reply.send()
  reply.type('application/json; charset=utf-8')
  return isLongJson(result, quickChars)
    ? reply.send(Readable.from(inPieces(result), { objectMode: false }))
    : reply.send(JSON.stringify(result))
}

function queryOf(params: Readonly<Record<string, unknown>>): string {
  return new URLSearchParams(Object.entries(params).map(([name, value]): [string, string] => [name, String(value)])).toString()
}

async function* inPieces(result: unknown): AsyncGenerator<string, void, void> {
  const turns = new Turns()
  for (const piece of jsonPieces(result)) {
    yield piece
    const turn = turns.take()
    if (turn) await turn
  }
}
