import type { CancelMode } from '@halibut-gateway/schemas/contract'
import { timer } from '../deadlines.ts'
import { cancelled, type TestError } from './test-error.ts'
import type { Leaving, Requester } from './test-session.ts'

/** A call under way: for one request or, by its idempotency key, for several. It is given up when the last of them leaves. */
export class SharedCall<T> {
  readonly #stop = new AbortController()
  readonly #done: Promise<T>
  readonly #isKept: boolean
  #waiting = 0
  #begun: CancelMode | undefined

  /** Begins it. `isKept`: it outlives the sessions of those who wait for it. */
  constructor(isKept: boolean, run: (call: SharedCall<T>) => Promise<T>) {
    this.#isKept = isKept
    this.#done = run(this)
    // It may fail when nobody waits any more.
    this.#done.catch(() => undefined)
  }

  /** Aborted when the call is given up, with the error that it ends with. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /** The agent has it: from now on it may have run. `cancel`: what becomes of it where whoever gives it up does not say. */
  begun(cancel: CancelMode): void {
    this.#begun = cancel
  }

  /** Whether it may have run. */
  get hasBegun(): boolean {
    return this.#begun !== undefined
  }

  /** Ends it here and at the agent. */
  stop(error: TestError): void {
    this.#stop.abort(error)
  }

  /** Stops it where `ms` pass; gives a function that ends this. */
  limit(ms: number | undefined, error: () => TestError): () => void {
    if (ms === undefined) return () => undefined
    const late = timer(() => this.stop(error()), ms)
    return () => clearTimeout(late)
  }

  /** `promise`, or the error that the call was given up with. */
  async unlessStopped<P>(promise: P | Promise<P>): Promise<P> {
    const { signal } = this
    signal.throwIfAborted()
    let onAbort: () => void = () => undefined
    const stopped = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason)
      signal.addEventListener('abort', onAbort)
    })
    try {
      return await Promise.race([promise, stopped])
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  /** Its outcome, or `cancelled` as soon as the request is. */
  async wait({ signal }: Requester): Promise<T> {
    this.#waiting++
    let onAbort: () => void = () => undefined
    const left = new Promise<never>((_, reject) => {
      onAbort = () => {
        const hasBegun = this.#begun !== undefined
        reject(cancelled(hasBegun))
        if (this.#waiting === 1 && this.#endsWithout(signal.reason as Leaving)) this.stop(cancelled(hasBegun))
      }
      signal.addEventListener('abort', onAbort)
      if (signal.aborted) onAbort()
    })
    try {
      return await Promise.race([this.#done, left])
    } finally {
      this.#waiting--
      signal.removeEventListener('abort', onAbort)
    }
  }

  /** Whether it is given up when the last one leaves for this reason. What has not begun never does then. */
  #endsWithout(leaving: Leaving): boolean {
    if (leaving === 'over' && this.#isKept) return false
    const mode = leaving === 'over' || leaving === 'cancelled' ? this.#begun : leaving
    return mode === 'kill' || this.#begun === undefined
  }
}
