import type { AttentionItem } from '@halibut-gateway/schemas'
import { useSignal } from '@preact/signals'
import { CopyButton } from '../../elements/copy-button.tsx'
import { Link } from '../../elements/link.tsx'
import { RelativeTime } from '../../elements/relative-time.tsx'
import { attention } from '../../page.ts'
import { attentionPlace } from '../../values/attention-place.ts'

const shownAtOnce = 20

/** What needs a person, each with the one thing to do next. */
export function Attention() {
  const items = attention.value
  const most = useSignal(shownAtOnce)
  return (
    <section aria-label="Needs a person" class="panel attention">
      <h2>Needs a person {items && items.length > 0 && <span class="mark wait">{items.length.toLocaleString('en')}</span>}</h2>
      {items === undefined && <p class="hint">Asking the gateway.</p>}
      {items?.length === 0 && <p class="hint">Nothing does.</p>}
      <ul>
        {items?.slice(0, most.value).map(item => (
          <li key={item.id} class={item.severity} data-attention={item.code}>
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
        ))}
      </ul>
      {items && items.length > most.value && (
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
    </section>
  )
}

/** Where on the page it can be done. */
function Place({ item }: { item: AttentionItem }) {
  const place = attentionPlace(item)
  return place ? <Link to={place.to}>{place.words}</Link> : null
}
