import { sharedWindowBytes } from '@halibut-gateway/schemas/wire'
import type { MemoryShare } from '../../base/memory-budget.ts'

/**
 * What the windows of one session, in both directions, have together beyond the `streamCreditBytes` that each begins with. A window may have as
 * much of it as that leaves for the others: so whoever comes later finds some, and whoever has more than is left gives some back. The same
 * holds for the session and the memory that all sessions have together.
 */
export class SessionWindows {
  readonly #memory: MemoryShare
  #free = sharedWindowBytes

  constructor(memory: MemoryShare) {
    this.#memory = memory
  }

  /** Takes `bytes` for a window that has `own` of them. False, and nothing is taken, where they would be more than is left then. */
  take(bytes: number, own: number): boolean {
    const left = this.#free - bytes
    if (own + bytes > left || !this.#memory.tryReserve(bytes)) return false
    this.#free = left
    return true
  }

  give(bytes: number): void {
    this.#free += bytes
    this.#memory.release(bytes)
  }

  /** Whether a window that has `own` of them has more than is left for all others, or its session more than for other sessions. */
  isShort(own: number): boolean {
    return own > this.#free || this.#memory.isShort
  }
}
