import { useSignal } from '@preact/signals'
import { AgentLink } from '../../elements/agent-link.tsx'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { RelativeTime } from '../../elements/relative-time.tsx'
import { SecondThought } from '../../elements/second-thought.tsx'
import { Thumbprint } from '../../elements/thumbprint.tsx'
import { useAction } from '../../elements/use-action.ts'
import { session, trust } from '../../page.ts'
import { counted } from '../../values/format.ts'
import { tidyThumbprint } from '../../values/thumbprints.ts'

const shownAtOnce = 50

/** Every certificate that the gateway knows: those of the agents, and those that were revoked. */
export function Certificates() {
  const all = trust.certificates.value?.certificates
  const search = useSignal('')
  const most = useSignal(shownAtOnce)
  const action = useAction()
  if (!all) return null
  const wanted = search.value.trim().toLowerCase()
  const thumbprint = tidyThumbprint(search.value)
  const found = all.filter(
    each =>
      wanted === '' ||
      each.agents.some(id => id.toLowerCase().includes(wanted)) ||
      (thumbprint !== '' && each.thumbprint.includes(thumbprint)),
  )
  // Those that were revoked are few, and what one looks for.
  const ordered = found.toSorted((one, other) => Number(one.revoked === undefined) - Number(other.revoked === undefined))
  const restore = (each: string): void => void action.run(() => trust.decide('trust.restore', { thumbprint: each }))
  const revoke = (each: string): void => void action.run(() => trust.decide('trust.revoke', { thumbprint: each }))
  return (
    <section aria-label="Known certificates" class="section">
      <div class="row wrap">
        <h2>Known certificates</h2>
        <span class="quiet">{counted(all.length, 'certificate')}</span>
        <span class="spacer" />
        {all.length > 5 && (
          <input
            type="search"
            class="short"
            aria-label="Search certificates"
            placeholder="agent or thumbprint"
            value={search.value}
            onInput={event => {
              search.value = event.currentTarget.value
            }}
          />
        )}
      </div>
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
      {all.length === 0 && <p class="hint">None: no agent is registered yet.</p>}
      <ul class="records">
        {ordered.slice(0, most.value).map(each => (
          <li key={each.thumbprint} class="panel" data-certificate={each.thumbprint}>
            <Thumbprint value={each.thumbprint} />
            <span>
              {each.agents.length === 0
                ? 'of no agent any more'
                : each.agents.slice(0, 5).map((id, i) => (
                    <span key={id}>
                      {i > 0 && ', '}
                      <AgentLink id={id}>{id}</AgentLink>
                    </span>
                  ))}
              {each.agents.length > 5 && ` and ${each.agents.length - 5} more`}
            </span>
            <span class="quiet">
              {each.firstSeen === undefined ? (
                'never seen'
              ) : (
                <>
                  first seen <RelativeTime at={each.firstSeen} after=" ago" />
                </>
              )}
              {each.revoked !== undefined && (
                <>
                  {' · '}
                  <b class="bad">
                    revoked <RelativeTime at={each.revoked} after=" ago" />
                  </b>
                </>
              )}
            </span>
            {session.may('trust.write') &&
              (each.revoked !== undefined ? (
                <button type="button" class="small" disabled={action.isBusy.value} onClick={() => restore(each.thumbprint)}>
                  Restore
                </button>
              ) : (
                <SecondThought
                  ask="Revoke…"
                  act="Revoke, and cut its connections"
                  busy={action.isBusy.value}
                  onAct={() => revoke(each.thumbprint)}
                />
              ))}
          </li>
        ))}
      </ul>
      {ordered.length > most.value && (
        <button
          type="button"
          onClick={() => {
            most.value += shownAtOnce
          }}
        >
          Show more of {ordered.length}
        </button>
      )}
    </section>
  )
}
