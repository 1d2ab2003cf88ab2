import type { HistoryStep } from '@halibut-gateway/schemas'

/** A step of what the gateway has counted, of a minute that began so many seconds after midnight. */
export function historyStep(second: number, change: Partial<HistoryStep> = {}): HistoryStep {
  return {
    at: new Date(Date.UTC(2030, 0, 1, 0, 0, second)).toISOString(),
    ms: 60_000,
    calls: 0,
    errors: [],
    queued: 0,
    running: 0,
    agents: { connected: 0, suspect: 0, offline: 0, untrusted: 0, disabled: 0 },
    changes: 0,
    ...change,
  }
}
