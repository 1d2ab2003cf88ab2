/** How long to wait before trying again. Milliseconds. */
export interface BackoffOptions {
  /** The longest first wait. Default 250. */
  readonly firstMs: number
  /** The longest wait of all. Default 15,000. */
  readonly maxMs: number
}

/** The wait before attempt `attempt` (from 1): anywhere between half of the doubled wait and all of it, so that clients spread out. */
export function backoffDelayMs(attempt: number, options: BackoffOptions, random: () => number): number {
  const ceiling = Math.min(options.maxMs, options.firstMs * 2 ** Math.min(attempt - 1, 30))
  return Math.round(ceiling * (0.5 + random() / 2))
}
