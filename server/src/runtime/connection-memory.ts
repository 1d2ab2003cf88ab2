import type { Limits } from '../base/limits.ts'
import { MemoryBudget, type MemoryShare } from '../base/memory-budget.ts'
import type { ExchangeObserver, ExchangeOptions, Spool } from '../exchange/exchange-options.ts'
import { createStreamSpool } from './stream-spool.ts'

/** The memory and the room on disk that all connections of a runtime share, each certificate with its own part of it. */
export class RuntimeMemory {
  readonly limits: Limits
  readonly messages: MemoryBudget
  readonly spools: MemoryBudget
  readonly spoolFiles: MemoryBudget

  constructor(limits: Limits) {
    this.limits = limits
    this.messages = new MemoryBudget(limits.maxMessageBytesInFlight, 'maxMessageBytesInFlight', { patienceMs: limits.slowMessageMs })
    this.spools = new MemoryBudget(limits.spoolMemoryBytesInFlight, 'spoolMemoryBytesInFlight')
    this.spoolFiles = new MemoryBudget(limits.spoolFileBytesInFlight, 'spoolFileBytesInFlight', {
      kind: 'stream_stalled',
      advice: 'read data streams as they come, or raise the limit',
    })
  }

  /** What a connection’s conversation uses. `owner`: the thumbprint of the peer’s certificate. */
  exchange(owner: string, observer: ExchangeObserver | undefined): ExchangeOptions {
    return new ConnectionExchange(this, owner, observer)
  }
}

/** Most connections of a large fleet never use memory: a share is made for those that do. */
class ConnectionExchange implements ExchangeOptions {
  readonly observer: ExchangeObserver | undefined
  readonly #memory: RuntimeMemory
  readonly #owner: string
  #budget: MemoryShare | undefined

  constructor(memory: RuntimeMemory, owner: string, observer: ExchangeObserver | undefined) {
    this.#memory = memory
    this.#owner = owner
    this.observer = observer
  }

  get limits(): Limits {
    return this.#memory.limits
  }

  get budget(): MemoryShare {
    this.#budget ??= this.#memory.messages.share(this.#owner)
    return this.#budget
  }

  createSpool(): Spool {
    return createStreamSpool(this.limits, this.#memory.spools.share(this.#owner), this.#memory.spoolFiles.share(this.#owner))
  }
}
