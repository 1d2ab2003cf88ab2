import type { ErrorKind } from '@halibut-gateway/schemas/wire'
import { HalibutError } from './errors.ts'

/** What one owner may use of a {@link MemoryBudget}. */
export interface MemoryShare {
  /** Bytes reserved now. */
  readonly used: number
  /** @throws {HalibutError} of the budget’s kind, and nothing is reserved then. */
  reserve(this: void, bytes: number): void
  release(this: void, bytes: number): void
}

/** The error of a budget that has no room. */
interface Refusal {
  readonly kind: ErrorKind
  /** Default: that of the kind. */
  readonly advice?: string
}

/**
 * The memory, or the room on disk, that all connections of a runtime may use together for one purpose. It is handed out in shares, one for
 * each owner (the certificate of a peer, a session): an owner may have as much as is then left for all others. So one alone gets half of it,
 * two get a third each, and whoever comes always finds some. Reserving beyond that fails, with `memory_limit` as a rule: it costs the owner
 * what it was doing, and the process and the others go on.
 */
export class MemoryBudget {
  readonly #maxBytes: number
  readonly #limit: string
  readonly #refusal: Refusal
  #used = 0
  /** Those who use nothing are not in it. */
  readonly #usedBy = new Map<string, number>()

  /** `limit`: the limit’s name, for the error. */
  constructor(maxBytes: number, limit: string, refusal: Refusal = { kind: 'memory_limit' }) {
    this.#maxBytes = maxBytes
    this.#limit = limit
    this.#refusal = refusal
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
        this.#refusal.kind,
        `${bytes} more bytes are needed; of the ${this.#maxBytes} bytes that may be used together (${this.#limit}) ${free} are free, and one alone, who uses ${own} now, may use no more than that leaves for the others`,
        { advice: this.#refusal.advice },
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
