import type { AgentConnectionSnapshot, AgentPastState, EndedCall } from '@halibut-gateway/schemas'
import { hasRight } from '@halibut-gateway/schemas/wire'
import type { Access } from '../../access/access.ts'
import { ownerOf, type Principal } from '../../access/principal.ts'
import type { Agent, AgentDirectory } from '../../fleet/agent-directory.ts'
import type { AgentState } from '../../fleet/agent-state.ts'
import type { Mesh } from '../../fleet/mesh.ts'
import type { AgentConnection } from '../../runtime/agent-connection.ts'
import { AgentSight } from '../agent-sight.ts'
import type { RecentCall, RecentCalls } from '../recent-calls.ts'
import type { Handlers } from '../run.ts'

/** What the methods about one agent look at. */
export interface AgentDetailsOptions {
  readonly directory: AgentDirectory
  readonly access: Access
  readonly mesh: Pick<Mesh, 'connections'>
  readonly recent: RecentCalls
}

/** The methods that show one agent: what hangs on it now, and what was. */
export function agentDetailsMethods({
  directory,
  access,
  mesh,
  recent,
}: AgentDetailsOptions): Pick<Handlers, 'agents.connections' | 'agents.states' | 'agents.calls'> {
  const seen = (id: string, principal: Principal): Agent => new AgentSight(access, principal).find(directory, id)
  return {
    'agents.connections': ({ agent }, { principal }) => {
      const { endpoint } = seen(agent, principal)
      const connections = mesh.connections(endpoint).toSorted((one, other) => one.sinceMs - other.sinceMs)
      return { connections: connections.map(toldConnection) }
    },
    'agents.states': ({ agent }, { principal }) => {
      seen(agent, principal)
      return { states: directory.states(agent).map(toldState) }
    },
    'agents.calls': ({ agent }, { principal }) => {
      seen(agent, principal)
      const { calls, failures } = recent.of(agent)
      const told = (all: readonly RecentCall[]): EndedCall[] =>
        all.filter(call => isOwn(call, principal) || hasRight(principal.role, 'audit.read')).map(each => toldCall(each, principal))
      return { calls: told(calls), failures: told(failures) }
    },
  }
}

function isOwn({ owner }: RecentCall, principal: Principal): boolean {
  return owner === ownerOf(principal)
}

function toldConnection(connection: AgentConnection): AgentConnectionSnapshot {
  const { direction, remoteAddress, port, protocol, cipher, thumbprint, expiresMs, own } = connection
  const { sinceMs, calls, isBusy: busy, usedMs, bytesRead, bytesWritten } = connection
  return {
    direction,
    remoteAddress,
    ...(port !== undefined && { port }),
    protocol,
    ...(cipher !== undefined && { cipher }),
    ...(thumbprint !== undefined && { thumbprint }),
    // A certificate may say any date.
    ...(expiresMs !== undefined && Math.abs(expiresMs) <= 8.64e15 && { expires: timeText(expiresMs) }),
    ...(own !== undefined && own !== '' && { own }),
    ...{ since: timeText(sinceMs), calls, busy },
    ...(usedMs !== undefined && { used: timeText(usedMs) }),
    ...{ bytesRead, bytesWritten },
  }
}

function toldState({ at: state, sinceMs, reason, advice }: AgentState): AgentPastState {
  return { state, since: timeText(sinceMs), reason, ...(advice !== undefined && { advice }) }
}

/** What an agent or an argument may have said is for its caller alone, as it is in the audit log. */
function toldCall(ended: RecentCall, principal: Principal): EndedCall {
  const { subject, endedMs, queuedMs, durationMs, fault } = ended
  const { activityId, service, method } = subject
  const since = timeText(performance.timeOrigin + endedMs - durationMs)
  const call = { activityId, service, method, principal: subject.principal, since, queuedMs, durationMs }
  if (!fault) return call
  const { message, isPrivate, ...error } = fault
  return { ...call, error: isPrivate && !isOwn(ended, principal) ? error : { ...error, message } }
}

function timeText(ms: number): string {
  return new Date(ms).toISOString()
}
