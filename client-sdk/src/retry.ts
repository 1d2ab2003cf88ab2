import { type Delivery, type ErrorKind, errorTable } from '@halibut-gateway/schemas/wire'
import { backoffDelayMs } from './backoff.ts'
import { timer } from './deadlines.ts'

/** What an attempt is made with: options of a call, or of a request, as they are. */
export interface AttemptOptions {
  readonly signal?: AbortSignal
  /** What is left of `totalMs`. */
  readonly timeoutMs?: number
}

/** An attempt that failed, and is followed by another one. */
export interface FailedAttempt {
  /** From 1. */
  readonly attempt: number
  readonly error: unknown
  /** Until the next one. */
  readonly delayMs: number
}

/** How to try again. */
export interface RetryOptions {
  /** Attempts in all. Default 5. */
  readonly attempts?: number
  /**
   * Whether the call may run twice, by its nature or by an `idempotencyKey`: then it is also made again where it may have run (delivery
   * `unknown`). Default false.
   */
  readonly idempotent?: boolean
  /** The longest first pause, which doubles with each attempt. Milliseconds. Default 250. */
  readonly firstMs?: number
  /** The longest pause of all, but for what the gateway asks for (`retryAfterMs`). Milliseconds. Default 15,000. */
  readonly maxMs?: number
  /** All attempts and pauses together: no pause goes beyond it. Milliseconds. Default: no limit. */
  readonly totalMs?: number
  /** Ends it: in a pause with its reason, in a call with what that makes of it (`cancelled`, which says whether the agent may have run it). */
  readonly signal?: AbortSignal
  /** Hears of each attempt that is followed by another one. */
  readonly onRetry?: (failed: FailedAttempt) => void
}

/**
 * What `call` gives, made again while its error says that this can help. It is never made again where it may have run, unless it is
 * `idempotent`. Rejects with the error of the last attempt.
 */
export async function retry<T>(call: (options: AttemptOptions) => Promise<T>, options: RetryOptions = {}): Promise<T> {
  const { attempts = 5, idempotent = false, firstMs = 250, maxMs = 15_000, totalMs = Number.POSITIVE_INFINITY, signal, onRetry } = options
  const untilMs = performance.now() + totalMs
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted()
    const leftMs = Math.ceil(untilMs - performance.now())
    try {
      return await call({ ...(signal ? { signal } : {}), ...(leftMs < Number.POSITIVE_INFINITY ? { timeoutMs: Math.max(1, leftMs) } : {}) })
    } catch (error) {
      if (attempt >= attempts || !mayHelp(error, idempotent)) throw error
      const delayMs = Math.max(backoffDelayMs(attempt, { firstMs, maxMs }, Math.random), error.retryAfterMs ?? 0)
      if (performance.now() + delayMs >= untilMs) throw error
      onRetry?.({ attempt, error, delayMs })
      await pause(delayMs, signal)
    }
  }
}

/** Of a `GatewayError`: this entry has no class of the main one. */
interface Failure {
  readonly kind: ErrorKind
  readonly delivery: Delivery
  readonly retryable: boolean
  readonly retryAfterMs?: number | undefined
}

function mayHelp(error: unknown, idempotent: boolean): error is Failure {
  if (!(error instanceof Error) || error.name !== 'GatewayError') return false
  const { kind, delivery, retryable } = error as Error & Failure
  if (delivery === 'not_sent') return retryable
  return idempotent && delivery === 'unknown' && (retryable || errorTable[kind]?.retryable === true)
}

/** Rejects with the reason of `signal` where that aborts. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(late)
      reject(signal?.reason)
    }
    const late = timer(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', onAbort)
    if (signal?.aborted) onAbort()
  })
}
