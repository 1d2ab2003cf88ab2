import type { InvokeParams, InvokeResult } from '@halibut-gateway/schemas'
import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../base/errors.ts'
import { gatewayLimits } from '../base/limits.ts'
import { UnfitResultError } from '../base/unfit-result.ts'
import { toHalibutError } from './error-map.ts'
import { fingerprintOf } from './fingerprint.ts'
import { isLongJson } from './json-pieces.ts'
import { ParamsError } from './params-error.ts'
import { SharedCall, type Waiter } from './shared-call.ts'

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
  /** While it runs: its promise holds all of what came, also where that is too much to keep. */
  call: SharedCall<Invoked> | undefined
  outcome: KeptOutcome
  endedMs: number
  bytes: number
}

const { keptResultBytes, allKeptResultsBytes } = gatewayLimits
const sweepEveryMs = 60_000

/**
 * Runs a call with an idempotency key once, however often it is sent: who sends it again joins it, or gets its outcome. Keys belong to a
 * principal and to the epoch; outcomes are known for `outcomeMs`.
 */
export class KeptCalls {
  readonly #epoch: string
  readonly #now: () => number
  readonly #byPrincipal = new Map<string, Map<string, KeptCall>>()
  #bytes = 0
  #sweepAtMs = 0

  constructor(epoch: string, now: () => number = () => performance.now()) {
    this.#epoch = epoch
    this.#now = now
  }

  /** Principals of whose calls something is known. */
  get principals(): number {
    return this.#byPrincipal.size
  }

  /** What is known of a call; text says why nothing is. */
  outcome(principal: string, key: string, epoch: string): KeptOutcome | 'epoch' | 'key' {
    if (epoch !== this.#epoch) return 'epoch'
    const calls = this.#byPrincipal.get(principal)
    if (calls) this.#sweep(calls)
    return calls?.get(key)?.outcome ?? 'key'
  }

  /**
   * Runs `invoke`, joins it where it runs, or answers what it answered. Throws `outcome_unknown`, `idempotency_conflict`, `too_many_calls`,
   * and `stream_consumed` for a result that cannot be given twice.
   */
  async run(principal: string, params: InvokeParams, waiter: Waiter, invoke: (call: Waiter) => Promise<Invoked>): Promise<InvokeResult> {
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
    this.#sweepAll()
    const calls = this.#byPrincipal.get(principal) ?? new Map<string, KeptCall>()
    this.#byPrincipal.set(principal, calls)
    this.#sweep(calls)
    const fingerprint = fingerprintOf([params.agent, params.service, params.method, params.args])
    for (;;) {
      const known = calls.get(key)
      if (known && known.fingerprint !== fingerprint) {
        throw new HalibutError('idempotency_conflict', 'this idempotencyKey stands for a request with other parameters')
      }
      if (!known || mayRunAgain(known.outcome)) return await this.#start(calls, key, fingerprint, waiter, invoke)
      const { call, outcome } = known
      if (outcome.state !== 'running') return repeated(outcome)
      if (call && !call.signal.aborted) return joined(await call.wait(waiter, params.timeoutMs))
      // It is being given up: what becomes of it decides whether it runs now.
      await call?.over()
      if (waiter.signal.aborted) throw toHalibutError(waiter.signal.reason)
    }
  }

  async #start(
    calls: Map<string, KeptCall>,
    key: string,
    fingerprint: string,
    waiter: Waiter,
    invoke: (call: Waiter) => Promise<Invoked>,
  ): Promise<InvokeResult> {
    const before = calls.get(key)
    if (before) {
      calls.delete(key)
      this.#bytes -= before.bytes
    } else if (calls.size >= facadeLimits.outcomes) {
      throw new HalibutError(
        'too_many_calls',
        `${facadeLimits.outcomes} idempotency keys of the last ${facadeLimits.outcomeMs / 60_000} minutes are remembered`,
        { retryAfterMs: this.#untilForgotten(calls), advice: 'wait until some of them are forgotten, or call without a key' },
      )
    }
    const call = new SharedCall(shared =>
      invoke(shared).then(
        invoked => {
          this.#ended(calls, key, this.#keep(invoked))
          return invoked
        },
        (why: unknown) => {
          const error = toHalibutError(why)
          this.#ended(calls, key, this.#keepError(error instanceof UnfitResultError ? error.bare() : error))
          throw why
        },
      ),
    )
    calls.set(key, { fingerprint, call, outcome: { state: 'running' }, endedMs: 0, bytes: 0 })
    return (await call.wait(waiter)).result
  }

  /** What is kept of an answer. */
  #keep({ result, holdsStreams }: Invoked): Pick<KeptCall, 'outcome' | 'bytes'> {
    if (holdsStreams) return { outcome: { state: 'answered', holdsStreams }, bytes: 0 }
    const bytes = this.#take(result)
    if (bytes === undefined) return { outcome: { state: 'answered', holdsStreams }, bytes: 0 }
    return { outcome: { state: 'answered', holdsStreams, result }, bytes }
  }

  /** What is kept of an error: where that is too large, what it means for its call. */
  #keepError(error: HalibutError): Pick<KeptCall, 'outcome' | 'bytes'> {
    const bytes = this.#take([error.message, error.remote])
    if (bytes !== undefined) return { outcome: { state: 'failed', error }, bytes }
    const { kind, phase, delivery, retryable } = error
    const bare = new HalibutError(kind, 'the call failed, with an error that was too large to keep', { phase, delivery, retryable })
    return { outcome: { state: 'failed', error: bare }, bytes: 0 }
  }

  /** Takes room for something; its bytes, or nothing where there is not as much. */
  #take(value: unknown): number | undefined {
    const bytes = isLongJson(value, keptResultBytes) ? Number.POSITIVE_INFINITY : Buffer.byteLength(JSON.stringify(value))
    // What is over, of whomever, makes room first.
    if (this.#bytes + bytes > allKeptResultsBytes) for (const calls of this.#byPrincipal.values()) this.#sweep(calls)
    if (bytes > keptResultBytes || this.#bytes + bytes > allKeptResultsBytes) return undefined
    this.#bytes += bytes
    return bytes
  }

  #ended(calls: Map<string, KeptCall>, key: string, { outcome, bytes }: Pick<KeptCall, 'outcome' | 'bytes'>): void {
    const kept = calls.get(key)
    if (!kept) return
    kept.call = undefined
    kept.outcome = outcome
    kept.bytes = bytes
    kept.endedMs = this.#now()
    // The order of the map is that of the ends, for those that have ended.
    calls.delete(key)
    calls.set(key, kept)
  }

  /** When the first of them is forgotten, where one has ended. */
  #untilForgotten(calls: ReadonlyMap<string, KeptCall>): number | undefined {
    for (const { outcome, endedMs } of calls.values()) {
      if (outcome.state !== 'running') return endedMs + facadeLimits.outcomeMs - this.#now()
    }
    return undefined
  }

  /** Principals who do not come back would be remembered for ever otherwise. */
  #sweepAll(): void {
    const now = this.#now()
    if (now < this.#sweepAtMs) return
    this.#sweepAtMs = now + sweepEveryMs
    for (const [principal, calls] of this.#byPrincipal) {
      this.#sweep(calls)
      if (calls.size === 0) this.#byPrincipal.delete(principal)
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

/** The result goes to the one who sent the call first. */
function joined({ result, holdsStreams }: Invoked): InvokeResult {
  if (holdsStreams) throw consumed()
  return result
}

function repeated(outcome: Exclude<KeptOutcome, { state: 'running' }>): InvokeResult {
  if (outcome.state === 'failed') throw outcome.error
  if (outcome.holdsStreams) throw consumed()
  if (outcome.result) return outcome.result
  throw new HalibutError('outcome_unknown', 'the call was answered, with a result that was too large to keep', {
    delivery: 'executed',
    advice: 'call again with a fresh key where the method may run twice: this one did run',
  })
}

/** The error of a result whose data streams have gone to somebody else, or to nobody. */
export function consumed(): HalibutError {
  return new HalibutError('stream_consumed', 'the call was answered, with data streams that cannot be given twice', {
    delivery: 'executed',
    advice: 'call again with a fresh key where the method may run twice: this one did run',
  })
}
