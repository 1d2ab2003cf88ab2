import type { ErrorKind } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../base/errors.ts'
import { osText } from '../socket/errno.ts'

/** What a failed attempt to reach an agent means for the next one (spec §8.1, §8.2). */
export type Verdict =
  /** Try again after the pause. */
  | { readonly again: true }
  /** Give up. `began`: the error says that the request had begun (a quirk of .NET for pin mismatches; delivery tells the truth). */
  | { readonly again: false; readonly began: boolean }

/** Where an attempt failed: before a connection existed, while it was initialised, or after the request may have begun. */
export type AttemptStage = 'connect' | 'initialise' | 'exchange'

/** Failures that another attempt would only repeat, or that end the call: wherever they happen. */
const final: ReadonlySet<ErrorKind> = new Set([
  'agent_unavailable',
  'deadline_exceeded',
  'closed',
  'invalid_argument',
  'certificate_invalid',
  'host_not_found',
] satisfies ErrorKind[])

/** The peer cut the connection off; before anything was said that mostly means that it rejects our certificate (spec §8.1). */
export function saysReset({ dotnetMessage }: HalibutError): boolean {
  return dotnetMessage.includes(osText('ECONNRESET')) || dotnetMessage.includes(osText('ECONNABORTED'))
}

/** The table of spec §8.1: a client calling a listening agent. Pure. */
export function listeningVerdict(stage: AttemptStage, why: unknown): Verdict {
  const kind = why instanceof HalibutError ? why.kind : undefined
  if (stage === 'exchange' || kind === 'cancelled') return { again: false, began: true }
  if (kind !== undefined && final.has(kind)) return { again: false, began: false }
  if (stage === 'connect' && (kind === 'thumbprint_mismatch' || kind === 'tls_failed')) return { again: false, began: true }
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
