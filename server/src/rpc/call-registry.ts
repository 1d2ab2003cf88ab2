import type { CallSnapshot } from '@halibut-gateway/schemas'
import type { HalibutError } from '../base/errors.ts'

/** A beginning or an end of a call. */
export interface CallChange {
  readonly type: 'started' | 'finished'
  readonly call: CallSnapshot
}

/** The calls to agents that browsers make, as `calls.watch` shows them. */
export class CallRegistry {
  readonly #running = new Map<string, CallSnapshot>()
  readonly #listeners = new Set<(change: CallChange) => void>()

  /** A call begins; gives the function that tells its end. */
  begin(call: Omit<CallSnapshot, 'since' | 'state'>): (error?: HalibutError) => void {
    const startedMs = Date.now()
    const running: CallSnapshot = { ...call, since: new Date(startedMs).toISOString(), state: 'running' }
    this.#running.set(call.activityId, running)
    this.#tell('started', running)
    return error => {
      this.#running.delete(call.activityId)
      const durationMs = Date.now() - startedMs
      if (!error) return this.#tell('finished', { ...running, state: 'answered', durationMs })
      const { kind, phase, delivery } = error
      this.#tell('finished', { ...running, state: 'failed', durationMs, error: { kind, delivery, ...(phase ? { phase } : {}) } })
    }
  }

  running(): CallSnapshot[] {
    return [...this.#running.values()]
  }

  /** Calls `listener` at each beginning and end; gives a function that ends this. */
  onChange(listener: (change: CallChange) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #tell(type: CallChange['type'], call: CallSnapshot): void {
    for (const listener of this.#listeners) listener({ type, call })
  }
}
