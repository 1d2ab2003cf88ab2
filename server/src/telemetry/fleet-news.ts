import type { HalibutError } from '../base/errors.ts'
import { gatewayLimits } from '../base/limits.ts'
import { LineBudget } from '../base/line-budget.ts'
import type { LogLevel, LogSink } from '../base/log.ts'
import type { AgentState } from '../fleet/agent-state.ts'
import type { FleetChanges } from '../fleet/fleet-changes.ts'
import type { Mesh } from '../fleet/mesh.ts'
import type { Metrics } from './metrics.ts'

/** What {@link tellFleetNews} listens to and tells. */
export interface FleetNewsOptions {
  readonly changes: Pick<FleetChanges, 'onChange'>
  readonly mesh: Pick<Mesh, 'on'>
  readonly log: LogSink
  readonly metrics: Metrics
  /** Milliseconds; default that of `performance`. */
  readonly now?: () => number
}

const levels: Readonly<Record<AgentState['at'], LogLevel>> = {
  connected: 'info',
  suspect: 'info',
  offline: 'warn',
  untrusted: 'warn',
  disabled: 'info',
}

/**
 * Makes one line of the log and one count of all that happens to agents (beside the event that it comes from): up, down and why, added and
 * removed; and of connections that came to nothing. Gives the function that ends this.
 */
export function tellFleetNews({ changes, mesh, log, metrics, now = () => performance.now() }: FleetNewsOptions): () => void {
  // A flood fills no disk.
  const lines = new LineBudget(gatewayLimits.refusalLines, now)
  const rejected = ({ kind: reason, message: why }: HalibutError, address: string): void => {
    metrics.connectionRefused(reason)
    const line = lines.take()
    if (line.allowed) log('warn', 'connection refused', { reason, address, why, ...(line.missed > 0 ? { leftOut: line.missed } : {}) })
  }
  const stops = [
    changes.onChange(({ definition, from: was, to: state }, agent) => {
      if (!agent || !state) {
        log('info', 'agent removed', { agent: definition.id, was })
        return
      }
      metrics.agentEntered(state)
      const { reason, advice } = agent.state
      const { uri, thumbprint } = agent.endpoint
      const about = { agent: definition.id, state, reason, ...(advice === undefined ? {} : { advice }), uri, thumbprint }
      if (was === undefined) log('info', 'agent added', about)
      else log(levels[state], `agent ${state}`, { ...about, was })
    }),
    mesh.on('connectionOpened', ({ direction }) => metrics.connectionOpened(direction)),
    mesh.on('connectionClosed', ({ direction }) => metrics.connectionClosed(direction)),
    // Its line says what it means, and is written where that is known: by trust.
    mesh.on('clientDenied', ({ why }) => metrics.connectionRefused(why)),
    mesh.on('connectionRejected', ({ remoteAddress, error }) => rejected(error, remoteAddress)),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}
