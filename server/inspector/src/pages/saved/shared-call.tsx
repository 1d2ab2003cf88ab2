import { assertionText, type Collection, type SavedCall } from '@halibut-gateway/schemas/collection'
import { useSignal } from '@preact/signals'
import { JsonView } from '../../groups/json-view.tsx'
import { router } from '../../page.ts'
import { savedCalls } from '../../saved.ts'
import { readLink } from '../../values/saved-call-link.ts'
import { openInForm } from './open-in-form.ts'

/** A call that somebody has sent as a link: it is shown, and nothing is done with it until a person decides. */
export function SharedCall({ link }: { link: string }) {
  const read = readLink(link)
  const leave = (): void => router.replace({ page: 'saved', collection: undefined, call: undefined, link: undefined })
  if ('problem' in read) {
    return (
      <div class="problem-box" role="alert">
        <p class="message">This link holds no saved call that can be shown.</p>
        <p>{read.problem}</p>
        <button type="button" class="small" onClick={leave}>
          See your own saved calls
        </button>
      </div>
    )
  }
  const [call] = read.collection.calls
  return call ? <Shown collection={read.collection} call={call} onLeave={leave} /> : null
}

function Shown({ collection, call, onLeave }: { collection: Collection; call: SavedCall; onLeave: () => void }) {
  const problem = useSignal<string | undefined>(undefined)
  const variables = Object.entries(collection.variables ?? {})
  const keep = (): void => {
    const kept = savedCalls.add(collection)
    if ('problem' in kept) problem.value = kept.problem
    else router.replace({ page: 'saved', collection: kept.id, call: call.name, link: undefined })
  }
  return (
    <section class="panel shared-call" aria-label="A call from a link">
      <h2>Somebody has sent you a call</h2>
      <p class="hint">Nothing was called. Look at what it does before you do something with it.</p>
      <dl class="grid-list">
        <dt>name</dt>
        <dd>{call.name}</dd>
        <dt>{call.tag === undefined ? 'agent' : 'every agent with the tag'}</dt>
        <dd>
          <code>{call.agent ?? call.tag}</code>
        </dd>
        <dt>calls</dt>
        <dd>
          <code>
            {call.service} · {call.method}
          </code>
        </dd>
        {variables.map(([name, { value, secret }]) => (
          <>
            <dt key={name}>{name}</dt>
            <dd>
              {secret ? (
                'a secret, which is not in the link'
              ) : value === undefined ? (
                'each run says it'
              ) : (
                <code>{JSON.stringify(value)}</code>
              )}
            </dd>
          </>
        ))}
        {(call.assertions ?? []).length > 0 && (
          <>
            <dt>expected</dt>
            <dd>
              <ul>
                {(call.assertions ?? []).map(each => (
                  <li key={assertionText(each)}>
                    <code>{assertionText(each)}</code>
                  </li>
                ))}
              </ul>
            </dd>
          </>
        )}
      </dl>
      <JsonView value={call.args} label="Arguments of the call" />
      <div class="row wrap">
        <button type="button" class="primary" onClick={keep}>
          Keep it
        </button>
        <button type="button" onClick={() => openInForm('', collection, call)}>
          Put into the form
        </button>
        <button type="button" onClick={onLeave}>
          Leave it
        </button>
      </div>
      {problem.value && <p class="problem">{problem.value}</p>}
    </section>
  )
}
