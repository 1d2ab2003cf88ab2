import {
  adviceFor,
  type Delivery,
  type ErrorData,
  type ErrorKind,
  errorTable,
  type ParamError,
  type RpcError,
} from '@halibut-gateway/schemas/wire'

/** Thrown by an implementation, or given to `TestGateway.fail`: ends the call as this kind. */
export class TestError extends Error {
  readonly kind: ErrorKind
  readonly delivery: Delivery
  /** Whether the same call may be tried again. Default: as the kind and the delivery have it. */
  readonly retryable: boolean

  constructor(kind: ErrorKind, message: string, delivery: Delivery = 'executed', retryable?: boolean) {
    super(message)
    this.kind = kind
    this.delivery = delivery
    this.retryable = retryable ?? (errorTable[kind].retryable && delivery === 'not_sent')
  }
}

type Places = Pick<ErrorData, 'errors' | 'candidates'>

/** `invalid_params`, with its places. */
class Misfit extends TestError {
  readonly places: Places

  constructor(message: string, places: Places) {
    super('invalid_params', message, 'not_sent')
    this.places = places
  }
}

/** The error of parameters that do not fit. */
export function misfit(what: string, errors: readonly ParamError[], candidates: readonly string[] = []): TestError {
  const [first] = errors
  const why = first ? `: ${first.path}: expected ${first.expected}, got ${first.got}` : ''
  return new Misfit(`${what}${why}`, { errors, candidates })
}

/** The error of a call that its caller has cancelled. */
export function cancelled(hasBegun: boolean): TestError {
  return new TestError('cancelled', 'the caller cancelled the call', hasBegun ? 'unknown' : 'not_sent')
}

/** What else an implementation throws is a failure of the agent’s service. */
export function toTestError(thrown: unknown): TestError {
  return thrown instanceof TestError ? thrown : new TestError('service_failed', thrown instanceof Error ? thrown.message : String(thrown))
}

/** An error as it travels, with the trace id of the request. */
export function toRpcError(thrown: unknown, traceparent?: string): RpcError {
  const error = toTestError(thrown)
  const { kind, delivery, message, retryable } = error
  return {
    code: errorTable[kind].number,
    message,
    data: {
      kind,
      delivery,
      retryable,
      traceId: traceparent?.slice(3, 35) ?? '0'.repeat(32),
      advice: adviceFor(kind, delivery),
      ...(error instanceof Misfit ? error.places : {}),
      ...(kind === 'service_failed' ? { remote: { message } } : {}),
    },
  }
}
