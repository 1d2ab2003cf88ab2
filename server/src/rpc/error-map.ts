import { type CallPhase, type ErrorData, errorTable, hasRight, type RpcError } from '@halibut-gateway/schemas/wire'
import type { Principal } from '../access/principal.ts'
import { HalibutError } from '../base/errors.ts'
import { createTraceId } from '../base/trace-id.ts'
import { UnfitResultError } from '../base/unfit-result.ts'
import { ParamsError } from './params-error.ts'
import { tellResult } from './untyped-json.ts'

/** Where an error happened. */
export interface ErrorPlace {
  /** Default: a fresh one. */
  readonly traceId?: string | undefined
  /** The agent’s id, where one was called. */
  readonly agent?: string | undefined
  /** What took how long before it. */
  readonly phases?: readonly CallPhase[] | undefined
}

/** Any thrown value as our error. What is not ours is a failure of the gateway, and its text stays in the log. */
export function toHalibutError(error: unknown): HalibutError {
  if (error instanceof HalibutError) return error
  return new HalibutError('internal_error', 'the gateway failed', { cause: error, delivery: 'unknown' })
}

/** Our error as it is told to `principal`, who is not known before the sign-in. The remote stack trace takes `inspect.read`. */
export function toRpcError(error: HalibutError, principal: Principal | undefined, place: ErrorPlace = {}): RpcError {
  const { remote } = error
  const data: ErrorData = {
    kind: error.kind,
    ...(error.phase ? { phase: error.phase } : {}),
    delivery: error.delivery,
    retryable: error.retryable,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    ...(place.agent === undefined ? {} : { agent: place.agent }),
    traceId: place.traceId ?? createTraceId(),
    advice: error.advice,
    ...(error instanceof ParamsError && error.errors.length > 0 ? { errors: error.errors } : {}),
    ...(error instanceof ParamsError && error.candidates.length > 0 ? { candidates: error.candidates } : {}),
    ...(error instanceof UnfitResultError ? tellResult(error.result) : {}),
    ...(remote
      ? {
          remote: {
            message: remote.message,
            ...(remote.type === undefined ? {} : { type: remote.type }),
            ...(principal && hasRight(principal.role, 'inspect.read') && remote.details !== undefined ? { details: remote.details } : {}),
          },
        }
      : {}),
    ...(place.phases ? { phases: place.phases } : {}),
  }
  return { code: errorTable[error.kind].number, message: error.message, data }
}
