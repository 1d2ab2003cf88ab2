import { type Delivery, type ErrorKind, errorTable, type Phase, type RemoteError } from '@halibut-gateway/schemas/wire'

/** `HAL_ERR_` and the upper-case kind, for example `HAL_ERR_THUMBPRINT_MISMATCH`. */
export type ErrorCode = `HAL_ERR_${Uppercase<ErrorKind>}`

/** What is known about a failure beyond its kind and message. */
export interface ErrorContext {
  /** Where in the life of a call it failed. */
  readonly phase?: Phase | undefined
  /** Whether the request may have run. Default `not_sent`. */
  readonly delivery?: Delivery | undefined
  /** The endpoint’s URI; never with credentials. */
  readonly endpoint?: string | undefined
  /** What to do next. Default: the table’s advice for the kind. */
  readonly advice?: string | undefined
  /** From when on the same call may succeed, in milliseconds; only where that is known. */
  readonly retryAfterMs?: number | undefined
  /** What the service said. */
  readonly remote?: RemoteError | undefined
  /** The name of the .NET exception that means the same, for peers that match on it. */
  readonly dotnetType?: string | undefined
  readonly cause?: unknown
}

/**
 * The one error class of the runtime and the gateway. Match on `kind` (or `code`), never on the message: messages are for people,
 * and where .NET peers match on a text they are that text.
 */
export class HalibutError extends Error {
  override readonly name = 'HalibutError'
  readonly kind: ErrorKind
  readonly code: ErrorCode
  readonly phase: Phase | undefined
  readonly delivery: Delivery
  readonly endpoint: string | undefined
  readonly advice: string
  readonly retryAfterMs: number | undefined
  readonly remote: RemoteError | undefined
  readonly dotnetType: string | undefined

  constructor(kind: ErrorKind, message: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause })
    this.kind = kind
    this.code = `HAL_ERR_${kind.toUpperCase() as Uppercase<ErrorKind>}`
    this.phase = context.phase
    this.delivery = context.delivery ?? 'not_sent'
    this.endpoint = context.endpoint
    this.advice = context.advice ?? errorTable[kind].advice
    this.retryAfterMs = context.retryAfterMs
    this.remote = context.remote
    this.dotnetType = context.dotnetType
  }

  /** Whether the same call may be tried again: the kind allows it and the request cannot have run. */
  get retryable(): boolean {
    return errorTable[this.kind].retryable && this.delivery === 'not_sent'
  }

  /** The same error, told with more context; what it already knows stays unless `context` says otherwise. */
  with(context: ErrorContext): HalibutError {
    return new HalibutError(this.kind, this.message, {
      phase: context.phase ?? this.phase,
      delivery: context.delivery ?? this.delivery,
      endpoint: context.endpoint ?? this.endpoint,
      advice: context.advice ?? this.advice,
      retryAfterMs: context.retryAfterMs ?? this.retryAfterMs,
      remote: context.remote ?? this.remote,
      dotnetType: context.dotnetType ?? this.dotnetType,
      cause: context.cause ?? this.cause,
    })
  }
}
