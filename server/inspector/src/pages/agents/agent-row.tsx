import type { AgentSnapshot } from '@halibut-gateway/schemas'
import type { ColumnKey } from '../../address/route.ts'
import { RelativeTime } from '../../elements/relative-time.tsx'
import { StateBadge } from '../../elements/state-badge.tsx'
import { still } from '../../elements/still.ts'
import { listView, router, selection } from '../../page.ts'
import type { GroupRow } from '../../state/agent-table.ts'
import { counted } from '../../values/format.ts'
import { columns } from './columns.tsx'
import { groupName, placeOf, toggleGroup } from './list-view.ts'

/** One agent, as a row of the table or as a card. */
export const AgentTableRow = still(
  (props: {
    agent: AgentSnapshot
    rowKey: string
    isGone: boolean
    index: number
    start: number
    shown: readonly ColumnKey[]
    compact: boolean
    selectable: boolean
    /** Its page stands beside the list. */
    isCurrent: boolean
    /** The keyboard enters the list here. */
    isEntry: boolean
    /** Of the address of its page, what stands behind its id. */
    addressEnd: string
  }) => {
    const { agent, compact, selectable } = props
    const isPicked = selectable && selection.has(agent.id)
    return (
      <tr class={rowClass(props, isPicked)} aria-rowindex={props.index} style={{ transform: `translateY(${props.start}px)` }}>
        {selectable && (
          <td class="pick">
            <input
              type="checkbox"
              tabIndex={-1}
              aria-label={`Select ${agent.id}`}
              checked={isPicked}
              disabled={props.isGone}
              onClick={event => selection.toggle(agent.id, event.shiftKey)}
            />
          </td>
        )}
        <td class="state">{props.isGone ? <span class="badge">removed</span> : <StateBadge state={agent.state} />}</td>
        <td class="name">
          <a
            href={`#/agent/${encodeURIComponent(agent.id)}${props.addressEnd}`}
            class="agent-link"
            title={agent.name === agent.id ? agent.id : `${agent.name} (${agent.id})`}
            tabIndex={props.isEntry ? 0 : -1}
            aria-current={props.isCurrent ? 'true' : undefined}
            data-agent={agent.id}
            data-row={props.rowKey}
            data-state={agent.state}
            onClick={event => {
              if (event.ctrlKey || event.metaKey || event.shiftKey) return
              event.preventDefault()
              router.go(placeOf(agent.id))
            }}
          >
            {agent.name}
          </a>
        </td>
        {compact ? (
          <td class="why" title={agent.reason}>
            {agent.reason} · <RelativeTime at={agent.since} />
          </td>
        ) : (
          props.shown.map(key => (
            <td class={key} key={key}>
              {columns[key].cell(agent)}
            </td>
          ))
        )}
      </tr>
    )
  },
)

function rowClass({ isGone, isCurrent }: { isGone: boolean; isCurrent: boolean }, isPicked: boolean): string {
  return `agent-row${isGone ? ' gone' : ''}${isCurrent ? ' current' : ''}${isPicked ? ' picked' : ''}`
}

/** What stands above the agents of a group; it opens and closes it. */
export function GroupTableRow({ row, index, start, isEntry }: { row: GroupRow; index: number; start: number; isEntry: boolean }) {
  const name = groupName(listView.value.group, row.group)
  return (
    <tr class="group-row" aria-rowindex={index} style={{ transform: `translateY(${start}px)` }}>
      <td>
        <button
          type="button"
          tabIndex={isEntry ? 0 : -1}
          data-row={row.key}
          aria-expanded={row.isOpen}
          onClick={() => toggleGroup(row.group)}
        >
          <span class="turns" aria-hidden="true">
            {row.isOpen ? '▾' : '▸'}
          </span>{' '}
          {name} <span class="quiet">{counted(row.count, 'agent')}</span>
        </button>
      </td>
    </tr>
  )
}
