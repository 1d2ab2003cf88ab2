import {
  type CallEvent,
  type CallOutcome,
  type CallSnapshot,
  type InvokeParams,
  type InvokeResult,
  isStreamHandle,
} from '@halibut-gateway/schemas/wire'
import { handlesIn } from '../stream-handles.ts'
import { SharedCall } from './shared-call.ts'
import { misfit, TestError, toRpcError, toTestError } from './test-error.ts'
import type { Requester } from './test-session.ts'

type Kept = {
  readonly fingerprint: string
  readonly call: SharedCall<InvokeResult>
  outcome: Exclude<CallOutcome, { state: 'unknown' }>
  error?: TestError
}

/** The calls that come in: each idempotency key runs once, and `calls.watch` hears of all. */
export class TestCalls {
  readonly #tell: (event: CallEvent) => void
  readonly #open = new Set<CallRecord>()
  readonly #kept = new Map<string, Kept>()
  #epoch = 1
  #count = 0

  constructor(tell: (event: CallEvent) => void) {
    this.#tell = tell
  }

  get epoch(): string {
    return `epoch ${this.#epoch}`
  }

  /** All that is remembered is lost. */
  restart(): void {
    this.#epoch++
    this.#kept.clear()
  }

  /** What `calls.watch` tells first. */
  snapshot(): CallEvent {
    return { type: 'snapshot', calls: [...this.#open].map(record => record.snapshot) }
  }

  /** A call comes to an agent that exists, with arguments that fit. */
  begin(subject: Pick<CallSnapshot, 'agent' | 'service' | 'method'>): CallRecord {
    const record = new CallRecord({ activityId: `test-${++this.#count}`, ...subject }, (type, call) => {
      if (type === 'finished') this.#open.delete(record)
      this.#tell({ type, call })
    })
    this.#open.add(record)
    this.#tell({ type: 'started', call: record.snapshot })
    return record
  }

  /** What became of the call with this key. */
  outcome(key: string, epoch: string): CallOutcome {
    if (epoch !== this.epoch) return { state: 'unknown', reason: 'epoch' }
    return this.#kept.get(key)?.outcome ?? { state: 'unknown', reason: 'key' }
  }

  /** Runs `invoke`, or, where the key of the call is known, gives what came or comes of it. */
  async run(
    params: InvokeParams,
    requester: Requester,
    invoke: (call: SharedCall<InvokeResult>) => Promise<InvokeResult>,
  ): Promise<InvokeResult> {
    const { idempotencyKey: key, epoch } = params
    if (key === undefined) return new SharedCall(false, invoke).wait(requester)
    if (epoch === undefined) {
      throw misfit('an idempotencyKey belongs to an epoch', [{ path: '/epoch', expected: 'the epoch that hello told', got: 'nothing' }])
    }
    if (epoch !== this.epoch) throw new TestError('outcome_unknown', 'the gateway has started anew since that epoch', 'unknown')
    const fingerprint = fingerprintOf(params)
    const known = this.#kept.get(key)
    if (known && known.fingerprint !== fingerprint) {
      throw new TestError('idempotency_conflict', 'this idempotencyKey stands for a request with other parameters', 'not_sent')
    }
    if (!known || known.error?.delivery === 'not_sent') return this.#start(key, fingerprint, invoke).wait(requester)
    const result = await known.call.wait(requester)
    if (handlesIn(result.value).length === 0) return result
    throw new TestError('stream_consumed', 'the call was answered, with data streams that cannot be given twice')
  }

  #start(key: string, fingerprint: string, invoke: (call: SharedCall<InvokeResult>) => Promise<InvokeResult>): SharedCall<InvokeResult> {
    const call = new SharedCall<InvokeResult>(true, async shared => {
      // Not before it is remembered.
      await Promise.resolve()
      try {
        const result = await invoke(shared)
        kept.outcome = { state: 'answered', ...(handlesIn(result.value).length === 0 ? { result } : {}) }
        return result
      } catch (why) {
        kept.error = toTestError(why)
        kept.outcome = { state: 'failed', error: toRpcError(why) as never }
        throw why
      }
    })
    const kept: Kept = { fingerprint, call, outcome: { state: 'running' } }
    this.#kept.set(key, kept)
    return call
  }
}

/** One call from its arrival to its end, as `calls.watch` shows it. */
class CallRecord {
  snapshot: CallSnapshot
  readonly #changed: (type: 'changed' | 'finished', call: CallSnapshot) => void
  readonly #startedMs = performance.now()

  constructor(
    subject: Pick<CallSnapshot, 'activityId' | 'agent' | 'service' | 'method'>,
    changed: (type: 'changed' | 'finished', call: CallSnapshot) => void,
  ) {
    this.snapshot = { ...subject, principal: 'test', since: new Date().toISOString(), state: 'queued' }
    this.#changed = changed
  }

  /** Its agent has it. */
  running(): void {
    this.snapshot = { ...this.snapshot, state: 'running', queuedMs: this.#passedMs() }
    this.#changed('changed', this.snapshot)
  }

  /** It has ended; gives how long it took, in milliseconds. */
  ended(error?: TestError): number {
    const durationMs = this.#passedMs()
    const { kind, delivery } = error ?? {}
    const how = kind && delivery ? ({ state: 'failed', error: { kind, delivery } } as const) : ({ state: 'answered' } as const)
    this.snapshot = { queuedMs: durationMs, ...this.snapshot, ...how, durationMs }
    this.#changed('finished', this.snapshot)
    return durationMs
  }

  #passedMs(): number {
    return performance.now() - this.#startedMs
  }
}

/** The same for the same request: the order of keys, and the numbers of data streams, do not matter. */
function fingerprintOf({ agent, service, method, args }: InvokeParams): string {
  return JSON.stringify([agent, service, method, args], (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    if (isStreamHandle(value)) return { $stream: value.length ?? null }
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
