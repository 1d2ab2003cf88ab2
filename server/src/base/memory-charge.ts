import type { MemoryShare } from './memory-budget.ts'

/** What one piece of work has of a share of memory: it may grow, and is given back once, all of it. */
export class MemoryCharge {
  readonly #share: MemoryShare
  #bytes = 0
  #released = false

  constructor(share: MemoryShare) {
    this.#share = share
  }

  /** Has `bytes` from now on. @throws {HalibutError} `memory_limit` */
  set(bytes: number): void {
    if (this.#released) return
    if (bytes > this.#bytes) this.#share.reserve(bytes - this.#bytes)
    else if (bytes < this.#bytes) this.#share.release(this.#bytes - bytes)
    this.#bytes = bytes
  }

  /** Idempotent. */
  readonly release = (): void => {
    if (this.#released) return
    this.#released = true
    if (this.#bytes > 0) this.#share.release(this.#bytes)
  }
}
