import { misfit, RequestSchema } from '@halibut-gateway/schemas'
import { facadeLimits, type RequestId, type RequestMessage } from '@halibut-gateway/schemas/wire'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { HalibutError } from '../base/errors.ts'
import { toHalibutError } from './error-map.ts'
import { readJson } from './read-json.ts'

/** What one text frame holds. */
export type Frame =
  | { readonly type: 'single'; readonly message: Message }
  | { readonly type: 'batch'; readonly messages: readonly Message[] }
  /** Nothing in it can be answered by its id. */
  | { readonly type: 'broken'; readonly error: HalibutError }

/** One message of a frame. */
export type Message =
  | { readonly type: 'request'; readonly request: RequestMessage & { readonly id: RequestId } }
  | { readonly type: 'notification'; readonly notification: RequestMessage }
  /** No request: answered with `id`, null where it could not be read. */
  | { readonly type: 'invalid'; readonly id: RequestId | null; readonly error: HalibutError }

const requestCheck = TypeCompiler.Compile(RequestSchema)

/** Reads a text frame as JSON-RPC 2.0, within the limits of the facade. Never throws. */
export function parseFrame(text: string): Frame {
  let json: unknown
  try {
    json = readJson(text)
  } catch (why) {
    return { type: 'broken', error: toHalibutError(why) }
  }
  if (!Array.isArray(json)) return { type: 'single', message: parseMessage(json) }
  if (json.length === 0) return broken('a batch must hold at least one request')
  if (json.length > facadeLimits.batchRequests) return broken(`a batch may hold ${facadeLimits.batchRequests} requests, not ${json.length}`)
  return { type: 'batch', messages: json.map(parseMessage) }
}

function parseMessage(json: unknown): Message {
  if (!requestCheck.Check(json)) {
    const first = requestCheck.Errors(json).First()
    const where = first ? ` (${first.path === '' ? 'the message' : first.path}: ${misfit(first)})` : ''
    return { type: 'invalid', id: readId(json), error: new HalibutError('invalid_request', `this is no JSON-RPC 2.0 request${where}`) }
  }
  const { id } = json
  if (id === undefined) return { type: 'notification', notification: json as RequestMessage }
  return { type: 'request', request: json as RequestMessage & { id: RequestId } }
}

function readId(json: unknown): RequestId | null {
  if (typeof json !== 'object' || json === null || !Object.hasOwn(json, 'id')) return null
  const { id } = json as { id: unknown }
  if (typeof id === 'string' && id.length >= 1 && id.length <= facadeLimits.idChars) return id
  return typeof id === 'number' && Number.isSafeInteger(id) ? id : null
}

function broken(message: string): Frame {
  return { type: 'broken', error: new HalibutError('invalid_request', message) }
}
