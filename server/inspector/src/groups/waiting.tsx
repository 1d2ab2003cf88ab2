import type { CallSnapshot } from '@halibut-gateway/schemas'
import { RelativeTime } from '../elements/relative-time.tsx'
import { agents, calls, phases, session } from '../page.ts'
import { now } from '../state/clock.ts'
import { counted, formatMs } from '../values/format.ts'
import type { MadeCall } from '../values/made-call.ts'
import { adviceFor, mismatchOf } from '../values/refusal.ts'
import { MismatchBox } from './mismatch-box.tsx'

/** Why there is no answer yet, since when, and how long that may go on. */
export function Waiting({ made }: { made: MadeCall }) {
  const sent = calls.uploaded.value.get(made.number)
  return (
    <div class="waiting">
      {sent !== undefined && sent < 1 ? (
        <p>
          Sending <progress value={sent} aria-label="Upload" /> {Math.floor(sent * 100)} %
        </p>
      ) : (
        <Why made={made} />
      )}
      <p class="quiet">
        {made.deadlineAt === undefined
          ? 'It waits for two minutes for the agent, where the gateway is not set otherwise. Cancel gives it up.'
          : `It is given up in ${formatMs(Math.max(0, made.deadlineAt - now.value))}.`}
      </p>
    </div>
  )
}

function Why({ made }: { made: MadeCall }) {
  const agent = agents.get(made.agent)
  const phase = phases.value.get(made.number)
  if (session.connection.value.at !== 'connected') {
    return <p>There is no connection to the gateway now. The call is followed when there is one again.</p>
  }
  if (!agent) return <p>Waiting for an answer.</p>
  if (agent.state === 'connected') {
    if (phase?.state === 'running') return <p>{agent.name} has it, and has not answered yet.</p>
    if (phase?.waiting) return <Ahead waiting={phase.waiting} />
    return <p>Waiting for {agent.name}.</p>
  }
  const mismatch = mismatchOf(agent)
  return (
    <>
      <p>
        <b>
          {agent.name} is {agent.state}
        </b>{' '}
        since <RelativeTime at={agent.since} after=" ago" />
        {mismatch ? '. The call leaves when the agent is there.' : `: ${agent.reason}. The call leaves when the agent is there.`}
      </p>
      {mismatch && <MismatchBox mismatch={mismatch} agent={agent.name} />}
      <p class="quiet">{adviceFor(agent, undefined)}</p>
    </>
  )
}

/** What is ahead of a call, as far as one may see that. */
function Ahead({ waiting }: { waiting: NonNullable<CallSnapshot['waiting']> }) {
  const { reason, place, running, limit, ahead, hidden } = waiting
  return (
    <>
      <p>
        {reason}
        {place !== undefined && `; it is number ${place} of those that wait`}
      </p>
      <p class="quiet">
        {counted(running, 'call')} {running === 1 ? 'runs' : 'run'} there
        {limit && `, at most ${limit.value} at a time (${limit.name})`}.
      </p>
      {ahead.length > 0 && (
        <ul class="ahead">
          {ahead.map(call => (
            <li key={call.activityId}>
              <i class={`dot ${call.state === 'running' ? 'running' : 'waits'}`} /> {call.method} of {call.principal}{' '}
              <span class="quiet">
                {call.state === 'running' ? 'runs' : 'waits'} since <RelativeTime at={call.since} after=" ago" />
              </span>
            </li>
          ))}
          {hidden > 0 && <li class="quiet">and {hidden} more</li>}
        </ul>
      )}
    </>
  )
}
