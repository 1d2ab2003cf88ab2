import { gatewayLimits } from '../base/limits.ts'
import type { LogLevel, LogSink } from '../base/log.ts'
import type { AgentDirectory } from '../fleet/agent-directory.ts'
import type { AgentState } from '../fleet/agent-state.ts'
import type { Mesh } from '../fleet/mesh.ts'
import type { Metrics, RefusalReason } from './metrics.ts'

/** What {@link tellFleetNews} listens to and tells. */
export interface FleetNewsOptions {
  readonly directory: AgentDirectory
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
 * removed; and of who was turned away, from where and with which certificate. Gives the function that ends this.
 */
export function tellFleetNews({ directory, mesh, log, metrics, now = () => performance.now() }: FleetNewsOptions): () => void {
  const known = new Map<string, AgentState['at']>()
  for (const id of directory.ids()) {
    const agent = directory.get(id)
    if (agent) known.set(id, agent.state.at)
  }
  const onAgent = (id: string): void => {
    const agent = directory.get(id)
    const was = known.get(id)
    if (!agent) {
      if (known.delete(id)) log('info', 'agent removed', { agent: id, was })
      return
    }
    const { at: state, reason } = agent.state
    if (state === was) return
    known.set(id, state)
    metrics.agentEntered(state)
    const { uri, thumbprint } = agent.endpoint
    const about = { agent: id, state, reason, uri, thumbprint }
    if (was === undefined) log('info', 'agent added', about)
    else log(levels[state], `agent ${state}`, { ...about, was })
  }
  const refusals = new RefusalLines(log, now)
  const refused = (reason: RefusalReason, fields: Readonly<Record<string, unknown>>): void => {
    metrics.connectionRefused(reason)
    refusals.tell({ reason, ...fields })
  }
  const stops = [
    directory.onChange(onAgent),
    mesh.on('connectionOpened', ({ direction }) => metrics.connectionOpened(direction)),
    mesh.on('connectionClosed', ({ direction }) => metrics.connectionClosed(direction)),
    mesh.on('clientDenied', ({ why, remoteAddress: address, thumbprint, thumbprint256, subject, role, subscription }) =>
      refused(why, { address, thumbprint, thumbprint256, subject, role, subscription }),
    ),
    mesh.on('connectionRejected', ({ remoteAddress, error }) => refused(error.kind, { address: remoteAddress, why: error.message })),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

/** Lines about strangers: at most `refusalLines` a minute, so that a flood fills no disk. How many were left out stands in the next one. */
class RefusalLines {
  readonly #log: LogSink
  readonly #now: () => number
  #minuteAtMs = Number.NEGATIVE_INFINITY
  #told = 0
  #leftOut = 0

  constructor(log: LogSink, now: () => number) {
    this.#log = log
    this.#now = now
  }

  tell(fields: Readonly<Record<string, unknown>>): void {
    const now = this.#now()
    if (now - this.#minuteAtMs >= 60_000) {
      this.#minuteAtMs = now
      this.#told = 0
    }
    if (this.#told++ >= gatewayLimits.refusalLines) {
      this.#leftOut++
      return
    }
    const leftOut = this.#leftOut
    this.#leftOut = 0
    this.#log('warn', 'connection refused', leftOut === 0 ? fields : { ...fields, leftOut })
  }
}
