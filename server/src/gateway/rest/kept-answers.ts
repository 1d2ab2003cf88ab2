import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../../base/errors.ts'
import { gatewayLimits } from '../../base/limits.ts'
import { MemoryBudget, type MemoryShare } from '../../base/memory-budget.ts'
import { toRpcError } from '../../rpc/error-map.ts'
import { isLongJson } from '../../rpc/json-pieces.ts'
import type { Ran } from '../../rpc/run.ts'

interface KeptAnswer {
  readonly fingerprint: string
  readonly share: MemoryShare
  readonly endedMs: number
  readonly answer: Promise<Ran>
}

/** What a request with an Idempotency-Key is. */
export interface KeyedRequest {
  /** Whose it is. */
  readonly owner: string
  readonly key: string
  /** The same for the same request. */
  readonly fingerprint: string
}

/**
 * The answers of requests with an Idempotency-Key, for `outcomeMs`: who sends one again gets the answer of the first, also while that is still being
 * worked out. One that failed has changed nothing, and is tried again. Each owner may have as many as are then left for all others.
 */
export class KeptAnswers {
  readonly #now: () => number
  readonly #answers = new Map<string, KeptAnswer>()
  readonly #room = new MemoryBudget(gatewayLimits.httpAnswers, 'httpAnswers')

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Never rejects: a key that was used for another request, or one too many, is an error as others are. */
  async run({ owner, key, fingerprint }: KeyedRequest, run: () => Promise<Ran>): Promise<Ran> {
    this.#sweep()
    const id = JSON.stringify([owner, key])
    const known = this.#answers.get(id)
    if (known) {
      if (known.fingerprint === fingerprint) return known.answer
      return refused(new HalibutError('idempotency_conflict', 'this Idempotency-Key was used for a request that was another one'))
    }
    const share = this.#room.share(owner)
    if (!share.tryReserve(1)) return refused(this.#tooMany(share.used))
    const answer = run()
    this.#answers.set(id, { fingerprint, share, answer, endedMs: Number.POSITIVE_INFINITY })
    const ran = await answer
    this.#answers.delete(id)
    // The order of the map is that of the ends, but for what still runs.
    if ('error' in ran) share.release(1)
    else this.#answers.set(id, { fingerprint, share, answer: kept(ran), endedMs: this.#now() })
    return ran
  }

  #sweep(): void {
    const now = this.#now()
    for (const [id, { endedMs, share }] of this.#answers) {
      if (endedMs === Number.POSITIVE_INFINITY) continue
      if (now - endedMs < facadeLimits.outcomeMs) return
      this.#answers.delete(id)
      share.release(1)
    }
  }

  #tooMany(own: number): HalibutError {
    const what = `the answers to ${own} requests of yours with an Idempotency-Key are remembered`
    const rest = `of the ${gatewayLimits.httpAnswers} that all may have ${this.#room.used} are taken, and one alone may have no more than that leaves`
    return new HalibutError('too_many_calls', `${what}: ${rest}`, {
      advice: 'wait until some of them are forgotten, or send it without a key',
    })
  }
}

/** One that is too large to be kept is known to have been given. */
function kept(ran: Ran & { readonly result: unknown }): Promise<Ran> {
  if (!isLongJson(ran.result, gatewayLimits.httpAnswerChars)) return Promise.resolve(ran)
  const what = 'the request was answered, with a result that was too large to keep'
  return Promise.resolve(refused(new HalibutError('outcome_unknown', what, { delivery: 'executed', advice: 'look at what it changed' })))
}

function refused(error: HalibutError): Ran {
  return { error: toRpcError(error, undefined) }
}
