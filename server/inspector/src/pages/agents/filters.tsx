import type { AgentStateName } from '@halibut-gateway/schemas'
import { agentStates, type ListView, type SortKey, sortKeys } from '../../address/route.ts'
import { Link } from '../../elements/link.tsx'
import { StateShape } from '../../elements/state-badge.tsx'
import { agents, listView, router, session, table } from '../../page.ts'
import { counted } from '../../values/format.ts'

const sortNames: Readonly<Record<SortKey, string>> = {
  name: 'by name',
  state: 'by state',
  since: 'by last change',
  mode: 'by kind',
  address: 'by address',
}

/** What narrows the list of agents. It stands in the address, so that it can be linked to. */
export function Filters({ compact }: { compact: boolean }) {
  const view = listView.value
  const total = agents.all().size
  const shown = table.rows.value.length
  return (
    <div class="filters">
      <div class="row">
        <input
          type="search"
          id="search"
          aria-label="Search agents"
          placeholder="Search name, address, thumbprint, reason"
          value={view.search}
          onInput={event => narrow({ search: event.currentTarget.value })}
          onKeyDown={event => {
            if (event.key !== 'ArrowDown') return
            event.preventDefault()
            document.querySelector<HTMLElement>('[data-agent][tabindex="0"]')?.focus()
          }}
        />
        {!compact && session.may('agents.write') && (
          <Link to={{ page: 'attach', mode: 'listening' }} class="button">
            Add an agent
          </Link>
        )}
      </div>
      <div class="row wrap">
        <fieldset class="states" aria-label="Only those that are">
          {agentStates.map(state => (
            <StateFilter key={state} state={state} view={view} />
          ))}
        </fieldset>
        {table.tags.value.length > 0 && (
          <select aria-label="Tag" value={view.tag} onChange={event => narrow({ tag: event.currentTarget.value })}>
            <option value="">any tag</option>
            {table.tags.value.map(tag => (
              <option key={tag} value={tag}>
                {tag}
              </option>
            ))}
          </select>
        )}
        {compact && (
          <select
            aria-label="Order"
            value={view.sort}
            onChange={event => narrow({ sort: event.currentTarget.value as SortKey, descending: false })}
          >
            {sortKeys.map(key => (
              <option key={key} value={key}>
                {sortNames[key]}
              </option>
            ))}
          </select>
        )}
        <span class="quiet count" role="status">
          {shown === total ? counted(total, 'agent') : `${shown.toLocaleString('en')} of ${counted(total, 'agent')}`}
        </span>
        {shown !== total && (
          <button type="button" class="small" onClick={() => narrow({ search: '', states: [], tag: '' })}>
            Show all
          </button>
        )}
      </div>
    </div>
  )
}

function StateFilter({ state, view }: { state: AgentStateName; view: ListView }) {
  const isOn = view.states.includes(state)
  const states = isOn ? view.states.filter(each => each !== state) : [...view.states, state]
  const count = table.counts.value[state]
  return (
    <button type="button" class="filter" aria-pressed={isOn} disabled={count === 0 && !isOn} onClick={() => narrow({ states })}>
      <StateShape state={state} /> {state} <b>{count.toLocaleString('en')}</b>
    </button>
  )
}

/** Narrows the list, or puts it in another order; Back does not lead through every letter of a search. */
export function narrow(change: Partial<ListView>): void {
  const route = router.route.peek()
  if (route.page === 'agents' || route.page === 'agent') router.replace({ ...route, list: { ...route.list, ...change } })
}
