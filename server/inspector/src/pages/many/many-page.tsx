import { useSignal } from '@preact/signals'
import type { Route } from '../../address/route.ts'
import { Notice } from '../../elements/notice.tsx'
import { NotForYou } from '../../groups/not-for-you.tsx'
import { agents, many, manyForm, session } from '../../page.ts'
import { counted } from '../../values/format.ts'
import { Groups } from './groups.tsx'
import { ManyCallForm } from './many-call-form.tsx'
import { ManyTable } from './many-table.tsx'
import { Targets } from './targets.tsx'

type Place = Extract<Route, { page: 'many' }>

/** One call to many agents at the same time, and what they answered: who says something else than the others is seen at once. */
export function ManyPage({ place }: { place: Place }) {
  /** The group that the table is narrowed to. */
  const only = useSignal<string | undefined>(undefined)
  if (agents.all().size === 0) {
    return (
      <Notice title="There are no agents to call">
        <p>Add one first; then one call can go to all of them.</p>
      </Notice>
    )
  }
  if (!session.may('agents.call')) {
    return (
      <Notice title="Calls are not for your role">
        <NotForYou right="agents.call" what="Calling agents" />
      </Notice>
    )
  }
  void many.version.value
  const made = many.made.value
  return (
    <main class="many-page" id="main" tabIndex={-1}>
      <header class="page-head">
        <h1>Call many agents</h1>
        <p class="lead">
          One call to every agent with a tag, or to those that you pick. Equal answers stand together; the others are shown against what
          most answered.
        </p>
      </header>
      <div class="many-columns">
        <div class="many-form">
          <Targets place={place} />
          <ManyCallForm />
        </div>
        <div class="many-results">
          {made ? (
            <>
              <Progress />
              <Groups
                only={only.value}
                onOnly={key => {
                  only.value = key === only.value ? undefined : key
                }}
              />
              <ManyTable only={only.value} />
            </>
          ) : (
            <section class="panel" aria-label="What they answered">
              <h2>What they answered</h2>
              <p class="hint">
                {manyForm.targets.value.length === 0
                  ? 'Choose a tag, or search for agents: nothing is called before you say so.'
                  : `${counted(manyForm.targets.value.length, 'agent')} will be called. Nothing is called before you say so.`}
              </p>
            </section>
          )}
        </div>
      </div>
    </main>
  )
}

/** How far it is. */
function Progress() {
  const { waits, running, answered, failed, not_called: left } = many.counts()
  const made = many.made.value
  const total = made?.agents.length ?? 0
  const isRunning = many.isRunning.value
  return (
    <section class="panel many-progress" aria-label="Progress" data-many={isRunning ? 'running' : 'done'}>
      <div class="row wrap">
        <h2>
          {made?.method} <span class="quiet">at {counted(total, 'agent')}</span>
        </h2>
        <span class="spacer" />
        {isRunning ? (
          <button type="button" class="small" onClick={() => many.cancel()}>
            Cancel
          </button>
        ) : (
          failed + left > 0 && (
            <button type="button" class="small" onClick={() => many.again()}>
              Call {counted(failed + left, 'agent')} again
            </button>
          )
        )}
      </div>
      <div class="bar" aria-hidden="true">
        {answered > 0 && <i class="connected" style={{ flexGrow: answered }} />}
        {failed > 0 && <i class="offline" style={{ flexGrow: failed }} />}
        {running > 0 && <i class="suspect" style={{ flexGrow: running }} />}
        {waits + left > 0 && <i class="disabled" style={{ flexGrow: waits + left }} />}
      </div>
      <p class="facts" role="status">
        <span>{answered.toLocaleString('en')} answered</span>
        <span>{failed.toLocaleString('en')} failed</span>
        {isRunning && <span>{running.toLocaleString('en')} running</span>}
        {waits > 0 && <span>{waits.toLocaleString('en')} waiting</span>}
        {left > 0 && <span>{left.toLocaleString('en')} not called</span>}
      </p>
    </section>
  )
}
