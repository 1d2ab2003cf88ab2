import type { CancelMode } from '@halibut-gateway/schemas/contract'
import { HalibutError } from '../base/errors.ts'
import { timerMs } from '../base/timer.ts'
import { toHalibutError } from './error-map.ts'

/** Somebody who waits for a call. */
export interface Waiter {
  /** Aborted when it gives up, or may not wait any more (any reason), or when its session is over (reason: `closed`). */
  readonly signal: AbortSignal
  /** From now on the call may have run; `cancel`: what becomes of it where whoever gives it up does not say. */
  begun(cancel: CancelMode): void
}

/**
 * A call that several wait for. Each leaves on its own; the call itself is given up when the last one cancels, and goes on where that one’s
 * session ended. Towards what runs it, it is the one who waits.
 */
export class SharedCall<T> implements Waiter {
  readonly #stop = new AbortController()
  readonly #waiting = new Set<Waiter>()
  readonly #done: Promise<T>
  #begun: CancelMode | undefined

  /** Begins it. */
  constructor(run: (call: Waiter) => Promise<T>) {
    this.#done = run(this)
    // It may fail when nobody waits any more.
    this.#done.catch(() => undefined)
  }

  get signal(): AbortSignal {
    return this.#stop.signal
  }

  begun(cancel: CancelMode): void {
    this.#begun = cancel
    for (const waiter of this.#waiting) waiter.begun(cancel)
  }

  /** Resolves when it is over, however it ended. */
  async over(): Promise<void> {
    await this.#done.catch(() => undefined)
  }

  /**
   * Its outcome; rejects with delivery `unknown` where the waiter leaves and the call goes on. `timeoutMs`: how long the waiter waits,
   * where that is not a time of the call itself; then `deadline_exceeded`, and the call is given up where nobody else waits.
   */
  wait(waiter: Waiter, timeoutMs?: number): Promise<T> {
    const { signal } = waiter
    this.#waiting.add(waiter)
    if (this.#begun) waiter.begun(this.#begun)
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        // With its timer, which would give up for it what goes on without it.
        end()
        const why = toHalibutError(signal.reason)
        if (why.kind === 'closed') reject(why.with({ delivery: 'unknown' }))
        else if (this.#waiting.size > 0) reject(left())
        else this.#stop.abort(why)
      }
      const onTime = (): void => {
        end()
        reject(late(timeoutMs ?? 0))
        if (this.#waiting.size === 0) this.#stop.abort(late(timeoutMs ?? 0))
      }
      const timer = timeoutMs === undefined ? undefined : setTimeout(onTime, timerMs(timeoutMs))
      const end = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(waiter)
        signal.removeEventListener('abort', onAbort)
      }
      signal.addEventListener('abort', onAbort)
      if (signal.aborted) onAbort()
      this.#done.then(resolve, reject)
      this.#done.then(end, end)
    })
  }
}

function late(timeoutMs: number): HalibutError {
  return new HalibutError(
    'deadline_exceeded',
    `the call with this key, which ran already, did not end within the timeoutMs of ${timeoutMs} ms`,
    {
      delivery: 'unknown',
    },
  )
}

function left(): HalibutError {
  return new HalibutError('cancelled', 'the caller cancelled the call, which goes on for others that sent it with the same key', {
    delivery: 'unknown',
  })
}
