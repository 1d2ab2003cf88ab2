import type { AgentSnapshot } from '@halibut-gateway/schemas'
import { useSignal } from '@preact/signals'
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import { formatRoute, type Route, type SortKey } from '../../address/route.ts'
import { RelativeTime } from '../../elements/relative-time.tsx'
import { StateBadge } from '../../elements/state-badge.tsx'
import { stepOf } from '../../elements/steps.ts'
import { ShortThumbprint } from '../../elements/thumbprint.tsx'
import { useVirtualRows } from '../../elements/use-virtual-rows.ts'
import { listView, router, table } from '../../page.ts'
import { narrow } from './filters.tsx'

const tableRowHeight = 44
const compactRowHeight = 64

/** The agents that the view shows, as a table, or where there is little room with two lines for each. */
export function AgentList({ compact, selected }: { compact: boolean; selected?: string | undefined }) {
  const scroller = useRef<HTMLDivElement>(null)
  const rows = table.rows.value
  const rowHeight = compact ? compactRowHeight : tableRowHeight
  /** The row that the keyboard is at. */
  const active = useSignal<string | undefined>(selected)
  const isMoving = useRef(false)
  const at = useMemo(() => rows.findIndex(({ id }) => id === active.value), [rows, active.value])
  const { items, totalHeight, scrollTo } = useVirtualRows(scroller, rows.length, rowHeight, at)
  useStillness(scroller, rows, rowHeight, selected)
  /** The selection that has been brought into view: it may come later than the page. */
  const shownFor = useRef<string | undefined>(undefined)
  useLayoutEffect(() => {
    const wanted = `${selected} ${compact}`
    if (selected === undefined || shownFor.current === wanted) return
    const index = rows.findIndex(({ id }) => id === selected)
    if (index < 0) return
    shownFor.current = wanted
    active.value = selected
    scrollTo(index)
  }, [selected, compact, rows])
  useLayoutEffect(() => {
    if (!isMoving.current) return
    isMoving.current = false
    scroller.current?.querySelector<HTMLElement>('[data-agent][tabindex="0"]')?.focus({ preventScroll: true })
  }, [active.value])

  const onKeyDown = (event: KeyboardEvent): void => {
    const pageRows = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 1)
    const next = stepOf(event.key, at, rows.length, pageRows)
    if (next === undefined) return
    event.preventDefault()
    isMoving.current = true
    active.value = rows[next]?.id
    scrollTo(next)
  }
  // Where the keyboard enters: the row that it was at, else the first that is seen.
  const entry = at >= 0 ? at : items[0]?.index

  return (
    <div
      ref={scroller}
      class={compact ? 'grid compact' : 'grid'}
      data-scroll="agents"
      onFocusIn={() => {
        table.held.value = true
      }}
      onFocusOut={() => {
        table.held.value = false
      }}
      onPointerEnter={() => {
        table.held.value = true
      }}
      onPointerLeave={event => {
        if (!event.currentTarget.contains(document.activeElement)) table.held.value = false
      }}
    >
      <Headings />
      <ul class="rows" aria-label="Agents" style={{ height: `${totalHeight}px` }} onKeyDown={onKeyDown}>
        {items.map(({ index, start }) => {
          const agent = rows[index]
          return (
            agent && (
              <li key={agent.id} style={{ transform: `translateY(${start}px)` }} aria-setsize={rows.length} aria-posinset={index + 1}>
                <AgentRow
                  agent={agent}
                  isSelected={agent.id === selected}
                  isEntry={index === entry}
                  onFocus={() => {
                    active.value = agent.id
                  }}
                />
              </li>
            )
          )
        })}
      </ul>
    </div>
  )
}

function AgentRow(props: { agent: AgentSnapshot; isSelected: boolean; isEntry: boolean; onFocus: () => void }) {
  const { agent } = props
  const place = placeOf(agent)
  return (
    <a
      href={formatRoute(place)}
      class="agent-row"
      tabIndex={props.isEntry ? 0 : -1}
      aria-current={props.isSelected ? 'true' : undefined}
      data-agent={agent.id}
      data-state={agent.state}
      onFocus={props.onFocus}
      onClick={event => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return
        event.preventDefault()
        router.go(place)
      }}
    >
      <span class="state">
        <StateBadge state={agent.state} />
      </span>
      <span class="name">{agent.name}</span>
      <span class="why" title={agent.reason}>
        {agent.reason} · <RelativeTime at={agent.since} />
      </span>
      <span class="address mono" title={agent.uri}>
        {agent.uri}
      </span>
      <span class="pin">
        <ShortThumbprint value={agent.thumbprint} />
      </span>
      <span class="by">{reachedBy(agent)}</span>
      <span class="tags">
        {agent.tags.map(tag => (
          <span class="tag" key={tag}>
            {tag}
          </span>
        ))}
      </span>
    </a>
  )
}

/** What stands above the columns, by which they are put in order. */
function Headings() {
  return (
    <fieldset class="head" aria-label="Order">
      <Heading sort="state">State</Heading>
      <Heading sort="name">Name</Heading>
      <Heading sort="since">Why, since</Heading>
      <Heading sort="address">Address</Heading>
      <span class="pin">Pin</span>
      <Heading sort="mode">Reached by</Heading>
      <span class="tags">Tags</span>
    </fieldset>
  )
}

/** How the gateway and the agent come together, in few words. */
function reachedBy({ mode, connections, roundTripMs }: AgentSnapshot): string {
  if (mode === 'polling') return connections === 1 ? 'polls, 1 link' : `polls, ${connections} links`
  return roundTripMs === undefined ? 'listens' : `listens, ${Math.round(roundTripMs)} ms`
}

function Heading({ sort, children }: { sort: SortKey; children: string }) {
  const view = listView.value
  const isSorted = view.sort === sort
  const turn = (): void => narrow({ sort, descending: isSorted && !view.descending })
  return (
    <button type="button" class="sort" aria-pressed={isSorted} onClick={turn}>
      {children}
      {isSorted && <span aria-hidden="true">{view.descending ? ' ↓' : ' ↑'}</span>}
      {isSorted && view.descending && <span class="off-screen">, backwards</span>}
    </button>
  )
}

function placeOf(agent: AgentSnapshot): Route {
  const route = router.route.peek()
  // The same method of another agent, where it has one.
  const same = route.page === 'agent' ? { service: route.service, method: route.method } : { service: undefined, method: undefined }
  return { page: 'agent', agent: agent.id, ...same, list: listView.peek() }
}

/** Rows that come and go above those that are seen do not move these, nor the one that is selected. Another view begins at its top. */
function useStillness(
  scroller: { current: HTMLElement | null },
  rows: readonly AgentSnapshot[],
  rowHeight: number,
  selected: string | undefined,
): void {
  const before = useRef({ rows, view: listView.peek() })
  useLayoutEffect(() => {
    const element = scroller.current
    const { rows: old, view } = before.current
    before.current = { rows, view: listView.peek() }
    if (!element || old === rows) return
    if (view !== listView.peek()) {
      element.scrollTop = 0
      return
    }
    const first = Math.floor(element.scrollTop / rowHeight)
    const last = first + Math.ceil(element.clientHeight / rowHeight)
    const at = old.findIndex(({ id }) => id === selected)
    const isSeen = at >= first && at < last
    // At its top the list shows what comes there.
    if (!isSeen && element.scrollTop === 0) return
    const still = isSeen ? at : first
    const id = old[still]?.id
    if (id === undefined || rows[still]?.id === id) return
    const now = rows.findIndex(each => each.id === id)
    if (now >= 0) element.scrollTop += (now - still) * rowHeight
  }, [rows])
}
