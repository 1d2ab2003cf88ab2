import type { AgentStateName } from '@halibut-gateway/schemas'
import { agentStates, type ColumnKey, columnKeys, type ListView, type SortKey, sortKeys } from '../../address/route.ts'
import { Link } from '../../elements/link.tsx'
import { StateShape } from '../../elements/state-badge.tsx'
import { agents, listView, session, table } from '../../page.ts'
import { counted } from '../../values/format.ts'
import { columns } from './columns.tsx'
import { narrow } from './list-view.ts'

const sortNames: Readonly<Record<SortKey, string>> = {
  name: 'by name',
  id: 'by id',
  state: 'by state',
  since: 'by last change',
  called: 'by last call',
  waiting: 'by calls that wait',
  mode: 'by kind',
  address: 'by address',
}

/** What narrows the list of agents. It stands in the address, so that it can be linked to. `shown`: the columns that can be chosen, where there is room. */
export function Filters({ compact, shown }: { compact: boolean; shown?: readonly ColumnKey[] }) {
  const view = listView.value
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
            document.querySelector<HTMLElement>('[data-row][tabindex="0"]')?.focus()
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
        <TagFilter view={view} />
        <label class="grouping">
          <span class="off-screen">Grouped</span>
          <select
            aria-label="Groups"
            value={view.group}
            onChange={event => narrow({ group: event.currentTarget.value as ListView['group'], closed: [] })}
          >
            <option value="">no groups</option>
            <option value="state">group by state</option>
            <option value="tag">group by tag</option>
          </select>
        </label>
        {(compact || view.sort === 'id') && <Order view={view} />}
        {shown && <ColumnChoice shown={shown} />}
        <Counted view={view} />
      </div>
    </div>
  )
}

function TagFilter({ view }: { view: ListView }) {
  const tags = table.tags.value
  if (tags.length === 0 && view.tag === '') return null
  return (
    <select aria-label="Tag" value={view.tag} onChange={event => narrow({ tag: event.currentTarget.value })}>
      <option value="">any tag</option>
      {(view.tag === '' || tags.includes(view.tag) ? tags : [view.tag, ...tags]).map(tag => (
        <option key={tag} value={tag}>
          {tag}
        </option>
      ))}
    </select>
  )
}

function Order({ view }: { view: ListView }) {
  return (
    <span class="row order">
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
      <button
        type="button"
        class="small"
        aria-pressed={view.descending}
        aria-label="Backwards"
        title="Backwards"
        onClick={() => narrow({ descending: !view.descending })}
      >
        <span aria-hidden="true">{view.descending ? '↓' : '↑'}</span>
      </button>
    </span>
  )
}

/** Which columns stand beside state and name. */
function ColumnChoice({ shown }: { shown: readonly ColumnKey[] }) {
  return (
    <details class="drop">
      <summary class="button small">Columns</summary>
      <fieldset aria-label="Columns">
        {columnKeys.map(key => (
          <label key={key}>
            <input
              type="checkbox"
              checked={shown.includes(key)}
              onClick={() => narrow({ columns: columnKeys.filter(each => shown.includes(each) !== (each === key)) })}
            />{' '}
            {columns[key].heading}
          </label>
        ))}
        <button type="button" class="small" onClick={() => narrow({ columns: undefined })}>
          The usual ones
        </button>
      </fieldset>
    </details>
  )
}

function Counted({ view }: { view: ListView }) {
  const total = agents.all().size
  const shown = table.count.value
  return (
    <>
      <span class="quiet count" role="status">
        {shown === total ? counted(total, 'agent') : `${shown.toLocaleString('en')} of ${counted(total, 'agent')}`}
      </span>
      {(view.search !== '' || view.states.length > 0 || view.tag !== '') && (
        <button type="button" class="small" onClick={() => narrow({ search: '', states: [], tag: '' })}>
          Show all
        </button>
      )}
    </>
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
