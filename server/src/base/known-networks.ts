/** The networks from which somebody came lately whom we trust: so many of them, the ones that were heard of last. */
export class KnownNetworks {
  readonly #max: number
  /** The one heard of last stands last. */
  readonly #names = new Set<string>()
  #last: string | undefined

  constructor(max: number) {
    this.#max = max
  }

  has(network: string): boolean {
    return this.#names.has(network)
  }

  add(network: string): void {
    // A fleet behind one address comes one after another.
    if (network === this.#last) return
    this.#last = network
    this.#names.delete(network)
    this.#names.add(network)
    if (this.#names.size <= this.#max) return
    for (const oldest of this.#names) {
      this.#names.delete(oldest)
      return
    }
  }
}
