import type { InvokeParams, InvokeResult } from '@halibut-gateway/schemas'
import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../base/errors.ts'
import { gatewayLimits } from '../base/limits.ts'
import { type LogSink, silentLog } from '../base/log.ts'
import { steadyTime } from '../base/steady-time.ts'
import { UnfitResultError } from '../base/unfit-result.ts'
import type { CallMemory } from '../store/call-memory.ts'
import { fromRecord, type KeptOutcome, type KnownCall, toRecord } from './call-record.ts'
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

interface KeptCall {
  readonly fingerprint: string
  /** While it runs: its promise holds all of what came, also where that is too much to keep. */
  call: SharedCall<Invoked> | undefined
  outcome: KeptOutcome
  endedMs: number
  bytes: number
}

type CallName = Pick<KnownCall, 'owner' | 'key' | 'fingerprint'>

const { keptResultBytes, allKeptResultsBytes } = gatewayLimits
const sweepEveryMs = 60_000

/** What {@link KeptCalls} works with. */
export interface KeptCallsOptions {
  readonly epoch: string
  /** Where what becomes of calls outlives the process. Default: nowhere. */
  readonly memory?: Omit<CallMemory, 'epoch'> | undefined
  readonly log?: LogSink | undefined
  /** UTC milliseconds since 1970, as a clock tells them that is never set. Default {@link steadyTime}. */
  readonly now?: () => number
}

/**
 * Runs a call with an idempotency key once, however often it is sent: who sends it again joins it, or gets its outcome. Keys belong to a
 * principal and to the epoch; outcomes are known for `outcomeMs`.
 *
 * With a memory that holds beyond the end of the process: that a call begins is on the disk before it leaves, and its outcome before it is told.
 */
export class KeptCalls {
  readonly #epoch: string
  readonly #memory: Omit<CallMemory, 'epoch'> | undefined
  readonly #log: LogSink
  readonly #now: () => number
  readonly #byOwner = new Map<string, Map<string, KeptCall>>()
  #bytes = 0
  #sweepAtMs = 0
  /** Runs while the memory has something to forget. */
  #sweeping: ReturnType<typeof setTimeout> | undefined

  constructor({ epoch, memory, log = silentLog, now = steadyTime }: KeptCallsOptions) {
    this.#epoch = epoch
    this.#memory = memory
    this.#log = log
    this.#now = now
    const nowMs = now()
    for (const record of memory?.records ?? []) {
      const call = fromRecord(record, nowMs)
      const { owner, key, fingerprint, endedMs = nowMs, outcome } = call
      const told =
        outcome.state === 'answered' ? outcome.result : outcome.state === 'failed' ? [outcome.error.message, outcome.error.remote] : ''
      const bytes = Buffer.byteLength(JSON.stringify(told ?? ''))
      this.#bytes += bytes
      this.#callsOf(owner).set(key, { fingerprint, call: undefined, outcome, endedMs, bytes })
      // From now on its time is counted, so that it is forgotten one day.
      if (outcome.state === 'lost') void this.#write(call)
    }
    if (this.#byOwner.size > 0) this.#sweepLater()
  }

  /** Forgets nothing more: the process, or what keeps the calls, ends. */
  close(): void {
    clearTimeout(this.#sweeping)
  }

  /** Principals of whose calls something is known. */
  get principals(): number {
    return this.#byOwner.size
  }

  /** What is known of a call; text says why nothing is. */
  outcome(owner: string, key: string, epoch: string): KeptOutcome | 'epoch' | 'key' {
    if (epoch !== this.#epoch) return 'epoch'
    const calls = this.#byOwner.get(owner)
    if (calls) this.#sweep(calls)
    return calls?.get(key)?.outcome ?? 'key'
  }

  /**
   * Runs `invoke`, joins it where it runs, or answers what it answered. Throws `outcome_unknown`, `idempotency_conflict`, `too_many_calls`,
   * and `stream_consumed` for a result that cannot be given twice.
   */
  async run(owner: string, params: InvokeParams, waiter: Waiter, invoke: (call: Waiter) => Promise<Invoked>): Promise<InvokeResult> {
    const { idempotencyKey: key = '', epoch } = params
    if (epoch === undefined) {
      throw new ParamsError('an idempotencyKey belongs to an epoch', [
        { path: '/epoch', expected: 'the epoch that hello told, beside idempotencyKey', got: 'nothing' },
      ])
    }
    if (epoch !== this.#epoch) {
      throw new HalibutError('outcome_unknown', 'the gateway has lost its memory since that epoch: whether the request ran is not known', {
        delivery: 'unknown',
      })
    }
    this.#sweepAll()
    const calls = this.#callsOf(owner)
    this.#sweep(calls)
    const fingerprint = fingerprintOf([params.agent, params.service, params.method, params.args])
    for (;;) {
      const known = calls.get(key)
      if (known && known.fingerprint !== fingerprint) {
        throw new HalibutError('idempotency_conflict', 'this idempotencyKey stands for a request with other parameters')
      }
      if (!known || mayRunAgain(known.outcome)) return await this.#start({ owner, key, fingerprint }, calls, waiter, invoke)
      const { call, outcome } = known
      if (outcome.state !== 'running') return repeated(outcome)
      if (call && !call.signal.aborted) return joined(await call.wait(waiter, params.timeoutMs))
      // It is being given up: what becomes of it decides whether it runs now.
      await call?.over()
      if (waiter.signal.aborted) throw toHalibutError(waiter.signal.reason)
    }
  }

  async #start(
    named: CallName,
    calls: Map<string, KeptCall>,
    waiter: Waiter,
    invoke: (call: Waiter) => Promise<Invoked>,
  ): Promise<InvokeResult> {
    const { key, fingerprint } = named
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
      this.#begun(named, shared, invoke).then(
        async invoked => {
          await this.#ended(named, calls, this.#keep(invoked))
          return invoked
        },
        async (why: unknown) => {
          const error = toHalibutError(why)
          await this.#ended(named, calls, this.#keepError(error instanceof UnfitResultError ? error.bare() : error))
          throw why
        },
      ),
    )
    calls.set(key, { fingerprint, call, outcome: { state: 'running' }, endedMs: 0, bytes: 0 })
    return (await call.wait(waiter)).result
  }

  /** Begins a call, once it is known to whatever comes after this process that it may have run. */
  #begun(named: CallName, call: Waiter, invoke: (call: Waiter) => Promise<Invoked>): Promise<Invoked> {
    if (!this.#memory) return invoke(call)
    const beginning = this.#memory.put(toRecord({ ...named, endedMs: undefined, outcome: { state: 'running' } }))
    return beginning.then(
      () => {
        if (call.signal.aborted) throw toHalibutError(call.signal.reason)
        return invoke(call)
      },
      (why: unknown) => {
        const error = toHalibutError(why)
        throw error.with(
          { delivery: 'not_sent', retryable: true },
          `the idempotencyKey could not be kept, so nothing was sent: ${error.message}`,
        )
      },
    )
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
    if (this.#bytes + bytes > allKeptResultsBytes) for (const calls of this.#byOwner.values()) this.#sweep(calls)
    if (bytes > keptResultBytes || this.#bytes + bytes > allKeptResultsBytes) return undefined
    this.#bytes += bytes
    return bytes
  }

  /** It is told after it was kept. Without a memory at once. */
  async #ended(named: CallName, calls: Map<string, KeptCall>, { outcome, bytes }: Pick<KeptCall, 'outcome' | 'bytes'>): Promise<void> {
    const { key } = named
    if (this.#memory) await this.#write({ ...named, endedMs: this.#now(), outcome })
    const kept = calls.get(key)
    if (!kept) return
    kept.call = undefined
    kept.outcome = outcome
    kept.bytes = bytes
    kept.endedMs = this.#now()
    // The order of the map is that of the ends, for those that have ended.
    calls.delete(key)
    calls.set(key, kept)
    if (this.#memory) this.#sweepLater()
  }

  /** Never rejects: what this process knows is told all the same, and what comes after it knows of a call that was lost. */
  async #write(call: KnownCall): Promise<void> {
    try {
      await this.#memory?.put(toRecord(call))
    } catch (why) {
      const { message: cause } = toHalibutError(why)
      this.#log('error', 'what became of a call could not be kept: after a restart its key is answered as unknown', { cause })
    }
  }

  #callsOf(owner: string): Map<string, KeptCall> {
    const calls = this.#byOwner.get(owner) ?? new Map<string, KeptCall>()
    this.#byOwner.set(owner, calls)
    return calls
  }

  /** When the first of them is forgotten, where one has ended. */
  #untilForgotten(calls: ReadonlyMap<string, KeptCall>): number | undefined {
    const endedMs = firstEnd(calls)
    return endedMs === undefined ? undefined : endedMs + facadeLimits.outcomeMs - this.#now()
  }

  /** Principals who do not come back would be remembered for ever otherwise. */
  #sweepAll(): void {
    const now = this.#now()
    if (now < this.#sweepAtMs) return
    this.#sweepAtMs = now + sweepEveryMs
    for (const [owner, calls] of this.#byOwner) {
      this.#sweep(calls)
      if (calls.size === 0) this.#byOwner.delete(owner)
    }
  }

  /** What nobody asks for any more does not stay on the disk. */
  #sweepLater(): void {
    this.#sweeping ??= setTimeout(() => {
      this.#sweeping = undefined
      this.#sweepAtMs = 0
      this.#sweepAll()
      // By age alone: an outcome may be on its way to the disk, and not be known as one here yet. Refused where that is full, or the gateway ends: then the next one forgets.
      this.#memory?.removeBefore(this.#now() - facadeLimits.outcomeMs + 1).catch(() => undefined)
      if ([...this.#byOwner.values()].some(calls => firstEnd(calls) !== undefined)) this.#sweepLater()
    }, sweepEveryMs).unref()
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

/** When the first of them ended. */
function firstEnd(calls: ReadonlyMap<string, KeptCall>): number | undefined {
  for (const { outcome, endedMs } of calls.values()) if (outcome.state !== 'running') return endedMs
  return undefined
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
  if (outcome.state === 'lost') {
    throw new HalibutError('outcome_unknown', 'the gateway ended while the call ran: whether it ran to its end is not known', {
      delivery: 'unknown',
    })
  }
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
