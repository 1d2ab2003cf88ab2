/** From so many on they prevail. */
const prevailing = 16
const most = 32
/** One that was worth it makes up for so many. */
const worth = 4

/** Handshakes that led to nobody, by network: many more of them than of others, and they prevail there, until somebody comes who was worth it. */
export class WastedHandshakes {
  readonly #max: number
  /** Above what others have made up for. The network that changed last stands last. */
  readonly #excess = new Map<string, number>()

  /** Of so many networks it is known; the others, which have not changed for longest, begin anew. */
  constructor(max: number) {
    this.#max = max
  }

  wasted(network: string): void {
    const excess = Math.min(most, (this.#excess.get(network) ?? 0) + 1)
    this.#excess.delete(network)
    this.#excess.set(network, excess)
    if (this.#excess.size <= this.#max) return
    for (const oldest of this.#excess.keys()) {
      this.#excess.delete(oldest)
      return
    }
  }

  rewarded(network: string): void {
    const excess = this.#excess.get(network)
    if (excess === undefined) return
    if (excess > worth) this.#excess.set(network, excess - worth)
    else this.#excess.delete(network)
  }

  prevail(network: string): boolean {
    return (this.#excess.get(network) ?? 0) >= prevailing
  }
}
