import { HalibutError } from './errors.ts'

/** What one owner may use of a {@link MemoryBudget}. */
export interface MemoryShare {
  /** Bytes reserved now. */
  readonly used: number
  /** @throws {HalibutError} `memory_limit`, and nothing is reserved then. */
  reserve(this: void, bytes: number): void
  release(this: void, bytes: number): void
}

/**
 * The memory that all connections of a runtime may use together for one purpose. It is handed out in shares, one for each owner (the
 * certificate of a peer): an owner may have as much as is then left for all others. So one alone gets half of it, two get a third each,
 * and whoever comes always finds some. Reserving beyond that fails with `memory_limit`: it costs the owner what it was doing, and the
 * process and the others go on.
 */
export class MemoryBudget {
  readonly #maxBytes: number
  readonly #limit: string
  #used = 0
  /** Those who use nothing are not in it. */
  readonly #usedBy = new Map<string, number>()

  /** `limit`: the limit’s name, for the error. */
  constructor(maxBytes: number, limit: string) {
    this.#maxBytes = maxBytes
    this.#limit = limit
  }

  /** Bytes reserved now, by all owners. */
  get used(): number {
    return this.#used
  }

  /** Bytes that this owner has reserved now. */
  usedBy(owner: string): number {
    return this.#usedBy.get(owner) ?? 0
  }

  /** What an owner reserves, by whichever of its shares. One that is not used any more needs no farewell. */
  share(owner: string): MemoryShare {
    const budget = this
    return {
      get used() {
        return budget.usedBy(owner)
      },
      reserve: bytes => budget.#reserve(bytes, owner),
      release: bytes => budget.#release(bytes, owner),
    }
  }

  #reserve(bytes: number, owner: string): void {
    const own = this.usedBy(owner)
    const free = this.#maxBytes - this.#used
    if (own + bytes > free - bytes) {
      throw new HalibutError(
        'memory_limit',
        `${bytes} more bytes are needed; of the ${this.#maxBytes} bytes that all connections may use together (${this.#limit}) ${free} are free, and one certificate, which uses ${own} now, may use no more than it leaves for the others`,
      )
    }
    this.#used += bytes
    this.#usedBy.set(owner, own + bytes)
  }

  #release(bytes: number, owner: string): void {
    this.#used -= bytes
    const own = this.usedBy(owner) - bytes
    if (own > 0) this.#usedBy.set(owner, own)
    else this.#usedBy.delete(owner)
  }
}
