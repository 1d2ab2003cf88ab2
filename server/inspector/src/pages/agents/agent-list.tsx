import { useSignal } from '@preact/signals'
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import { type ColumnKey, formatRoute, type SortKey } from '../../address/route.ts'
import { stepOf } from '../../elements/steps.ts'
import { useVirtualRows } from '../../elements/use-virtual-rows.ts'
import { listView, selection, session, table } from '../../page.ts'
import type { TableRow } from '../../state/agent-table.ts'
import { AgentTableRow, GroupTableRow } from './agent-row.tsx'
import { columns } from './columns.tsx'
import { HeldNotice } from './held-notice.tsx'
import { narrow, placeOf, toggleGroup } from './list-view.ts'

const tableRowHeight = 44
const compactRowHeight = 64

/** The agents that the view shows, as a table, or where there is little room as cards. `current`: whose page stands beside it. */
export function AgentList(props: { compact: boolean; shown?: readonly ColumnKey[]; current?: string | undefined }) {
  const { compact, shown = [], current } = props
  const scroller = useRef<HTMLDivElement>(null)
  const rows = table.rows.value
  const rowHeight = compact ? compactRowHeight : tableRowHeight
  /** The row that the keyboard is at. */
  const active = useSignal<string | undefined>(current)
  const isMoving = useRef(false)
  const at = useMemo(() => rows.findIndex(({ key }) => key === active.value), [rows, active.value])
  const { items, totalHeight, scrollTo } = useVirtualRows(scroller, rows.length, rowHeight, at)
  useStillness(scroller, rows, rowHeight, current)
  /** The agent that has been brought into view: it may come later than the page. */
  const shownFor = useRef<string | undefined>(undefined)
  useLayoutEffect(() => {
    const wanted = `${current} ${compact}`
    if (current === undefined || shownFor.current === wanted) return
    const index = rows.findIndex(row => isOf(row, current))
    if (index < 0) return
    shownFor.current = wanted
    active.value = rows[index]?.key
    scrollTo(index)
  }, [current, compact, rows])
  useLayoutEffect(() => {
    if (!isMoving.current) return
    isMoving.current = false
    scroller.current?.querySelector<HTMLElement>('[data-row][tabindex="0"]')?.focus({ preventScroll: true })
  }, [active.value])

  const selectable = current === undefined && session.may('agents.write')
  const onKeyDown = (event: KeyboardEvent): void => {
    const row = rows[at]
    if (row && act(event, row, selectable)) {
      event.preventDefault()
      return
    }
    const pageRows = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 1)
    const next = stepOf(event.key, at, rows.length, pageRows)
    if (next === undefined) return
    event.preventDefault()
    isMoving.current = true
    active.value = rows[next]?.key
    scrollTo(next)
  }
  // Where the keyboard enters: the row that it was at, else the first that is seen.
  const entry = at >= 0 ? at : items[0]?.index
  const addressEnd = formatRoute(placeOf('-')).slice('#/agent/-'.length)
  const tracks = `${selectable ? '1.6rem ' : ''}7.4rem minmax(8rem, 1.1fr) ${shown.map(key => columns[key].width).join(' ')}`

  return (
    <div
      class="list-frame"
      onFocusIn={event => {
        table.isHeld.value = true
        const row = (event.target as HTMLElement).closest<HTMLElement>('[data-row]')
        if (row) active.value = row.dataset['row']
      }}
      onFocusOut={() => {
        table.isHeld.value = false
      }}
      onPointerEnter={() => {
        table.isHeld.value = true
      }}
      onPointerLeave={event => {
        if (!event.currentTarget.contains(document.activeElement)) table.isHeld.value = false
      }}
    >
      <div
        ref={scroller}
        class={compact ? 'grid compact' : 'grid'}
        data-scroll="agents"
        style={{ '--tracks': compact ? (selectable ? '1.6rem minmax(0, 1fr) auto' : 'minmax(0, 1fr) auto') : tracks }}
      >
        <table aria-label="Agents" aria-rowcount={rows.length + (compact ? 0 : 1)} onKeyDown={onKeyDown}>
          {!compact && <Headings shown={shown} selectable={selectable} />}
          <tbody class="rows" style={{ height: `${totalHeight}px` }}>
            {items.map(({ index, start }) => {
              const row = rows[index]
              if (!row) return null
              const number = index + (compact ? 1 : 2)
              if (row.type === 'group') {
                return <GroupTableRow key={row.key} row={row} index={number} start={start} isEntry={index === entry} />
              }
              return (
                <AgentTableRow
                  key={row.key}
                  agent={row.agent}
                  rowKey={row.key}
                  isGone={row.isGone}
                  index={number}
                  start={start}
                  shown={shown}
                  compact={compact}
                  selectable={selectable}
                  isCurrent={row.agent.id === current}
                  isEntry={index === entry}
                  addressEnd={addressEnd}
                />
              )
            })}
          </tbody>
        </table>
      </div>
      <HeldNotice />
    </div>
  )
}

/** What a key does with the row that the keyboard is at; false where it does nothing. */
function act(event: KeyboardEvent, row: TableRow, selectable: boolean): boolean {
  if (row.type === 'group') {
    const turns = (event.key === 'ArrowLeft' && row.isOpen) || (event.key === 'ArrowRight' && !row.isOpen)
    if (turns) toggleGroup(row.group)
    return turns
  }
  if (!selectable) return false
  if (event.key === ' ' && (event.target as HTMLElement).matches('[data-agent]')) {
    selection.toggle(row.agent.id, event.shiftKey)
    return true
  }
  if (event.key !== 'a' || !(event.ctrlKey || event.metaKey)) return false
  selection.all()
  return true
}

/** What stands above the columns, by which they are put in order. */
function Headings({ shown, selectable }: { shown: readonly ColumnKey[]; selectable: boolean }) {
  const count = table.count.value
  return (
    <thead>
      <tr class="head" aria-rowindex={1}>
        {selectable && (
          <th scope="col" class="pick">
            <input
              type="checkbox"
              aria-label={selection.isAll.value ? 'Select none' : `Select all ${count.toLocaleString('en')} that are shown`}
              checked={selection.isAll.value}
              onClick={() => (selection.isAll.peek() ? selection.none() : selection.all())}
            />
          </th>
        )}
        <Heading name="State" sort="state" />
        <Heading name="Name" sort="name" />
        {shown.map(key => (
          <Heading key={key} name={columns[key].heading} sort={columns[key].sort} />
        ))}
      </tr>
    </thead>
  )
}

function Heading({ name, sort }: { name: string; sort: SortKey | undefined }) {
  const view = listView.value
  if (!sort) return <th scope="col">{name}</th>
  const isSorted = view.sort === sort
  return (
    <th scope="col" aria-sort={isSorted ? (view.descending ? 'descending' : 'ascending') : 'none'}>
      <button type="button" class="sort" onClick={() => narrow({ sort, descending: isSorted && !view.descending })}>
        {name}
        {isSorted && <span aria-hidden="true">{view.descending ? ' ↓' : ' ↑'}</span>}
      </button>
    </th>
  )
}

function isOf(row: TableRow | undefined, agent: string | undefined): boolean {
  return row?.type === 'agent' && row.agent.id === agent
}

/** Rows that come and go above those that are seen do not move these, nor the one that is current. Another view begins at its top. */
function useStillness(
  scroller: { current: HTMLElement | null },
  rows: readonly TableRow[],
  rowHeight: number,
  current: string | undefined,
): void {
  const view = viewKey()
  const before = useRef({ rows, view })
  useLayoutEffect(() => {
    const element = scroller.current
    const { rows: old, view: oldView } = before.current
    before.current = { rows, view }
    if (!element || old === rows) return
    if (view !== oldView) {
      element.scrollTop = 0
      return
    }
    const first = Math.floor(element.scrollTop / rowHeight)
    const last = first + Math.ceil(element.clientHeight / rowHeight)
    const at = old.findIndex(row => isOf(row, current))
    const isSeen = at >= first && at < last
    // At its top the list shows what comes there.
    if (!isSeen && element.scrollTop === 0) return
    const still = isSeen ? at : first
    const key = old[still]?.key
    if (key === undefined || rows[still]?.key === key) return
    const now = rows.findIndex(each => each.key === key)
    if (now >= 0) element.scrollTop += (now - still) * rowHeight
  }, [rows])
}

/** What makes it another list. */
function viewKey(): string {
  const { closed: _, columns: __, ...list } = listView.value
  return formatRoute({ page: 'agents', list: { ...list, closed: [], columns: undefined } })
}
