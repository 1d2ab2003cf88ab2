import type { AgentSnapshot, CallSnapshot } from '@halibut-gateway/schemas'
import { RelativeTime } from '../../elements/relative-time.tsx'
import { session } from '../../page.ts'
import { now } from '../../state/clock.ts'
import { counted, durationInWords } from '../../values/format.ts'
import { shortMethod } from '../../values/method-names.ts'

const mostShown = 50

/** What runs at an agent and what waits for it: whose it is, since when, and what it waits for. */
export function Queue({ agent, calls }: { agent: AgentSnapshot; calls: readonly CallSnapshot[] | undefined }) {
  const waiting = calls?.filter(({ state }) => state === 'queued') ?? []
  const running = (calls?.length ?? 0) - waiting.length
  const first = waiting.find(call => call.waiting)?.waiting
  return (
    <section class="panel queue" aria-label="Queue">
      <div class="row wrap">
        <h2>Queue</h2>
        <span class="spacer" />
        {running > 0 && <span class="chip wait">{counted(running, 'call')} at the agent</span>}
        {waiting.length > 0 && <span class="chip bad">{counted(waiting.length, 'call')} waiting</span>}
      </div>
      {calls?.length === 0 && <p class="hint">Nothing waits for {agent.name}, and nothing runs there.</p>}
      {first && (
        <p class="why-waiting">
          <b>Why they wait:</b> {first.reason}.{' '}
          {first.limit && (
            <span class="quiet">
              At most {counted(first.limit.value, 'call')} at a time: <code>{first.limit.name}</code>.
            </span>
          )}
        </p>
      )}
      {calls && calls.length > 0 && (
        <ol>
          {calls.slice(0, mostShown).map(call => (
            <Waiting key={call.activityId} call={call} />
          ))}
          {calls.length > mostShown && <li class="quiet">and {calls.length - mostShown} more</li>}
        </ol>
      )}
      {!session.may('audit.read') && <p class="hint">You see your own calls here. Those of others are for the role admin.</p>}
    </section>
  )
}

function Waiting({ call }: { call: CallSnapshot }) {
  const { activityId, service, method, principal, state, since, waiting, own } = call
  const hidden = waiting?.hidden ?? 0
  return (
    <li data-open={state}>
      <span class={state === 'running' ? 'dot running' : 'dot waits'} />
      <b title={`${service}.${method}`}>{shortMethod(method)}</b>
      <span>
        {principal}
        {own && <span class="quiet"> (this tab)</span>}
      </span>
      <span class="quiet">
        {state === 'running' ? 'runs' : 'waits'} for {durationInWords(now.value - Date.parse(since))}
        {waiting?.place !== undefined && `, number ${waiting.place} in line`}
        {hidden > 0 && `, ${counted(hidden, 'call')} of others before it`}
      </span>
      <span class="off-screen">
        , since <RelativeTime at={since} after=" ago" />, activity {activityId}
      </span>
    </li>
  )
}
