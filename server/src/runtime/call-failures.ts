import { cancelledWhile } from '../base/cancelled.ts'
import { HalibutError } from '../base/errors.ts'
import { messageOf } from '../base/message-of.ts'
import { UnfitResultError } from '../base/unfit-result.ts'
import { clientException, exceptionType } from './dotnet-exception.ts'
import { type AttemptStage, saysReset } from './retry-policy.ts'

/**
 * What ended a call, as its caller gets it: for a person in `message`, in the words of .NET in `dotnetMessage`, which peers and callers match
 * on (spec §6.4, §7.3, §8.1). Phase, delivery and sentence say the same; the words of .NET do not always.
 */

/** How far the last attempt to call a listening agent came. */
export interface LastAttempt {
  readonly uri: string
  readonly stage: AttemptStage
  /** A byte of the request may have left. */
  readonly bytesLeft: boolean
  /** The connection was not in use before. */
  readonly isNew: boolean
  /** No other attempt was allowed, which .NET tells as a request that had begun (also for a wrong pin and a cancellation). */
  readonly began: boolean
  readonly ownThumbprint: string
}

/** The error of a call to a listening agent. */
export function listeningFailure(why: unknown, attempt: LastAttempt): HalibutError {
  const { uri, stage, bytesLeft, began, ownThumbprint } = attempt
  const inner = toldOf(why)
  if (inner.kind === 'cancelled') return cancelledCall(inner, attempt)
  const rejected = !began && saysReset(inner) ? rejectedHint(ownThumbprint) : ''
  const error = new HalibutError(
    stage === 'initialise' && inner.kind === 'connection_lost' ? 'identify_failed' : inner.kind,
    sentence(inner, attempt),
    {
      ...inner.exceptions,
      phase: phaseOf(inner, attempt),
      delivery: bytesLeft ? 'unknown' : 'not_sent',
      endpoint: uri,
      dotnetType: clientException,
      dotnetMessage: dotnetSentence(uri, began, `${inner.dotnetMessage}${rejected}`),
      cause: inner,
    },
  )
  return withResult(inner, error)
}

/** The error of a call to a listening agent that was given up; `lastFailure`: of an attempt before, which tells why it waited. */
export function cancelledCall(
  why: HalibutError | undefined,
  { uri, stage, bytesLeft }: Pick<LastAttempt, 'uri' | 'stage' | 'bytesLeft'>,
  lastFailure?: HalibutError,
): HalibutError {
  const what = stage === 'exchange' ? 'Transferring' : 'Connecting'
  const phase = stage === 'connect' ? (why?.phase ?? 'connect') : stage === 'initialise' ? 'identify' : bytesLeft ? 'response' : 'request'
  const told = cancelledWhile(what, {
    phase,
    delivery: bytesLeft ? 'unknown' : 'not_sent',
    endpoint: uri,
    reason: lastFailure ? `the last attempt failed: ${lastFailure.message}` : why?.reason,
    cause: lastFailure ?? why,
  })
  return told.with({ dotnetMessage: dotnetSentence(uri, true, told.dotnetMessage) })
}

/** What broke an exchange with a polling agent: in .NET it is made an error response first. */
export function pollingFailure(why: unknown, uri: string): unknown {
  if (!(why instanceof HalibutError) || why.kind === 'cancelled') return why
  const bytesLeft = why.delivery !== 'not_sent'
  const { kind, phase, delivery, endpoint, dotnetMessage } = why
  const type = exceptionType(why)
  const error = new HalibutError(kind, sentence(why, { uri, stage: 'exchange', bytesLeft, isNew: false, ownThumbprint: '' }), {
    ...why.exceptions,
    phase,
    delivery,
    endpoint,
    dotnetType: clientException,
    dotnetMessage: type === clientException ? dotnetMessage : withServerException(dotnetMessage, type),
    cause: why,
  })
  return withResult(why, error)
}

/** A result that came and could not be read stays with its error: the request has run. */
function withResult(why: HalibutError, error: HalibutError): HalibutError {
  return why instanceof UnfitResultError ? new UnfitResultError(error.with({ delivery: 'executed' }), why.result) : error
}

/** The text of a client exception that was made of another one, without its stack. */
export function withServerException(message: string, type: string): string {
  return `${message}\n\nServer exception: \n${type}: ${message}`
}

/** Anything that was thrown, as an error of ours. */
export function toldOf(why: unknown): HalibutError {
  return why instanceof HalibutError ? why : new HalibutError('internal_error', messageOf(why), { cause: why })
}

/** What .NET says of a call or a cycle of polling that failed; it says of some that they began though nothing was sent. */
export function dotnetSentence(uri: string, began: boolean, text: string): string {
  return `An error occurred when sending a request to '${uri}', ${began ? 'after the request began: ' : 'before the request could begin: '}${text}`
}

/** What happened, for a person. */
export function sentence(inner: HalibutError, { uri, stage, bytesLeft, isNew, ownThumbprint }: Omit<LastAttempt, 'began'>): string {
  const { kind, phase, message } = inner
  const distrust = `it does not trust our certificate (thumbprint ${ownThumbprint})`
  if (stage === 'connect') {
    const hint = saysReset(inner) || (kind === 'connection_lost' && phase === 'tls') ? `; perhaps ${distrust}` : ''
    return `no connection to ${uri} could be opened: ${message}${hint}`
  }
  if (inner instanceof UnfitResultError) return `${uri} ran the call, and its result could not be read: ${message}`
  if (stage === 'exchange') {
    return bytesLeft
      ? `the call to ${uri} broke off after its request had left, so that it may have run: ${message}`
      : `the request could not be sent to ${uri}: ${message}`
  }
  if (!isNew || kind !== 'connection_lost') return `the connection to ${uri} was not ready for a request: ${message}`
  return `${uri} ended the connection instead of identifying itself: mostly ${distrust}`
}

function phaseOf({ phase }: HalibutError, { stage, bytesLeft }: LastAttempt): NonNullable<HalibutError['phase']> {
  if (stage === 'connect') return phase ?? 'connect'
  if (stage === 'initialise') return 'identify'
  if (phase !== undefined && (bytesLeft || phase !== 'response')) return phase
  return bytesLeft ? 'response' : 'request'
}

/** What .NET adds where the peer reset a connection that was not ready yet. */
function rejectedHint(ownThumbprint: string): string {
  return `The server aborted the connection before it was fully established. This usually means that the server rejected the certificate that we provided. We provided a certificate with a thumbprint of '${ownThumbprint}'.`
}
