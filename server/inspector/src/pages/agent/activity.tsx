import type { AgentSnapshot, EndedCall } from '@halibut-gateway/schemas'
import { useEffect, useMemo } from 'preact/hooks'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { useAsked } from '../../elements/use-asked.ts'
import { session } from '../../page.ts'
import { createAgentCalls } from '../../state/agent-calls.ts'
import { Failures } from './failures.tsx'
import { Queue } from './queue.tsx'
import { RecentCalls } from './recent-calls.tsx'

/** What goes on at an agent, what failed lately and why, and what was called. */
export function Activity({ agent, explained }: { agent: AgentSnapshot; explained: string | undefined }) {
  const { id } = agent
  const now = useMemo(() => createAgentCalls(session, id, tell => void requestAnimationFrame(tell)), [id])
  useEffect(() => now.close, [now])
  const ended = useAsked(id, () => session.request('agents.calls', { agent: id }), { when: now.ended.value })
  const { calls, failures } = ended.value.value ?? {}
  const shown = failures && explained !== undefined ? withExplained(failures, calls, explained) : failures
  return (
    <div class="two-panels">
      <div class="stack">
        <Queue agent={agent} calls={now.open.value} />
        {ended.problem.value !== undefined && <ProblemBox error={ended.problem.value} />}
        {shown && <Failures agent={agent} failures={shown} explained={explained} />}
      </div>
      {calls && <RecentCalls agent={id} calls={calls} explained={explained} />}
    </div>
  )
}

/** One that is explained stands among those that failed as long as it is known at all. */
function withExplained(failures: readonly EndedCall[], calls: readonly EndedCall[] = [], explained: string): readonly EndedCall[] {
  if (failures.some(({ activityId }) => activityId === explained)) return failures
  return [...failures, ...calls.filter(({ activityId, error }) => activityId === explained && error)]
}
