import { createHash } from 'node:crypto'
import type { InvokeParams, InvokeResult } from '@halibut-gateway/schemas'
import { facadeLimits, isStreamHandle } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../base/errors.ts'
import { gatewayLimits } from '../base/limits.ts'
import { toHalibutError } from './error-map.ts'
import { ParamsError } from './params-error.ts'

/** What came of a call. `holdsStreams`: the result can be given once only. */
export interface Invoked {
  readonly result: InvokeResult
  readonly holdsStreams: boolean
}

/** What is known of a call with an idempotency key. */
export type KeptOutcome =
  | { readonly state: 'running' }
  /** Without a result where it was too large to keep, or holds data streams. */
  | { readonly state: 'answered'; readonly result?: InvokeResult; readonly holdsStreams: boolean }
  | { readonly state: 'failed'; readonly error: HalibutError }

interface KeptCall {
  readonly fingerprint: string
  readonly stop: AbortController
  readonly done: Promise<Invoked>
  outcome: KeptOutcome
  endedMs: number
  bytes: number
}

const { keptResultBytes, allKeptResultsBytes } = gatewayLimits

/**
 * Runs a call with an idempotency key once, however often it is sent: who sends it again joins it, or gets its outcome. Keys belong to a
 * principal and to the epoch; outcomes are known for `outcomeMs`.
 */
export class KeptCalls {
  readonly #epoch: string
  readonly #now: () => number
  readonly #byPrincipal = new Map<string, Map<string, KeptCall>>()
  #bytes = 0

  constructor(epoch: string, now: () => number = Date.now) {
    this.#epoch = epoch
    this.#now = now
  }

  /** What is known of a call; text says why nothing is. */
  outcome(principal: string, key: string, epoch: string): KeptOutcome | 'epoch' | 'key' {
    if (epoch !== this.#epoch) return 'epoch'
    const calls = this.#byPrincipal.get(principal)
    if (calls) this.#sweep(calls)
    return calls?.get(key)?.outcome ?? 'key'
  }

  /**
   * Runs `invoke`, joins it where it runs, or answers what it answered. `signal` gives up waiting, and the call where its reason is
   * `cancelled`. Throws `outcome_unknown`, `idempotency_conflict`, `too_many_calls`, and `stream_consumed` for a result that cannot be
   * given twice.
   */
  async run(
    principal: string,
    params: InvokeParams,
    signal: AbortSignal,
    invoke: (signal: AbortSignal) => Promise<Invoked>,
  ): Promise<InvokeResult> {
    const { idempotencyKey: key = '', epoch } = params
    if (epoch === undefined) {
      throw new ParamsError('an idempotencyKey belongs to an epoch', [
        { path: '/epoch', expected: 'the epoch that hello told, beside idempotencyKey', got: 'nothing' },
      ])
    }
    if (epoch !== this.#epoch) {
      throw new HalibutError('outcome_unknown', 'the gateway has started anew since that epoch: whether the request ran is not known', {
        delivery: 'unknown',
      })
    }
    const calls = this.#byPrincipal.get(principal) ?? new Map<string, KeptCall>()
    this.#byPrincipal.set(principal, calls)
    this.#sweep(calls)
    const fingerprint = fingerprintOf(params)
    const known = calls.get(key)
    if (known && known.fingerprint !== fingerprint) {
      throw new HalibutError('idempotency_conflict', 'this idempotencyKey stands for a request with other parameters')
    }
    if (known && !mayRunAgain(known.outcome))
      return known.outcome.state === 'running' ? await joined(known, signal) : repeated(known.outcome)
    if (!known && calls.size >= facadeLimits.outcomes) {
      throw new HalibutError(
        'too_many_calls',
        `${facadeLimits.outcomes} idempotency keys of the last ${facadeLimits.outcomeMs / 60_000} minutes are remembered`,
      )
    }
    return (await this.#start(calls, key, fingerprint, signal, invoke)).result
  }

  async #start(
    calls: Map<string, KeptCall>,
    key: string,
    fingerprint: string,
    signal: AbortSignal,
    invoke: (signal: AbortSignal) => Promise<Invoked>,
  ): Promise<Invoked> {
    const stop = new AbortController()
    const call: KeptCall = { fingerprint, stop, done: invoke(stop.signal), outcome: { state: 'running' }, endedMs: 0, bytes: 0 }
    calls.delete(key)
    calls.set(key, call)
    const unlink = stopWith(signal, stop)
    try {
      const invoked = await call.done
      const { result, holdsStreams } = invoked
      call.bytes = holdsStreams ? 0 : Buffer.byteLength(JSON.stringify(result))
      const kept = !holdsStreams && call.bytes <= keptResultBytes && this.#bytes + call.bytes <= allKeptResultsBytes
      if (!kept) call.bytes = 0
      this.#bytes += call.bytes
      call.outcome = { state: 'answered', holdsStreams, ...(kept ? { result } : {}) }
      return invoked
    } catch (why) {
      call.outcome = { state: 'failed', error: toHalibutError(why) }
      throw why
    } finally {
      unlink()
      call.endedMs = this.#now()
      // The order of the map is that of the ends, for those that have ended.
      if (calls.get(key) === call) {
        calls.delete(key)
        calls.set(key, call)
      }
    }
  }

  #sweep(calls: Map<string, KeptCall>): void {
    const now = this.#now()
    for (const [key, call] of calls) {
      if (call.outcome.state === 'running') continue
      if (now - call.endedMs < facadeLimits.outcomeMs) return
      calls.delete(key)
      this.#bytes -= call.bytes
    }
  }
}

/** What never left may be sent again under the same key. */
function mayRunAgain(outcome: KeptOutcome): boolean {
  return outcome.state === 'failed' && outcome.error.delivery === 'not_sent'
}

async function joined(call: KeptCall, signal: AbortSignal): Promise<InvokeResult> {
  const unlink = stopWith(signal, call.stop)
  try {
    const { result, holdsStreams } = await untilAborted(call.done, signal)
    if (holdsStreams) throw consumed()
    return result
  } finally {
    unlink()
  }
}

function repeated(outcome: Exclude<KeptOutcome, { state: 'running' }>): InvokeResult {
  if (outcome.state === 'failed') throw outcome.error
  if (outcome.holdsStreams) throw consumed()
  if (outcome.result) return outcome.result
  throw new HalibutError('outcome_unknown', 'the call was answered, with a result that was too large to keep', { delivery: 'executed' })
}

function consumed(): HalibutError {
  return new HalibutError('stream_consumed', 'the call was answered, with data streams that cannot be given twice', {
    delivery: 'executed',
  })
}

/** A caller that cancels stops the call; one whose session ended only leaves. */
function stopWith(signal: AbortSignal, stop: AbortController): () => void {
  const onAbort = (): void => {
    const why: unknown = signal.reason
    if (why instanceof HalibutError && why.kind === 'cancelled') stop.abort(why)
  }
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  return () => signal.removeEventListener('abort', onAbort)
}

function untilAborted<T>(done: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(toHalibutError(signal.reason)), { once: true })
    done.then(resolve, reject)
  })
}

/** The same for the same request: the order of keys, and the numbers of data streams, do not matter. */
function fingerprintOf({ agent, service, method, args }: InvokeParams): string {
  return createHash('sha256')
    .update(JSON.stringify(canonical([agent, service, method, args])))
    .digest('base64')
}

function canonical(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(canonical)
  if (isStreamHandle(value)) return { $stream: value.length ?? null }
  const entries = Object.entries(value).map(([key, each]): [string, unknown] => [key, canonical(each)])
  return entries.sort(([a], [b]) => (a < b ? -1 : 1))
}
