import { HalibutError } from '../base/errors.ts'

/** What a failed attempt to reach an agent means for the next one (spec §8.1, §8.2). */
export type Verdict =
  /** Try again after the pause. */
  | { readonly again: true }
  /** Give up. `began`: the error says that the request had begun (a quirk of .NET for pin mismatches; delivery tells the truth). */
  | { readonly again: false; readonly began: boolean }

/** Where an attempt failed: before a connection existed, while it was initialised, or after the request may have begun. */
export type AttemptStage = 'connect' | 'initialise' | 'exchange'

/** The table of spec §8.1: a client calling a listening agent. Pure. */
export function listeningVerdict(stage: AttemptStage, why: unknown): Verdict {
  if (why instanceof HalibutError && why.kind === 'cancelled') return { again: false, began: true }
  if (stage === 'exchange') return { again: false, began: true }
  if (stage === 'initialise') return { again: true }
  const kind = why instanceof HalibutError ? why.kind : undefined
  if (kind === 'thumbprint_mismatch' || kind === 'tls_failed') return { again: false, began: true }
  if (kind === 'host_not_found' || kind === 'closed' || kind === 'invalid_argument') return { again: false, began: false }
  return { again: true }
}

/** The differences of spec §8.2: a polling service dialling its client. Pure. */
export function pollingVerdict(stage: AttemptStage, why: unknown): Verdict {
  if (stage !== 'connect') return { again: false, began: true }
  if (why instanceof HalibutError && why.kind === 'connect_refused') return { again: false, began: false }
  return listeningVerdict(stage, why)
}

/**
 * The pause of a polling loop between two cycles (spec §7.5): clamp(elapsed × (1 + random), min, max), where `elapsedMs` runs from the
 * first try after a success. Pure.
 */
export function pollingPauseMs(elapsedMs: number, random: number, minMs: number, maxMs: number): number {
  return Math.min(maxMs, Math.max(minMs, elapsedMs * (1 + random)))
}
