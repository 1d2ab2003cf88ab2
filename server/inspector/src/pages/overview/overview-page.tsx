import { agentStates, wholeList } from '../../address/route.ts'
import { Link } from '../../elements/link.tsx'
import { StateShape } from '../../elements/state-badge.tsx'
import { agents, table } from '../../page.ts'
import { counted } from '../../values/format.ts'
import { Attention } from './attention.tsx'
import { TrafficNow } from './traffic-now.tsx'

/** How it is, at one look: the agents by state, what needs a person, and what is going on. */
export function OverviewPage() {
  const counts = table.counts.value
  const total = agents.all().size
  return (
    <main class="overview-page" id="main" tabIndex={-1}>
      <h1>Overview</h1>
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
      <div class="halves">
        <Attention />
        <TrafficNow />
      </div>
    </main>
  )
}
