import { controlNotifications, type Delivery, facadeLimits, type ResponseMessage, type RpcError } from '@halibut-gateway/schemas/wire'
import type { Principal } from '../access/principal.ts'
import { HalibutError } from '../base/errors.ts'
import { failure } from '../rpc/dispatcher.ts'
import { toHalibutError } from '../rpc/error-map.ts'
import { isLongJson } from '../rpc/json-pieces.ts'
import { type ResultStreams, writeLongResult } from './long-result.ts'

/** The data streams of a request, as they end or go on with it. */
interface OutcomeStreams extends ResultStreams {
  begin(): void
  abandon(error?: RpcError): void
}

/** A request that has come to its end. */
export interface Ended {
  readonly principal: Principal
  /** The agent that was called. */
  readonly agent: string | undefined
  /** That of its caller’s trace, where it told one. */
  readonly traceId?: string | undefined
  readonly streams: OutcomeStreams
  /** Aborted where its result is not wanted any more. */
  readonly signal: AbortSignal
}

/** What came of a request: its response as it goes out. */
export interface Outcome {
  readonly message: ResponseMessage
  readonly text: string
  /** Of whom it is, with a result: its data streams are to be begun once it was sent. */
  readonly of: Ended | undefined
}

const { outboxBytes, textBytes } = facadeLimits
/** A result with more characters is written in slices. */
const quickChars = 256 * 1024

/**
 * Writes the response of a request. A result that is longer than a text frame becomes a data stream; that, and whatever is not written at once,
 * takes a promise, which never rejects. With an error the data streams are abandoned.
 */
export function writeOutcome(message: ResponseMessage, of: Ended): Outcome | Promise<Outcome> {
  if ('error' in message) {
    const outcome = writeFailure(message, of.principal)
    if ('error' in outcome.message) of.streams.abandon(outcome.message.error)
    return outcome
  }
  if (isLongJson(message.result, quickChars)) return writeLong(message, textBytes, of)
  const text = JSON.stringify(message)
  return isLonger(text, textBytes) ? writeLong(message, textBytes, of) : { message, text, of }
}

/** Writes an error response. One that no outbox would ever take becomes `message_too_large`, so that it ends nothing but its request. */
export function writeFailure(message: ResponseMessage, principal: Principal): Outcome {
  if (isLongJson(message, outboxBytes)) return givenUp(message, 'the error is', principal)
  const text = JSON.stringify(message)
  return isLonger(text, outboxBytes) ? givenUp(message, 'the error is', principal) : { message, text, of: undefined }
}

/** The responses of a batch as one text. Where they are too large together the largest give way: results become data streams. */
export async function writeBatch(
  outcomes: readonly Outcome[],
  principal: Principal,
): Promise<{ readonly text: string; readonly outcomes: readonly Outcome[] }> {
  const fitting = [...outcomes]
  const bytes = outcomes.map(({ text }) => Buffer.byteLength(text))
  for (;;) {
    // A comma or a bracket behind each, and the first bracket.
    const total = bytes.reduce((sum, each) => sum + each + 1, 1)
    const largest = bytes.indexOf(Math.max(...bytes))
    const { message, of } = fitting[largest] ?? {}
    if (total <= outboxBytes || !message) break
    const instead = of ? await writeLong(message, 0, of) : givenUp(message, 'the responses of the batch are together', principal)
    fitting[largest] = instead
    bytes[largest] = Buffer.byteLength(instead.text)
  }
  return { text: `[${fitting.map(({ text }) => text).join(',')}]`, outcomes: fitting }
}

/** An item of a watch as text. Throws `message_too_large`, which ends the watch, for one that no outbox would ever take. */
export function writeItem(params: object): string {
  const text = JSON.stringify({ jsonrpc: '2.0', method: controlNotifications.progress, params })
  if (isLonger(text, outboxBytes)) throw tooLargeError('the next item is', 'executed')
  return text
}

/** Writes a result in slices; one of more than `inlineBytes` becomes a data stream. */
async function writeLong(message: ResponseMessage, inlineBytes: number, of: Ended): Promise<Outcome> {
  const { id } = message
  try {
    const result = await writeLongResult('result' in message ? message.result : null, inlineBytes, of.streams, of.signal)
    if (typeof result === 'string') return { message, text: `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`, of }
    const announced: ResponseMessage = { jsonrpc: '2.0', id, result }
    return { message: announced, text: JSON.stringify(announced), of }
  } catch (why) {
    const error = toHalibutError(why).with({ phase: 'response', delivery: 'executed' })
    return writeOutcome(failure(id, error, of.principal, of), of)
  }
}

/** The error in the place of one that is too large. */
function givenUp(message: ResponseMessage, what: string, principal: Principal): Outcome {
  const { delivery = 'executed', ...context } = 'error' in message ? message.error.data : {}
  const instead = failure(message.id, tooLargeError(what, delivery), principal, context)
  return { message: instead, text: JSON.stringify(instead), of: undefined }
}

function tooLargeError(what: string, delivery: Delivery): HalibutError {
  return new HalibutError('message_too_large', `${what} longer than outboxBytes, ${outboxBytes} bytes`, {
    phase: 'response',
    delivery,
    advice: 'ask for less at a time, or let the service give its result as a data stream',
  })
}

/** Counted only where it may matter: a character is at most three bytes. */
function isLonger(text: string, bytes: number): boolean {
  return text.length * 3 > bytes && Buffer.byteLength(text) > bytes
}
