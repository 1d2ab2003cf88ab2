import { useComputed, useSignal } from '@preact/signals'
import { useEffect, useId, useMemo, useRef } from 'preact/hooks'
import { CopyButton } from '../elements/copy-button.tsx'
import { useVirtualRows } from '../elements/use-virtual-rows.ts'
import { counted } from '../values/format.ts'
import { findInTree, firstOpen, jsonPathOf, type TreeRow, treeRows, waysTo } from '../values/result-tree.ts'
import { moveInTree } from '../values/tree-keys.ts'
import type { JsonType } from '../values/typed-json.ts'
import { copyable } from './json-view.tsx'

const rowHeight = 26
const mostShown = 16

/** A value as a tree that opens and closes: its rows are made as they are seen. */
export function ResultTree({ value, label, type }: { value: unknown; label: string; type?: JsonType | undefined }) {
  const id = useId()
  const scroller = useRef<HTMLDivElement>(null)
  const open = useSignal<ReadonlySet<string>>(firstOpen(value))
  const active = useSignal('')
  const search = useSignal('')
  const found = useComputed(() => findInTree(value, search.value))
  const rows = useMemo(() => treeRows({ value, type }, open.value), [value, type?.node, open.value])
  const at = Math.max(
    0,
    rows.findIndex(row => row.id === active.value),
  )
  const row = rows[at]
  const { items, totalHeight, scrollTo } = useVirtualRows(scroller, rows.length, rowHeight, at)
  useEffect(() => scrollTo(at), [active.value])

  const show = (pointer: string): void => {
    open.value = new Set([...open.value, ...waysTo(value, pointer)])
    active.value = pointer
  }
  const step = (by: 1 | -1): void => {
    const { pointers } = found.value
    if (pointers.length === 0) return
    const now = pointers.indexOf(active.value)
    const next = pointers[(now + by + pointers.length) % pointers.length] ?? pointers[0]
    if (next !== undefined) show(next)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const move = moveInTree(rows, at, event.key, mostShown)
    if (!move) return
    event.preventDefault()
    if ('to' in move) active.value = rows[move.to]?.id ?? ''
    else {
      const next = new Set(open.value)
      for (const each of 'open' in move ? move.open : []) next.add(each)
      for (const each of 'close' in move ? move.close : []) next.delete(each)
      open.value = next
    }
  }
  const { pointers, isWhole } = found.value
  return (
    <div class="tree-view">
      <div class="row wrap">
        <input
          type="search"
          aria-label="Search in the answer"
          placeholder="Search names and values"
          value={search.value}
          onInput={event => {
            search.value = event.currentTarget.value
            const [first] = found.value.pointers
            if (first !== undefined) show(first)
          }}
          onKeyDown={event => {
            if (event.key !== 'Enter') return
            event.preventDefault()
            step(event.shiftKey ? -1 : 1)
          }}
        />
        {search.value !== '' && (
          <span class="quiet" role="status">
            {pointers.length === 0
              ? 'nothing found'
              : `${Math.max(0, pointers.indexOf(active.value)) + 1} of ${counted(pointers.length, 'place')}`}
            {!isWhole && ', and more'}
          </span>
        )}
        {pointers.length > 1 && (
          <>
            <button type="button" class="small" onClick={() => step(-1)}>
              Previous
            </button>
            <button type="button" class="small" onClick={() => step(1)}>
              Next
            </button>
          </>
        )}
      </div>
      <div
        class="tree"
        role="tree"
        aria-label={label}
        tabIndex={0}
        ref={scroller}
        aria-activedescendant={row ? `${id}-${at}` : undefined}
        style={{ height: `${Math.min(mostShown, rows.length) * rowHeight + 2}px` }}
        onKeyDown={onKeyDown}
      >
        <div class="tree-rows" role="presentation" style={{ height: `${totalHeight}px` }}>
          {items.map(({ index, start }) => {
            const each = rows[index]
            return (
              each && (
                <Row
                  key={each.id}
                  id={`${id}-${index}`}
                  row={each}
                  start={start}
                  isActive={index === at}
                  isFound={search.value !== '' && each.kind !== 'group' && pointers.includes(each.pointer)}
                  onPick={isToggle => {
                    active.value = each.id
                    if (!isToggle || !each.canOpen) return
                    const next = new Set(open.value)
                    if (!next.delete(each.id)) next.add(each.id)
                    open.value = next
                  }}
                />
              )
            )
          })}
        </div>
      </div>
      {row && (
        <div class="row wrap picked">
          <code class="quiet">{jsonPathOf(value, row.pointer)}</code>
          <span class="spacer" />
          <CopyButton text={() => jsonPathOf(value, row.pointer)} what="the path" label="Path" />
          <CopyButton text={() => copyable(row.value, row.kind === 'number')} what="the value" label="Value" />
        </div>
      )}
    </div>
  )
}

function Row(props: { id: string; row: TreeRow; start: number; isActive: boolean; isFound: boolean; onPick: (isToggle: boolean) => void }) {
  const { row } = props
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree has the keyboard
    // biome-ignore lint/a11y/useFocusableInteractive: the tree has the focus, and names this one as the active one
    <div
      id={props.id}
      class={`tree-row ${row.kind}`}
      role="treeitem"
      aria-level={row.depth + 1}
      aria-setsize={row.siblings}
      aria-posinset={row.place}
      aria-expanded={row.canOpen ? row.isOpen : undefined}
      aria-selected={props.isActive}
      data-found={props.isFound || undefined}
      style={{ transform: `translateY(${props.start}px)`, paddingLeft: `${row.depth * 1.1 + 0.4}rem` }}
      onClick={event => props.onPick(event.detail < 2)}
    >
      <span class="twist" aria-hidden="true">
        {row.canOpen ? (row.isOpen ? '▾' : '▸') : ''}
      </span>
      {row.name !== '' && <span class="key">{row.name}</span>}
      <span class="what">{row.text}</span>
    </div>
  )
}
