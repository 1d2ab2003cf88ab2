import { RequestSchema } from '@halibut-gateway/schemas'
import { facadeLimits, type RequestId, type RequestMessage } from '@halibut-gateway/schemas/wire'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { HalibutError } from '../base/errors.ts'
import { misfit } from './expectation.ts'

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
  if (isTooDeep(text, facadeLimits.jsonDepth)) return broken('invalid_request', `the JSON is nested deeper than ${facadeLimits.jsonDepth}`)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    return broken('parse_error', cause instanceof Error ? `not JSON: ${cause.message.slice(0, 200)}` : 'not JSON', cause)
  }
  if (!Array.isArray(json)) return { type: 'single', message: parseMessage(json) }
  if (json.length === 0) return broken('invalid_request', 'a batch must hold at least one request')
  if (json.length > facadeLimits.batchRequests) {
    return broken('invalid_request', `a batch may hold ${facadeLimits.batchRequests} requests, not ${json.length}`)
  }
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

function broken(kind: 'parse_error' | 'invalid_request', message: string, cause?: unknown): Frame {
  return { type: 'broken', error: new HalibutError(kind, message, { cause }) }
}

/** Looks at brackets outside strings only, so that deep nesting is refused before a parser recurses into it. */
function isTooDeep(text: string, maxDepth: number): boolean {
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x22) i = endOfString(text, i)
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > maxDepth) return true
    } else if (code === 0x5d || code === 0x7d) depth--
  }
  return false
}

/** The index of the quote that ends the string which begins at `start`; the end of the text where none does. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes++
    if (backslashes % 2 === 0) return end
  }
  return text.length
}
