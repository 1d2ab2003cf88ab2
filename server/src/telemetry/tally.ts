import { Histogram } from 'prom-client'

/**
 * Counts by two names. Of prom-client’s own counter each step looks its labels up by a text that it makes of them, which is 1 us of each call (row
 * “gateway CPU per call”); this is looked at when somebody asks.
 */
export class Tally<A extends string, B extends string> {
  readonly #counts = new Map<A, Map<B, number>>()

  add(a: A, b: B): void {
    const counts = this.#counts.get(a)
    if (counts) counts.set(b, (counts.get(b) ?? 0) + 1)
    else this.#counts.set(a, new Map([[b, 1]]))
  }

  *[Symbol.iterator](): Generator<[a: A, b: B, count: number]> {
    for (const [a, counts] of this.#counts) for (const [b, count] of counts) yield [a, b, count]
  }
}

/** One time series of a {@link SeriesHistogram}, to be held by who observes. */
export class HistogramSeries {
  readonly #bounds: readonly number[]
  /** For each bound, and for what is above all. */
  readonly counts: number[]
  sum = 0

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.counts = new Array<number>(bounds.length + 1).fill(0)
  }

  observe(value: number): void {
    const bounds = this.#bounds
    let at = 0
    while (at < bounds.length && value > (bounds[at] as number)) at++
    this.counts[at] = (this.counts[at] ?? 0) + 1
    this.sum += value
  }
}

type Options<L extends string> = ConstructorParameters<typeof Histogram<L>>[0] & { readonly buckets: number[] }
type Labels<L extends string> = Partial<Record<L, string | number>>

/** A histogram of prom-client whose series are held by those who observe, for the same reason as {@link Tally}. */
export class SeriesHistogram<L extends string> extends Histogram<L> {
  readonly #options: Options<L>
  readonly #series: [labels: Labels<L>, series: HistogramSeries][] = []

  constructor(options: Options<L>) {
    super(options)
    this.#options = options
  }

  /** A further series. The labels are the caller’s not to give twice. */
  series(labels: Labels<L>): HistogramSeries {
    const series = new HistogramSeries(this.#options.buckets)
    this.#series.push([labels, series])
    return series
  }

  /** What a registry asks for, as the base class gives it; its types do not tell. */
  async getForPromString(): Promise<object> {
    const { name, help } = this.#options
    const values = this.#series.flatMap(([sharedLabels, series]) => valuesOf(name, this.#options.buckets, sharedLabels, series))
    return { name, help, type: 'histogram', aggregator: 'sum', values }
  }
}

function valuesOf(name: string, bounds: readonly number[], sharedLabels: object, { counts, sum }: HistogramSeries): object[] {
  let count = 0
  const buckets = counts.map((each, at) => {
    count += each
    return { labels: { le: bounds[at] ?? '+Inf' }, sharedLabels, value: count, metricName: `${name}_bucket` }
  })
  return [
    ...buckets,
    { labels: {}, sharedLabels, value: sum, metricName: `${name}_sum` },
    { labels: {}, sharedLabels, value: count, metricName: `${name}_count` },
  ]
}
