import { HalibutError } from './errors.ts'

/**
 * The memory that all connections of a runtime may use together for messages in the making. Reserving beyond it fails with
 * `memory_limit`: that connection ends, and the process and the other connections go on.
 */
export class MemoryBudget {
  readonly #maxBytes: number
  #used = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Bytes reserved now. */
  get used(): number {
    return this.#used
  }

  readonly reserve = (bytes: number): void => {
    if (this.#used + bytes > this.#maxBytes) {
      throw new HalibutError(
        'memory_limit',
        `${bytes} more bytes for a message would exceed the ${this.#maxBytes} bytes that all messages in flight may use together (maxMessageBytesInFlight); ${this.#used} are in use`,
      )
    }
    this.#used += bytes
  }

  readonly release = (bytes: number): void => {
    this.#used -= bytes
  }
}
