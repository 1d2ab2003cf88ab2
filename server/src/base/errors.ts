import { type InspectOptions, inspect } from 'node:util'
import { adviceFor, type Delivery, type ErrorKind, errorTable, type Phase, type RemoteError } from '@halibut-gateway/schemas/wire'
import { type ErrorJson, errorJson, factsOf, maxCauses } from './error-json.ts'

/** `HAL_ERR_` and the upper-case kind, for example `HAL_ERR_THUMBPRINT_MISMATCH`. */
export type ErrorCode = `HAL_ERR_${Uppercase<ErrorKind>}`

/** A certificate that the other side presented. Whom it names is unverified. */
export interface PresentedCertificate {
  /** SHA-1 and SHA-256, upper-case hex. */
  readonly thumbprint: string
  readonly thumbprint256: string
  readonly subject: string
  readonly issuer: string
}

/** What is known about a failure beyond its kind and message. */
export interface ErrorContext {
  /** Where in the life of a call it failed. */
  readonly phase?: Phase | undefined
  /** Whether the request may have run. Default `not_sent`. */
  readonly delivery?: Delivery | undefined
  /** The endpoint’s URI; never with credentials. */
  readonly endpoint?: string | undefined
  /** What is known of what stood in the way, for errors that only tell that time ran out or somebody gave up; a part of a sentence. */
  readonly reason?: string | undefined
  /** What to do next. Default: the table’s advice for the kind and the delivery. */
  readonly advice?: string | undefined
  /** Whether the same call may be tried again as it is. Default: where the kind allows it and the request cannot have run. */
  readonly retryable?: boolean | undefined
  /** From when on the same call may succeed, in milliseconds; only where that is known. */
  readonly retryAfterMs?: number | undefined
  /** What the service said. */
  readonly remote?: RemoteError | undefined
  /** The certificate that the other side presented, where that is what is wrong. */
  readonly presented?: PresentedCertificate | undefined
  /** The name of the .NET exception that means the same, for peers that match on it. */
  readonly dotnetType?: string | undefined
  /** What .NET says in the place of the message, for peers and callers that match on it. Default: the message is that text. */
  readonly dotnetMessage?: string | undefined
  readonly cause?: unknown
}

/**
 * The one error class of the runtime and the gateway. Match on `kind` (or `code`), never on the message: messages are for people. Whoever
 * has to match on a text of .NET finds it in `dotnetMessage`.
 */
export class HalibutError extends Error {
  override readonly name = 'HalibutError'
  readonly kind: ErrorKind
  readonly code: ErrorCode
  readonly phase: Phase | undefined
  readonly delivery: Delivery
  readonly endpoint: string | undefined
  readonly reason: string | undefined
  readonly retryAfterMs: number | undefined
  readonly remote: RemoteError | undefined
  readonly presented: PresentedCertificate | undefined
  readonly dotnetType: string | undefined
  readonly #advice: string | undefined
  readonly #retryable: boolean | undefined
  readonly #dotnetMessage: string | undefined

  constructor(kind: ErrorKind, message: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause })
    this.kind = kind
    this.code = `HAL_ERR_${kind.toUpperCase() as Uppercase<ErrorKind>}`
    this.phase = context.phase
    this.delivery = context.delivery ?? 'not_sent'
    this.endpoint = context.endpoint
    this.reason = context.reason
    this.#advice = context.advice
    this.#retryable = context.retryable
    this.retryAfterMs = context.retryAfterMs
    this.remote = context.remote
    this.presented = context.presented
    this.dotnetType = context.dotnetType
    this.#dotnetMessage = context.dotnetMessage
  }

  /** What to do next. */
  get advice(): string {
    return this.#advice ?? adviceFor(this.kind, this.delivery)
  }

  /** Whether the same call may be tried again: the kind allows it and the request cannot have run, unless it was said otherwise. */
  get retryable(): boolean {
    return this.#retryable ?? (errorTable[this.kind].retryable && this.delivery === 'not_sent')
  }

  /** What was said of this one otherwise than the table says of its kind: for an error that is made of it. */
  get exceptions(): Pick<ErrorContext, 'advice' | 'retryable' | 'presented'> {
    return { advice: this.#advice, retryable: this.#retryable, presented: this.presented }
  }

  /** The text that .NET has for this. */
  get dotnetMessage(): string {
    return this.#dotnetMessage ?? this.message
  }

  /**
   * What `JSON.stringify` writes: name, kind, code, message, phase, delivery, endpoint, what to do next, and the causes up to four deep, each
   * without undefined members; no result, no stack. `toJSON({ stack: true })` has the stacks too.
   */
  toJSON(options?: unknown): ErrorJson {
    const stack = (options as { stack?: unknown } | undefined)?.stack === true
    return errorJson(this, stack, error => (error instanceof HalibutError ? factsOf(error) : {}))
  }

  /** What `console.log` shows: the stack, then what is known, then the cause. */
  [inspect.custom](depth: number | null, options: InspectOptions): string {
    const left = Math.min(depth ?? maxCauses, maxCauses)
    if (left < 0) return `[${this.name}: ${this.message}]`
    const facts = inspect(factsOf(this), { ...options, depth: 2 })
    const cause = this.cause === undefined ? '' : inspect(this.cause, { ...options, depth: left - 1 })
    return `${this.stack ?? `${this.name}: ${this.message}`} ${facts}${cause === '' ? '' : `\n  [cause]: ${cause.replaceAll('\n', '\n  ')}`}`
  }

  /** The same error, told with more context; what it already knows stays unless `context` says otherwise. */
  with(context: ErrorContext, message: string = this.message): HalibutError {
    return new HalibutError(this.kind, message, {
      phase: context.phase ?? this.phase,
      delivery: context.delivery ?? this.delivery,
      endpoint: context.endpoint ?? this.endpoint,
      reason: context.reason ?? this.reason,
      advice: context.advice ?? this.#advice,
      retryable: context.retryable ?? this.#retryable,
      retryAfterMs: context.retryAfterMs ?? this.retryAfterMs,
      remote: context.remote ?? this.remote,
      presented: context.presented ?? this.presented,
      dotnetType: context.dotnetType ?? this.dotnetType,
      dotnetMessage: context.dotnetMessage ?? this.#dotnetMessage,
      cause: context.cause ?? this.cause,
    })
  }
}
