import type { CallSnapshot } from '@halibut-gateway/schemas'
import type { HalibutError } from '../base/errors.ts'

/** A beginning or an end of a call. */
export interface CallChange {
  readonly type: 'started' | 'finished'
  readonly call: CallSnapshot
}

/** A call that runs. */
interface Running {
  readonly call: Omit<CallSnapshot, 'since' | 'state'>
  readonly sinceMs: number
}

/** The calls to agents that browsers make, as `calls.watch` shows them. What nobody looks at is not written out. */
export class CallRegistry {
  readonly #running = new Set<Running>()
  readonly #listeners = new Set<(change: CallChange) => void>()

  /** A call begins; gives the function that tells its end. */
  begin(call: Running['call']): (error?: HalibutError) => void {
    const running: Running = { call, sinceMs: Date.now() }
    this.#running.add(running)
    if (this.#listeners.size > 0) this.#tell({ type: 'started', call: snapshotOf(running) })
    return error => {
      this.#running.delete(running)
      if (this.#listeners.size > 0) this.#tell({ type: 'finished', call: { ...snapshotOf(running), ...ended(running, error) } })
    }
  }

  running(): CallSnapshot[] {
    return [...this.#running].map(snapshotOf)
  }

  /** Calls `listener` at each beginning and end; gives a function that ends this. */
  onChange(listener: (change: CallChange) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #tell(change: CallChange): void {
    for (const listener of this.#listeners) listener(change)
  }
}

function snapshotOf({ call, sinceMs }: Running): CallSnapshot {
  return { ...call, since: new Date(sinceMs).toISOString(), state: 'running' }
}

function ended({ sinceMs }: Running, error: HalibutError | undefined): Pick<CallSnapshot, 'state' | 'durationMs' | 'error'> {
  const durationMs = Date.now() - sinceMs
  if (!error) return { state: 'answered', durationMs }
  const { kind, phase, delivery } = error
  return { state: 'failed', durationMs, error: { kind, delivery, ...(phase ? { phase } : {}) } }
}
