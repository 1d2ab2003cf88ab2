import type { AttentionItem } from '@halibut-gateway/schemas'
import { useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { CopyButton } from '../../elements/copy-button.tsx'
import { Link } from '../../elements/link.tsx'
import { RelativeTime } from '../../elements/relative-time.tsx'
import { attention } from '../../page.ts'
import { attentionPlace } from '../../values/attention-place.ts'
import { groupedAttention } from '../../values/grouped-attention.ts'

const shownAtOnce = 20

/** What needs a person, each with the one thing to do next; much of one kind is told together. */
export function Attention() {
  const items = attention.value
  const groups = useMemo(() => groupedAttention(items ?? []), [items])
  return (
    <section aria-label="Needs a person" class="panel attention">
      <h2>Needs a person {items && items.length > 0 && <span class="mark wait">{items.length.toLocaleString('en')}</span>}</h2>
      {items === undefined && <p class="hint">Asking the gateway.</p>}
      {items?.length === 0 && <p class="hint">Nothing does.</p>}
      <ul>
        {groups.map(group => {
          const [first] = group
          if (!first) return null
          return group.length === 1 ? <Item key={first.id} item={first} /> : <Several key={first.code} items={group} />
        })}
      </ul>
    </section>
  )
}

/** Many of one kind: what it is, how many, and each where somebody wants to see it. */
function Several({ items }: { items: readonly AttentionItem[] }) {
  const most = useSignal(shownAtOnce)
  const [first] = items
  if (!first) return null
  return (
    <li class={first.severity} data-attention={first.code}>
      <details>
        <summary>
          <b>{first.title}</b> <span class="mark wait">{items.length.toLocaleString('en')}</span>
        </summary>
        <p class="quiet">{first.action.text}</p>
        <ul>
          {items.slice(0, most.value).map(item => (
            <Item key={item.id} item={item} />
          ))}
        </ul>
        {items.length > most.value && (
          <button
            type="button"
            class="small"
            onClick={() => {
              most.value += shownAtOnce
            }}
          >
            Show more of {items.length.toLocaleString('en')}
          </button>
        )}
      </details>
    </li>
  )
}

function Item({ item }: { item: AttentionItem }) {
  return (
    <li class={item.severity} data-attention={item.code}>
      <p>
        <b>{item.title}</b>{' '}
        <span class="quiet">
          since <RelativeTime at={item.since} after=" ago" />
        </span>
      </p>
      <p>{item.text}</p>
      <p class="quiet">
        {item.action.text} <Place item={item} />
      </p>
      {item.action.command !== undefined && (
        <p>
          <code>{item.action.command}</code>
          <CopyButton text={item.action.command} what="the command" />
        </p>
      )}
    </li>
  )
}

/** Where on the page it can be done. */
function Place({ item }: { item: AttentionItem }) {
  const place = attentionPlace(item)
  return place ? <Link to={place.to}>{place.words}</Link> : null
}
