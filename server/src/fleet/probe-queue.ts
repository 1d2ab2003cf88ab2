/**
 * Who is probed next, one after another, at most so many a second: first those of whom most is to be learnt, then the others, each in the order in
 * which they came. One timer for all of them.
 */
export class ProbeQueue {
  readonly #urgent = new Set<string>()
  readonly #routine = new Set<string>()
  readonly #slotMs: number
  readonly #probe: (id: string) => void
  /** By `performance.now()`: a clock that is set back must not stop the probes. */
  #nextMs = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(probesPerSecond: number, probe: (id: string) => void) {
    this.#slotMs = 1_000 / probesPerSecond
    this.#probe = probe
  }

  add(id: string, urgent: boolean): void {
    if (urgent) this.#urgent.add(id)
    else this.#routine.add(id)
    this.#arm()
  }

  delete(id: string): void {
    this.#urgent.delete(id)
    this.#routine.delete(id)
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#urgent.clear()
    this.#routine.clear()
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#urgent.size + this.#routine.size === 0) return
    this.#timer = setTimeout(() => this.#next(), Math.max(0, this.#nextMs - performance.now()))
  }

  #next(): void {
    this.#timer = undefined
    const [id] = this.#urgent.size > 0 ? this.#urgent : this.#routine
    if (id === undefined) return
    this.delete(id)
    this.#nextMs = performance.now() + this.#slotMs
    this.#arm()
    this.#probe(id)
  }
}
