const minuteMs = 60_000

/** So many lines of the log in a minute: what strangers cause must not fill a disk. */
export class LineBudget {
  readonly #perMinute: number
  readonly #now: () => number
  #sinceMs = Number.NEGATIVE_INFINITY
  #taken = 0
  #missed = 0

  constructor(perMinute: number, now: () => number) {
    this.#perMinute = perMinute
    this.#now = now
  }

  /** Whether one more line may be written, and how many could not be since the last one that was. */
  take(): { readonly allowed: true; readonly missed: number } | { readonly allowed: false } {
    const now = this.#now()
    if (now - this.#sinceMs >= minuteMs) {
      this.#sinceMs = now
      this.#taken = 0
    }
    if (this.#taken >= this.#perMinute) {
      this.#missed++
      return { allowed: false }
    }
    this.#taken++
    const missed = this.#missed
    this.#missed = 0
    return { allowed: true, missed }
  }
}
