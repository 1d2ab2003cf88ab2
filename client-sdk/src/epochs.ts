/** Idempotency keys that are remembered. */
const maxKeys = 10_000

/** The epoch of each call that had an idempotency key: that of its first attempt, so that a gateway that has forgotten it never runs it again. */
export class Epochs {
  readonly #known = new Map<string, string>()

  get(key: string): string | undefined {
    return this.#known.get(key)
  }

  /** The epoch to send a call with, in which it is `present` now. */
  first(key: string, present: string): string {
    const epoch = this.#known.get(key) ?? present
    this.#known.set(key, epoch)
    const [oldest] = this.#known.keys()
    if (this.#known.size > maxKeys) this.#known.delete(oldest as string)
    return epoch
  }
}
