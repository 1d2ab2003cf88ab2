import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../../base/errors.ts'
import { gatewayLimits } from '../../base/limits.ts'
import { toRpcError } from '../../rpc/error-map.ts'
import { isLongJson } from '../../rpc/json-pieces.ts'
import type { Ran } from '../../rpc/run.ts'

interface KeptAnswer {
  readonly fingerprint: string
  readonly endedMs: number
  readonly answer: Promise<Ran>
}

/** What a request with an Idempotency-Key is. */
export interface KeyedRequest {
  readonly principal: string
  readonly key: string
  /** The same for the same request. */
  readonly fingerprint: string
}

/**
 * The answers of requests with an Idempotency-Key, for `outcomeMs`: who sends one again gets the answer of the first, also while that is still being
 * worked out. One that failed has changed nothing, and is tried again.
 */
export class KeptAnswers {
  readonly #now: () => number
  readonly #answers = new Map<string, KeptAnswer>()

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Never rejects: a key that was used for another request, or one too many, is an error as others are. */
  async run({ principal, key, fingerprint }: KeyedRequest, run: () => Promise<Ran>): Promise<Ran> {
    this.#sweep()
    const id = JSON.stringify([principal, key])
    const known = this.#answers.get(id)
    if (known) {
      if (known.fingerprint === fingerprint) return known.answer
      return refused(new HalibutError('idempotency_conflict', 'this Idempotency-Key was used for a request that was another one'))
    }
    if (this.#answers.size >= gatewayLimits.httpAnswers) {
      return refused(
        new HalibutError('too_many_calls', `the answers to ${gatewayLimits.httpAnswers} requests with an Idempotency-Key are remembered`),
      )
    }
    const answer = run()
    this.#answers.set(id, { fingerprint, answer, endedMs: Number.POSITIVE_INFINITY })
    const ran = await answer
    this.#answers.delete(id)
    // The order of the map is that of the ends, but for what still runs.
    if (!('error' in ran)) this.#answers.set(id, { fingerprint, answer: kept(ran), endedMs: this.#now() })
    return ran
  }

  #sweep(): void {
    const now = this.#now()
    for (const [id, { endedMs }] of this.#answers) {
      if (endedMs === Number.POSITIVE_INFINITY) continue
      if (now - endedMs < facadeLimits.outcomeMs) return
      this.#answers.delete(id)
    }
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
