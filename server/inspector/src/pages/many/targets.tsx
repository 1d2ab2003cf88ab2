import { useRef } from 'preact/hooks'
import type { Route } from '../../address/route.ts'
import { StateBadge } from '../../elements/state-badge.tsx'
import { useVirtualRows } from '../../elements/use-virtual-rows.ts'
import { manyForm, table } from '../../page.ts'
import { counted } from '../../values/format.ts'
import { narrowMany } from './narrow-many.ts'

const rowHeight = 36

/** Which agents are called: those with a tag, those that a search finds, or those that were picked. */
export function Targets({ place }: { place: Extract<Route, { page: 'many' }> }) {
  const fitting = manyForm.fitting.value
  const targets = manyForm.targets.value
  const scroller = useRef<HTMLDivElement>(null)
  const { items, totalHeight } = useVirtualRows(scroller, fitting.length, rowHeight, -1)
  const picked = new Set(place.picked)
  return (
    <section class="panel targets" aria-label="Which agents">
      <h2>
        Which agents <span class="quiet">{counted(targets.length, 'agent')}</span>
      </h2>
      {table.tags.value.length > 0 && (
        <fieldset class="choices" aria-label="With one of these tags">
          {table.tags.value.map(tag => {
            const isOn = place.tags.includes(tag)
            const tags = isOn ? place.tags.filter(each => each !== tag) : [...place.tags, tag]
            return (
              <button type="button" class="small" key={tag} aria-pressed={isOn} onClick={() => narrowMany({ tags, picked: [] })}>
                {tag}
              </button>
            )
          })}
        </fieldset>
      )}
      <input
        type="search"
        id="search"
        aria-label="Search agents"
        placeholder="Search name, address, state"
        value={place.search}
        onInput={event => narrowMany({ search: event.currentTarget.value })}
      />
      <div class="pick-list" ref={scroller}>
        <ul style={{ height: `${totalHeight}px` }} aria-label="Agents to call">
          {items.map(({ index, start }) => {
            const agent = fitting[index]
            return (
              agent && (
                <li key={agent.id} style={{ transform: `translateY(${start}px)` }} aria-setsize={fitting.length} aria-posinset={index + 1}>
                  <label class="check">
                    <input
                      type="checkbox"
                      checked={picked.has(agent.id)}
                      onChange={event =>
                        narrowMany({
                          picked: event.currentTarget.checked
                            ? [...place.picked, agent.id]
                            : place.picked.filter(each => each !== agent.id),
                        })
                      }
                    />{' '}
                    <span class="name">{agent.name}</span>
                  </label>
                  <StateBadge state={agent.state} />
                </li>
              )
            )
          })}
        </ul>
      </div>
      <p class="hint">
        {picked.size === 0
          ? 'None is picked: all that stand here are called.'
          : `${counted(picked.size, 'agent')} picked, and no other is called.`}{' '}
        {picked.size > 0 && (
          <button type="button" class="small" onClick={() => narrowMany({ picked: [] })}>
            Pick none
          </button>
        )}
      </p>
    </section>
  )
}
