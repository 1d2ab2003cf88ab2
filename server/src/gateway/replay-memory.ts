/** The memory that the outboxes of all sessions use together for text that their browsers have not acknowledged. */
export class ReplayMemory {
  readonly #maxBytes: number
  readonly #onFull: () => void
  #used = 0

  /** `onFull`: more than `maxBytes` are in use; whoever can shall give some back. */
  constructor(maxBytes: number, onFull: () => void) {
    this.#maxBytes = maxBytes
    this.#onFull = onFull
  }

  /** Bytes in use now. */
  get used(): number {
    return this.#used
  }

  get isFull(): boolean {
    return this.#used > this.#maxBytes
  }

  take(bytes: number): void {
    this.#used += bytes
    if (this.isFull) this.#onFull()
  }

  giveBack(bytes: number): void {
    this.#used -= bytes
  }
}
