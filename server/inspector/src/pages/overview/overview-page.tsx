import { agentStates, wholeList } from '../../address/route.ts'
import { Link } from '../../elements/link.tsx'
import { StateShape } from '../../elements/state-badge.tsx'
import { agents, past, table } from '../../page.ts'
import { counted } from '../../values/format.ts'
import { Attention } from './attention.tsx'
import { Changes } from './changes.tsx'
import { PastCharts, PastNumbers } from './past.tsx'
import { TimeChoice } from './time-choice.tsx'

/** How it is, at one look: the agents by state, what needs a person, what happened, and what is going on. */
export function OverviewPage() {
  const seesAll = past.history.value?.seesAll ?? true
  return (
    <main class="overview-page" id="main" tabIndex={-1}>
      <h1>Overview</h1>
      {!seesAll && (
        <p class="hint" role="note">
          The rules let you see {counted(agents.all().size, 'agent')}: states now, changes and what needs a person are of these. Calls and
          charts are of the whole gateway.
        </p>
      )}
      <AgentsByState />
      <PastNumbers />
      <div class="halves">
        <Attention />
        <Changes />
      </div>
      <section aria-label="Over time" class="over-time">
        <TimeChoice />
        <PastCharts />
      </section>
    </main>
  )
}

function AgentsByState() {
  const counts = table.counts.value
  const total = agents.all().size
  return (
    <section aria-label="Agents by state" class="panel">
      <h2>{counted(total, 'agent')}</h2>
      <ul class="tiles">
        {agentStates.map(state => (
          <li key={state}>
            <Link to={{ page: 'agents', list: { ...wholeList, states: [state] } }} class={`tile ${state}`}>
              <b>{counts[state].toLocaleString('en')}</b>
              <span class="row">
                <StateShape state={state} /> {state}
              </span>
            </Link>
          </li>
        ))}
      </ul>
      {total > 0 && (
        <div class="bar" aria-hidden="true">
          {agentStates.map(state => counts[state] > 0 && <i key={state} class={state} style={{ flexGrow: counts[state] }} />)}
        </div>
      )}
    </section>
  )
}
