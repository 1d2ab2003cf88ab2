import { useSignal } from '@preact/signals'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { RelativeTime } from '../../elements/relative-time.tsx'
import { Thumbprint } from '../../elements/thumbprint.tsx'
import { useAction } from '../../elements/use-action.ts'
import { session, trust } from '../../page.ts'
import { counted } from '../../values/format.ts'

const shownAtOnce = 50

/** Certificates that are turned away without being shown as pending. */
export function Denied() {
  const denied = trust.denied.value
  const most = useSignal(shownAtOnce)
  const action = useAction()
  if (denied.length === 0) return null
  return (
    <section aria-label="Denied" class="section">
      <h2>
        Denied <span class="quiet">{denied.length.toLocaleString('en')}</span>
      </h2>
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
      <ul class="records">
        {denied.slice(0, most.value).map(each => (
          <li key={each.thumbprint} class="panel" data-denied={each.thumbprint}>
            <Thumbprint value={each.thumbprint} />
            <span>
              by {each.by} <RelativeTime at={each.denied} after=" ago" />
              {each.reason !== undefined && `: ${each.reason}`}
            </span>
            <span class="quiet">
              {each.count === 0 ? 'has not knocked since the start' : `${counted(each.count, 'knock')} since the start`}
            </span>
            {session.may('trust.write') && (
              <button
                type="button"
                class="small"
                disabled={action.isBusy.value}
                onClick={() => void action.run(() => trust.decide('trust.restore', { thumbprint: each.thumbprint }))}
              >
                Take the denial back
              </button>
            )}
          </li>
        ))}
      </ul>
      {denied.length > most.value && (
        <button
          type="button"
          class="small"
          onClick={() => {
            most.value += shownAtOnce
          }}
        >
          Show more of {denied.length.toLocaleString('en')}
        </button>
      )}
    </section>
  )
}
