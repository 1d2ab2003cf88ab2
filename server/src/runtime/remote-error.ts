import type { Delivery, ErrorKind, Phase } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../base/errors.ts'
import { clientException, exceptionMessage, exceptionType, printException, unwrapException } from './dotnet-exception.ts'

/** A failure as it came in a response. */
export interface RemoteFailure {
  readonly message: string
  readonly details?: string | null | undefined
  /** `HalibutErrorType` on the wire. */
  readonly type?: string | null | undefined
}

/** A failure as it goes into a response. */
export interface PeerError {
  readonly message: string
  readonly details: string
  readonly type: string | null
}

/** The sentence with which the text of whatever a service method threw begins; callers tell by it that the method ran (spec §6.3). */
const invocationSentence = 'System.Reflection.TargetInvocationException: Exception has been thrown by the target of an invocation.'

interface Meaning {
  readonly kind: ErrorKind
  /** What the answer says about the request: it was refused, it ran, or nobody can tell. */
  readonly delivery: Delivery
}

const exceptions = 'Halibut.Exceptions.'
const cancelledType = /^Halibut\.Exceptions\.(?:Connecting|Transferring)RequestCancelledException$/

/** The exceptions that the reference makes again on the caller’s side: those with a constructor for message and details. */
const meanings: Readonly<Record<string, Meaning>> = {
  [`${exceptions}ServiceNotFoundHalibutClientException`]: { kind: 'service_not_found', delivery: 'not_sent' },
  [`${exceptions}MethodNotFoundHalibutClientException`]: { kind: 'method_not_found', delivery: 'not_sent' },
  [`${exceptions}AmbiguousMethodMatchHalibutClientException`]: { kind: 'ambiguous_method', delivery: 'not_sent' },
  [`${exceptions}NoMatchingServiceOrMethodHalibutClientException`]: { kind: 'method_not_found', delivery: 'not_sent' },
  [`${exceptions}ServiceInvocationHalibutClientException`]: { kind: 'service_failed', delivery: 'executed' },
  [`${exceptions}ConnectingRequestCancelledException`]: { kind: 'cancelled', delivery: 'not_sent' },
  [`${exceptions}TransferringRequestCancelledException`]: { kind: 'cancelled', delivery: 'unknown' },
}
const generic: Meaning = { kind: 'remote_error', delivery: 'unknown' }

/**
 * The error a caller gets for an error response (spec §6.6). `dotnetType` is the exception that the reference raises, `dotnetMessage` the
 * text its user sees, with the remote stack; `message` is what the service said, without it.
 */
export function translateRemoteError(
  error: RemoteFailure,
  context: { readonly endpoint: string; readonly phase?: Phase | undefined },
): HalibutError {
  const details = error.details ?? ''
  const type = raisedType(error.message, details, error.type)
  const { kind, delivery } = meanings[type] ?? meaningForTentacles(error.message, details) ?? generic
  const isCancelled = kind === 'cancelled'
  return new HalibutError(kind, error.message === '' ? 'the agent answered with an error that has no text' : error.message, {
    phase: context.phase ?? 'response',
    delivery,
    endpoint: context.endpoint,
    dotnetType: type,
    dotnetMessage: isCancelled ? error.message : `${error.message}\n\nServer exception: \n${details}`,
    remote: {
      message: error.message,
      ...(typeof error.details === 'string' ? { details } : {}),
      ...(typeof error.type === 'string' ? { type: error.type } : {}),
    },
  })
}

/**
 * What two errors of a Tentacle mean, which .NET cannot tell from any other: a service that it does not host, and that it is shutting down.
 * Neither request ran. What a method threw never comes here, whatever it says.
 */
function meaningForTentacles(message: string, details: string): Meaning | undefined {
  if (details.startsWith(unknownTentacleService) && unregistered.test(message)) return { kind: 'service_not_found', delivery: 'not_sent' }
  return message === tentacleShutsDown ? { kind: 'agent_unavailable', delivery: 'not_sent' } : undefined
}

const unknownTentacleService = 'Octopus.Tentacle.Communications.UnknownServiceNameException: '
const unregistered = /^Error: .* has not been registered through an IAutofacServiceSource$/s
const tentacleShutsDown = 'The Tentacle service is shutting down and cannot process this request.'

/** The full name of the exception that the reference raises. A type that it cannot make ends the search, as there. */
function raisedType(message: string, details: string, errorType: string | null | undefined): string {
  if (errorType) {
    const type = resolvable(errorType)
    if (type === undefined) return clientException
    if (type !== clientException) return type
  }
  if (message.startsWith('Service not found: ')) return `${exceptions}ServiceNotFoundHalibutClientException`
  if (message.startsWith('Service ') && message.endsWith(' not found')) return `${exceptions}MethodNotFoundHalibutClientException`
  if (details.startsWith('System.Reflection.AmbiguousMatchException: ')) return `${exceptions}AmbiguousMethodMatchHalibutClientException`
  if (details.startsWith(invocationSentence)) return `${exceptions}ServiceInvocationHalibutClientException`
  return clientException
}

/** A known full name, with or without its assembly. */
function resolvable(text: string): string | undefined {
  const [name = '', assembly = 'Halibut'] = text.split(',', 2).map(part => part.trim())
  return assembly === 'Halibut' && (name === clientException || Object.hasOwn(meanings, name)) ? name : undefined
}

/**
 * The error document for a failure that was no exception of a service method (spec §6.3): a request that could not be resolved, or what
 * went wrong on the way to a polling service (§6.7: with .NET’s type names, since callers look for them in the text).
 */
export function describeForPeer(why: unknown): PeerError {
  return printable('', () => {
    const unwrapped = unwrapException(why)
    const type = exceptionType(unwrapped)
    return { message: exceptionMessage(unwrapped), details: printException(why), type: isHalibutType(type) ? type : null }
  })
}

/** The same for what a service method threw: always wrapped, never with a type of its own. */
export function describeThrown(why: unknown): PeerError {
  return printable(`${invocationSentence}\n ---> `, () => ({
    message: exceptionMessage(unwrapException(why)),
    details: `${invocationSentence}\n ---> ${printException(why)}\n   --- End of inner exception stack trace ---`,
    type: null,
  }))
}

/** Whatever is thrown, the caller gets an answer: an object may refuse to tell even its message. */
function printable(before: string, describe: () => PeerError): PeerError {
  try {
    return describe()
  } catch {
    const message = 'An error was thrown that cannot be printed.'
    return { message, details: `${before}System.Exception: ${message}`, type: null }
  }
}

/** Client exceptions and the two request-cancelled ones travel with their name. */
function isHalibutType(type: string): boolean {
  return type === clientException || (type.startsWith(exceptions) && type.endsWith('HalibutClientException')) || cancelledType.test(type)
}
