import { HalibutError } from '../base/errors.ts'
import type { Agent, AgentDirectory } from '../fleet/agent-directory.ts'
import type { AgentNews } from '../fleet/agent-state.ts'
import { newsOf } from '../fleet/liveness.ts'

/** A listening agent has answered a call, so that it is there, whenever its next probe is. */
export function answered(directory: AgentDirectory, agent: Agent): void {
  if (agent.mode === 'listening') tell(directory, agent, { type: 'reached', how: 'answers calls' })
}

/** A call to a listening agent has failed: it answered with an error; or the call did not reach it, and neither would a probe. */
export function failed(directory: AgentDirectory, agent: Agent, error: HalibutError): void {
  if (error.remote) {
    answered(directory, agent)
    return
  }
  const seen = agent.mode === 'listening' ? whatItSaw(error) : undefined
  if (seen) tell(directory, agent, newsOf(seen, agent.probe?.roundTripMs !== undefined))
}

/** The failure to reach the agent in what ended a call. That somebody gave the call up is none, but it may have had one before. */
function whatItSaw(error: HalibutError): HalibutError | undefined {
  const { kind, phase, cause } = error
  if (kind === 'cancelled' || kind === 'deadline_exceeded') return cause instanceof HalibutError ? whatItSaw(cause) : undefined
  return (phase === 'connect' || phase === 'tls') && kind !== 'closed' ? error : undefined
}

/** Unless the agent is another one meanwhile, or it is known already that it is there. */
function tell(directory: AgentDirectory, { definition: { id }, endpoint }: Agent, news: AgentNews): void {
  const now = directory.get(id)
  if (now?.endpoint !== endpoint || (news.type === 'reached' && now.state.at === 'connected')) return
  directory.report(id, news)
}

/** A request that found no connection in time tells since when its agent is away and why, where that is known and not told already. */
export function withWhereabouts(error: HalibutError, agent: Agent | undefined): HalibutError {
  if (error.kind !== 'deadline_exceeded' || error.delivery !== 'not_sent' || !agent || agent.state.at === 'connected') return error
  const { at, sinceMs, reason, advice } = agent.state
  const why = error.message.includes(reason) ? '' : ` (${reason})`
  return error.with({ advice }, `${error.message}; the agent is ${at} since ${new Date(sinceMs).toISOString()}${why}`)
}
