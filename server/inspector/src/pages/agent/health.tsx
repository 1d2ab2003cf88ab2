import type { AgentPastState, AgentSnapshot } from '@halibut-gateway/schemas'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { RelativeTime } from '../../elements/relative-time.tsx'
import { StateBadge } from '../../elements/state-badge.tsx'
import { useAsked } from '../../elements/use-asked.ts'
import { DoctorPanel } from '../../groups/doctor.tsx'
import { session } from '../../page.ts'
import { now } from '../../state/clock.ts'
import { durationInWords } from '../../values/format.ts'

/** What is wrong with an agent, and in which states it was. */
export function Health({ agent }: { agent: AgentSnapshot }) {
  return (
    <div class="two-panels">
      <DoctorPanel agent={agent} />
      <States agent={agent} />
    </div>
  )
}

function States({ agent: { id, state, since, reason } }: { agent: AgentSnapshot }) {
  const asked = useAsked(id, () => session.request('agents.states', { agent: id }), { when: `${state} ${since} ${reason}` })
  const states = asked.value.value?.states
  return (
    <section class="panel states-history" aria-label="History of its states">
      <h2>History of its states</h2>
      {asked.problem.value !== undefined && <ProblemBox error={asked.problem.value} />}
      {states && (
        <ol>
          {states.map((each, i) => (
            <PastState key={`${each.since} ${each.state}`} state={each} until={states[i - 1]?.since} />
          ))}
        </ol>
      )}
      <p class="hint">The last states since the gateway was started; it keeps them in memory.</p>
    </section>
  )
}

function PastState({ state, until }: { state: AgentPastState; until: string | undefined }) {
  const ms = (until === undefined ? now.value : Date.parse(until)) - Date.parse(state.since)
  return (
    <li data-past={state.state} class={until === undefined ? 'present' : undefined}>
      <StateBadge state={state.state} />
      <span class="reason">{state.reason}</span>
      <span class="quiet when">
        <RelativeTime at={state.since} after=" ago" />, for {durationInWords(ms)}
        {until === undefined && ' so far'}
      </span>
    </li>
  )
}
