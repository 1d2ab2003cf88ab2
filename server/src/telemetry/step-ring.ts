/** A piece of time in which things were counted. */
export interface Step {
  /** When it began, in UTC milliseconds since 1970. */
  readonly fromMs: number
  readonly ms: number
  /** What adds up where steps are joined. */
  readonly counters: Uint32Array
  /** What was so at its end. */
  readonly gauges: Uint32Array
}

/** The newest steps, in memory that is taken once. */
export class StepRing {
  readonly #size: number
  readonly #counters: Uint32Array[]
  readonly #gauges: Uint32Array[]
  readonly #fromMs: Float64Array
  readonly #ms: Float64Array
  /** How many there ever were. */
  #total = 0

  constructor(size: number, counters: number, gauges: number) {
    this.#size = size
    this.#counters = rows(size, counters)
    this.#gauges = rows(size, gauges)
    this.#fromMs = new Float64Array(size)
    this.#ms = new Float64Array(size)
  }

  /** Takes a copy of a step; the oldest one is gone where there is no room. */
  push({ fromMs, ms, counters, gauges }: Step): void {
    const at = this.#total++ % this.#size
    this.#counters[at]?.set(counters)
    this.#gauges[at]?.set(gauges)
    this.#fromMs[at] = fromMs
    this.#ms[at] = ms
  }

  /** Those that ended after a time and began before another, the newest last. They are the ring’s own: to be read at once. */
  *between(fromMs: number, toMs: number): Generator<Step> {
    for (let n = Math.max(0, this.#total - this.#size); n < this.#total; n++) {
      const at = n % this.#size
      const step = { fromMs: this.#fromMs[at] ?? 0, ms: this.#ms[at] ?? 0, counters: this.#counters[at], gauges: this.#gauges[at] }
      if (step.counters && step.gauges && step.fromMs + step.ms > fromMs && step.fromMs < toMs) yield step as Step
    }
  }

  /** When the oldest one began. */
  get sinceMs(): number | undefined {
    return this.#total === 0 ? undefined : this.#fromMs[this.#total > this.#size ? this.#total % this.#size : 0]
  }
}

/** Views of one piece of memory. */
function rows(count: number, width: number): Uint32Array[] {
  const all = new Uint32Array(count * width)
  return Array.from({ length: count }, (_, i) => all.subarray(i * width, (i + 1) * width))
}
