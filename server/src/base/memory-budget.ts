import type { ErrorKind } from '@halibut-gateway/schemas/wire'
import { HalibutError } from './errors.ts'

/** What one owner may use of a {@link MemoryBudget}. */
export interface MemoryShare {
  /** Bytes reserved now. */
  readonly used: number
  /** Whether its owner has more than is now left for all others, so that it should give some back where it can. */
  readonly isShort: boolean
  /** @throws {HalibutError} of the budget’s kind, and nothing is reserved then. */
  reserve(this: void, bytes: number): void
  /** The same for what can do with less: false, and nothing is reserved or given up for it, where there is no room. */
  tryReserve(this: void, bytes: number): boolean
  release(this: void, bytes: number): void
  /** The same for what can be given up: `giveUp` must release all of it at once. */
  hold(giveUp: (why: HalibutError) => void): MemoryHold
}

/** What one piece of work holds of its owner’s share. */
export interface MemoryHold {
  reserve(this: void, bytes: number): void
  release(this: void, bytes: number): void
}

interface Held {
  readonly owner: string
  readonly giveUp: (why: HalibutError) => void
  bytes: number
  /** When it began to hold something. */
  since: number
}

/** How a budget treats whoever finds no room. */
interface BudgetOptions {
  /** Of the error. Default: `memory_limit`. */
  readonly kind?: ErrorKind
  /** Default: that of the kind. */
  readonly advice?: string
  /** How long what can be given up is held for sure. Default: for ever. */
  readonly patienceMs?: number
}

/**
 * The memory, or the room on disk, that all connections of a runtime may use together for one purpose. It is handed out in shares, one for
 * each owner (the certificate of a peer, a session): an owner may have as much as is then left for all others. So one alone gets half of it,
 * two get a third each, and whoever comes always finds some. Reserving beyond that fails, with `memory_limit` as a rule: it costs the owner
 * what it was doing, and the process and the others go on.
 *
 * Before that, what has been held for longer than `patienceMs` is given up, the largest first, as far as it helps: whoever is slow, or
 * pretends to be, may be so as long as nobody else needs the memory.
 */
export class MemoryBudget {
  readonly #maxBytes: number
  readonly #limit: string
  readonly #options: BudgetOptions
  #used = 0
  /** Those who use nothing are not in it. */
  readonly #usedBy = new Map<string, number>()
  readonly #held = new Set<Held>()

  /** `limit`: the limit’s name, for the error. */
  constructor(maxBytes: number, limit: string, options: BudgetOptions = {}) {
    this.#maxBytes = maxBytes
    this.#limit = limit
    this.#options = options
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
      get isShort() {
        return budget.usedBy(owner) > budget.#maxBytes - budget.#used
      },
      reserve: bytes => budget.#reserve(bytes, owner, undefined),
      tryReserve: bytes => budget.#tryReserve(bytes, owner),
      release: bytes => budget.#release(bytes, owner),
      hold: giveUp => budget.#hold({ owner, giveUp, bytes: 0, since: 0 }),
    }
  }

  #hold(held: Held): MemoryHold {
    return {
      reserve: bytes => {
        this.#reserve(bytes, held.owner, held)
        if (held.bytes === 0) {
          held.since = performance.now()
          this.#held.add(held)
        }
        held.bytes += bytes
      },
      release: bytes => {
        this.#release(bytes, held.owner)
        held.bytes -= bytes
        if (held.bytes === 0) this.#held.delete(held)
      },
    }
  }

  #reserve(bytes: number, owner: string, asking: Held | undefined): void {
    if (!this.#fits(bytes, this.usedBy(owner), this.#used)) this.#makeRoom(bytes, owner, asking)
    this.#take(bytes, owner)
  }

  #tryReserve(bytes: number, owner: string): boolean {
    const fits = this.#fits(bytes, this.usedBy(owner), this.#used)
    if (fits) this.#take(bytes, owner)
    return fits
  }

  #take(bytes: number, owner: string): void {
    this.#used += bytes
    this.#usedBy.set(owner, this.usedBy(owner) + bytes)
  }

  #fits(bytes: number, own: number, used: number): boolean {
    return own + bytes <= this.#maxBytes - used - bytes
  }

  #makeRoom(bytes: number, owner: string, asking: Held | undefined): void {
    const before = performance.now() - (this.#options.patienceMs ?? Number.POSITIVE_INFINITY)
    const overdue = [...this.#held].filter(held => held !== asking && held.since <= before).sort((a, b) => b.bytes - a.bytes)
    let [own, used] = [this.usedBy(owner), this.#used]
    let needed = 0
    for (; needed < overdue.length && !this.#fits(bytes, own, used); needed++) {
      const held = overdue[needed] as Held
      used -= held.bytes
      if (held.owner === owner) own -= held.bytes
    }
    if (!this.#fits(bytes, own, used)) throw this.#noRoom(bytes, owner)
    for (const held of overdue.slice(0, needed)) held.giveUp(this.#tooSlow())
  }

  #noRoom(bytes: number, owner: string): HalibutError {
    const free = this.#maxBytes - this.#used
    return this.#error(
      `${bytes} more bytes are needed; of the ${this.#maxBytes} bytes that may be used together (${this.#limit}) ${free} are free, and one alone, who uses ${this.usedBy(owner)} now, may use no more than that leaves for the others`,
    )
  }

  #tooSlow(): HalibutError {
    return this.#error(
      `the message took longer than ${this.#options.patienceMs} ms to arrive, and others need the memory that it holds (${this.#limit})`,
    )
  }

  #error(message: string): HalibutError {
    const { kind = 'memory_limit', advice } = this.#options
    return new HalibutError(kind, message, { advice })
  }

  #release(bytes: number, owner: string): void {
    this.#used -= bytes
    const own = this.usedBy(owner) - bytes
    if (own > 0) this.#usedBy.set(owner, own)
    else this.#usedBy.delete(owner)
  }
}
