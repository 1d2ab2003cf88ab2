import type { CallPhase, Delivery, ErrorKind, ParamError, Phase, RemoteError, RpcError } from '@halibut-gateway/schemas/wire'
import { ownErrors } from './own-errors.ts'

/** What is known about a failure beyond its kind and message. */
export interface GatewayErrorDetails {
  readonly phase?: Phase | undefined
  readonly delivery?: Delivery | undefined
  readonly retryable?: boolean | undefined
  readonly retryAfterMs?: number | undefined
  readonly agent?: string | undefined
  readonly traceId?: string | undefined
  readonly advice?: string | undefined
  readonly errors?: readonly ParamError[] | undefined
  readonly candidates?: readonly string[] | undefined
  readonly remote?: RemoteError | undefined
  readonly result?: unknown
  readonly phases?: readonly CallPhase[] | undefined
  readonly cause?: unknown
}

/** The one error class of this package. Match on `kind`; the message is for people. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  declare readonly kind: ErrorKind
  /** Where in the life of a call to an agent it failed. */
  declare readonly phase: Phase | undefined
  /** Whether the agent may have run the request. */
  declare readonly delivery: Delivery
  /** Whether the same request may be sent again as it is. */
  declare readonly retryable: boolean
  declare readonly retryAfterMs: number | undefined
  /** The agent’s id. */
  declare readonly agent: string | undefined
  /** Stands in the gateway’s log too. */
  declare readonly traceId: string | undefined
  /** What to do next. */
  declare readonly advice: string
  /** The places that do not fit, with `invalid_params`. */
  declare readonly errors: readonly ParamError[]
  /** The signatures to choose from, where a method’s name fits several. */
  declare readonly candidates: readonly string[]
  /** What the agent’s service said. */
  declare readonly remote: RemoteError | undefined
  /** With `serialization_failed` of a result: what came, in the form of a result without a contract; absent where it is very long. */
  declare readonly result: unknown
  /** Of a call with an idempotency key: what took how long. */
  declare readonly phases: readonly CallPhase[] | undefined

  constructor(
    kind: ErrorKind,
    message: string,
    { cause, delivery = 'not_sent', retryable, advice, errors = [], candidates = [], ...others }: GatewayErrorDetails = {},
  ) {
    super(message, cause === undefined ? undefined : { cause })
    const [mayHelp, next, unsent = next] = ownErrors[kind] ?? [false, '']
    Object.assign(this, others, {
      kind,
      delivery,
      retryable: retryable ?? (mayHelp && delivery === 'not_sent'),
      advice: advice ?? (delivery === 'not_sent' ? unsent : next),
      errors,
      candidates,
    })
  }

  /** What `JSON.stringify` writes: all that is known, and the cause in words. */
  toJSON(): object {
    const { message, cause } = this
    return { ...this, message, cause: cause && String(cause) }
  }

  /** The error of a response. */
  static fromResponse(error: RpcError): GatewayError {
    const { kind, ...details } = error.data
    return new GatewayError(kind, error.message, details)
  }
}

/** `error` where it is one of ours; else one of this kind, with `error` as its cause. */
export function toGatewayError(kind: ErrorKind, what: string, error: unknown, delivery?: Delivery): GatewayError {
  return error instanceof GatewayError ? error : new GatewayError(kind, `${what}: ${String(error)}`, { cause: error, delivery })
}

/** What `encode` makes of arguments. Throws `invalid_argument` where they have no JSON form: a bigint, or a circle. */
export function encoded<T>(encode: () => T): T {
  try {
    return encode()
  } catch (error) {
    throw toGatewayError('invalid_argument', 'the arguments have no JSON form', error)
  }
}

/** Calls what is not ours. What it throws is its own affair: an uncaught error, which breaks nothing here. */
export function tell(call: () => void): void {
  try {
    call()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}

/** For what was asked of, or waited for in, a client that is closed. */
export function closedError(delivery: Delivery = 'not_sent'): GatewayError {
  return new GatewayError('closed', 'the client was closed', { delivery, retryable: false, advice: 'make another client' })
}

/** For what was under way in a session that is over. */
export function lost(message: string, cause?: GatewayError): GatewayError {
  return new GatewayError('connection_lost', message, { delivery: 'unknown', cause })
}
