import type { CallPhase } from '@halibut-gateway/schemas/wire'

/** What a part of a call is called. */
export const phaseWords: Readonly<
  Record<CallPhase['phase'] | 'streams' | 'network' | 'pause', { readonly name: string; readonly about: string }>
> = {
  queue: { name: 'queued', about: 'It waits for a connection to the agent.' },
  pause: { name: 'pause', about: 'An attempt failed, and the next one follows after a while.' },
  connect: { name: 'connect', about: 'A connection to the agent is opened, and both say who they are.' },
  request: { name: 'request', about: 'The request leaves, with its data streams.' },
  execute: { name: 'execute', about: 'The agent has it, and runs it.' },
  response: { name: 'response', about: 'The answer is read.' },
  streams: { name: 'streams', about: 'The data streams of the answer come to this page.' },
  network: { name: 'this page', about: 'On the way between this page and the gateway, and here.' },
}

/** A bar of the waterfall of a call: a part of it, from when to when since it began. Milliseconds. */
export interface PhaseBar {
  readonly phase: CallPhase['phase'] | 'streams' | 'network'
  /** Of several attempts: which one. */
  readonly attempt?: number | undefined
  readonly fromMs: number
  readonly toMs: number
  readonly isRunning: boolean
  /** It waits for the next attempt. */
  readonly isPause?: boolean
  /** Why this attempt came to nothing. */
  readonly failed?: CallPhase['failed']
}

/**
 * The waterfall of a call. `elapsedMs`: since this page made it. What the gateway does not tell of it is the way there and back. `streamsMs`: how long
 * its data streams took.
 */
export function phaseBars(phases: readonly CallPhase[], elapsedMs: number, isRunning: boolean, streamsMs?: number): readonly PhaseBar[] {
  if (phases.length === 0 && streamsMs === undefined) return []
  const attempts = phases.filter(({ phase }) => phase === 'connect').length
  let attempt = 0
  const bars: PhaseBar[] = phases.map(({ phase, atMs, durationMs, failed }, i) => {
    const isOpen = durationMs === undefined && isRunning
    return {
      phase,
      attempt: phase === 'connect' && attempts > 1 ? ++attempt : undefined,
      fromMs: atMs,
      toMs: durationMs === undefined ? Math.max(atMs, elapsedMs) : atMs + durationMs,
      isRunning: isOpen,
      isPause: phase === 'queue' && phases[i - 1]?.failed !== undefined,
      failed,
    }
  })
  const end = Math.max(0, ...bars.map(({ toMs }) => toMs))
  if (isRunning) return bars
  if (elapsedMs > end) bars.push({ phase: 'network', fromMs: end, toMs: elapsedMs, isRunning: false })
  if (streamsMs !== undefined) {
    const from = Math.max(end, elapsedMs)
    bars.push({ phase: 'streams', fromMs: from, toMs: from + streamsMs, isRunning: false })
  }
  return bars
}
