import {
  type Delivery,
  type ErrorKind,
  errorTable,
  type ParamError,
  type Phase,
  type RemoteError,
  type RpcError,
} from '@halibut-gateway/schemas/wire'

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
  readonly cause?: unknown
}

/** The one error class of this package. Match on `kind`; the message is for people. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly kind: ErrorKind
  /** Where in the life of a call to an agent it failed. */
  readonly phase: Phase | undefined
  /** Whether the agent may have run the request. */
  readonly delivery: Delivery
  /** Whether the same request may be sent again as it is. */
  readonly retryable: boolean
  readonly retryAfterMs: number | undefined
  /** The agent’s id. */
  readonly agent: string | undefined
  /** Stands in the gateway’s log too. */
  readonly traceId: string | undefined
  /** What to do next. */
  readonly advice: string
  /** The places that do not fit, with `invalid_params`. */
  readonly errors: readonly ParamError[]
  /** The signatures to choose from, where a method’s name fits several. */
  readonly candidates: readonly string[]
  /** What the agent’s service said. */
  readonly remote: RemoteError | undefined

  constructor(kind: ErrorKind, message: string, details: GatewayErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.kind = kind
    this.phase = details.phase
    this.delivery = details.delivery ?? 'not_sent'
    this.retryable = details.retryable ?? (errorTable[kind].retryable && this.delivery === 'not_sent')
    this.retryAfterMs = details.retryAfterMs
    this.agent = details.agent
    this.traceId = details.traceId
    this.advice = details.advice ?? errorTable[kind].advice
    this.errors = details.errors ?? []
    this.candidates = details.candidates ?? []
    this.remote = details.remote
  }

  /** The error of a response. */
  static fromResponse(error: RpcError): GatewayError {
    const { kind, ...details } = error.data
    return new GatewayError(kind, error.message, details)
  }
}
