import { controlNotifications, type Delivery, facadeLimits, type ResponseMessage, type RpcError } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../base/errors.ts'
import { failure, type Principal } from '../rpc/dispatcher.ts'

/** The data streams of a request, as they end or go on with it. */
interface OutcomeStreams {
  begin(): void
  abandon(error?: RpcError): void
}

/** What came of a request: its response as it goes out. */
export interface Outcome {
  readonly message: ResponseMessage
  readonly text: string
  /** The agent that was called. */
  readonly agent: string | undefined
  /** With a result: to be begun once it was sent. */
  readonly streams: OutcomeStreams | undefined
}

const { outboxBytes } = facadeLimits

/**
 * Writes the response of a request. One that no outbox would ever take becomes the error `message_too_large`, so that it ends nothing but
 * its request. With an error `streams` are abandoned.
 */
export function writeOutcome(message: ResponseMessage, principal: Principal, agent?: string, streams?: OutcomeStreams): Outcome {
  const text = tryStringify(message)
  if (text === undefined || isTooLarge(text)) {
    const size = text === undefined ? 'more than half a gibibyte' : `${Buffer.byteLength(text)} bytes`
    return tooLarge({ message, agent, streams }, size, principal)
  }
  if (!('error' in message)) return { message, text, agent, streams }
  streams?.abandon(message.error)
  return { message, text, agent, streams: undefined }
}

/** The responses of a batch as one text. Where they are too large together the largest give way, as each would alone. */
export function writeBatch(
  outcomes: readonly Outcome[],
  principal: Principal,
): { readonly text: string; readonly outcomes: readonly Outcome[] } {
  const fitting = [...outcomes]
  const bytes = outcomes.map(({ text }) => Buffer.byteLength(text))
  for (;;) {
    // A comma or a bracket behind each, and the first bracket.
    const total = bytes.reduce((sum, each) => sum + each + 1, 1)
    const largest = bytes.indexOf(Math.max(...bytes))
    const outcome = fitting[largest]
    if (total <= outboxBytes || !outcome) break
    const instead = tooLarge(outcome, `${bytes[largest]} bytes in a batch of ${total}`, principal)
    fitting[largest] = instead
    bytes[largest] = Buffer.byteLength(instead.text)
  }
  return { text: `[${fitting.map(({ text }) => text).join(',')}]`, outcomes: fitting }
}

/** An item of a watch as text. Throws `message_too_large`, which ends the watch, for one that no outbox would ever take. */
export function writeItem(params: object): string {
  const text = JSON.stringify({ jsonrpc: '2.0', method: controlNotifications.progress, params })
  if (isTooLarge(text)) throw tooLargeError(`the next item has ${Buffer.byteLength(text)} bytes`, 'executed')
  return text
}

/** `undefined` for what is longer than JavaScript’s strings may be. */
function tryStringify(message: ResponseMessage): string | undefined {
  try {
    return JSON.stringify(message)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function tooLarge({ message, agent, streams }: Omit<Outcome, 'text'>, size: string, principal: Principal): Outcome {
  const before = 'error' in message ? message.error.data : undefined
  const why = tooLargeError(`the response has ${size}`, before?.delivery ?? 'executed')
  const instead = failure(message.id, why, principal, { agent, ...(before ? { traceId: before.traceId } : {}) })
  if ('error' in instead) streams?.abandon(instead.error)
  return { message: instead, text: JSON.stringify(instead), agent, streams: undefined }
}

function tooLargeError(what: string, delivery: Delivery): HalibutError {
  return new HalibutError('message_too_large', `${what}, outboxBytes is ${outboxBytes}`, {
    phase: 'response',
    delivery,
    advice: 'ask for less at a time, or let the service give its result as a data stream',
  })
}

/** Counted only where it may matter: a character is at most three bytes. */
function isTooLarge(text: string): boolean {
  return text.length * 3 > outboxBytes && Buffer.byteLength(text) > outboxBytes
}
