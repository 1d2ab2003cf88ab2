import './virtual-list.css'
import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { stepOf } from './steps.ts'
import { useVirtualRows } from './use-virtual-rows.ts'

interface VirtualListProps<T> {
  readonly label: string
  readonly rows: readonly T[]
  readonly rowHeight: number
  readonly class?: string
  /** What stands above the columns. */
  readonly head?: ComponentChildren
  keyOf(row: T): string | number
  /** `tabIndex`: of what in it has the attribute `data-row`, which the arrow keys lead to. */
  row(row: T, tabIndex: 0 | -1): ComponentChildren
  /** Called when the last rows are seen. */
  onEnd?(): void
}

/** Rows of one height, of which only those are drawn that can be seen. Rows that come above those that are seen do not move these. */
export function VirtualList<T>(props: VirtualListProps<T>) {
  const { rows, rowHeight, keyOf } = props
  const scroller = useRef<HTMLDivElement>(null)
  const active = useSignal<string | number | undefined>(undefined)
  const isMoving = useRef(false)
  const at = active.value === undefined ? -1 : rows.findIndex(row => keyOf(row) === active.value)
  const { items, totalHeight, scrollTo } = useVirtualRows(scroller, rows.length, rowHeight, at)
  const entry = at >= 0 ? at : (items[0]?.index ?? 0)
  const last = items.at(-1)?.index ?? -1
  useStillRows(scroller, rows, rowHeight, keyOf)
  useLayoutEffect(() => {
    if (last >= 0 && last === rows.length - 1) props.onEnd?.()
  }, [last, rows.length, props.onEnd])
  useLayoutEffect(() => {
    if (!isMoving.current) return
    isMoving.current = false
    scroller.current?.querySelector<HTMLElement>('[data-row][tabindex="0"]')?.focus({ preventScroll: true })
  }, [active.value])
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!(event.target instanceof Element) || !event.target.matches('[data-row]')) return
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 1)
    const next = stepOf(event.key, entry, rows.length, page)
    const row = next === undefined ? undefined : rows[next]
    if (next === undefined || row === undefined) return
    event.preventDefault()
    isMoving.current = true
    active.value = keyOf(row)
    scrollTo(next)
  }
  return (
    <div ref={scroller} class={`virtual ${props.class ?? ''}`}>
      {props.head}
      <ul class="virtual-rows" aria-label={props.label} style={{ height: `${totalHeight}px` }} onKeyDown={onKeyDown}>
        {items.map(({ index, start }) => {
          const row = rows[index]
          if (row === undefined) return null
          const key = keyOf(row)
          return (
            <li
              key={key}
              style={{ transform: `translateY(${start}px)`, height: `${rowHeight}px` }}
              aria-setsize={rows.length}
              aria-posinset={index + 1}
              onFocusIn={() => {
                active.value = key
              }}
            >
              {props.row(row, index === entry ? 0 : -1)}
            </li>
          )
        })}
      </ul>
    </div>
  )
}

/** What is added above what somebody looks at leaves it where it is; at its top the list shows what comes. */
function useStillRows<T>(
  scroller: { current: HTMLElement | null },
  rows: readonly T[],
  rowHeight: number,
  keyOf: (row: T) => string | number,
): void {
  const before = useRef(rows)
  useLayoutEffect(() => {
    const [element, old] = [scroller.current, before.current]
    before.current = rows
    if (!element || old === rows || element.scrollTop === 0) return
    const first = Math.floor(element.scrollTop / rowHeight)
    const seen = old[first]
    if (seen === undefined) return
    const now = rows.findIndex(row => keyOf(row) === keyOf(seen))
    if (now >= 0 && now !== first) element.scrollTop += (now - first) * rowHeight
  }, [rows])
}
