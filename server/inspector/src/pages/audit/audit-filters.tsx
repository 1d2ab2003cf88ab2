import { useSignal } from '@preact/signals'
import { useLayoutEffect } from 'preact/hooks'
import { type AuditView, auditFilters, formatRoute, wholeAudit } from '../../address/route.ts'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { TextField } from '../../elements/text-field.tsx'
import { agents, router } from '../../page.ts'
import { exportedEntries } from '../../state/audit-export.ts'
import { counted } from '../../values/format.ts'
import { exported, list } from './audit-stores.ts'
import { methodNames } from './method-names.ts'

const spans = [
  ['', 'any time'],
  ['1h', 'the last hour'],
  ['1d', 'the last day'],
  ['7d', 'the last 7 days'],
] as const
const mostSuggested = 100

/** What is looked for. It stands in the address once it is asked for, so that it can be linked to. */
export function AuditFilters({ query }: { query: AuditView }) {
  const fields = {
    text: useSignal(query.text),
    who: useSignal(query.who),
    agent: useSignal(query.agent),
    action: useSignal(query.action),
    outcome: useSignal(query.outcome),
    from: useSignal(query.from),
    to: useSignal(query.to),
  }
  // Back leads to what was looked for before.
  useLayoutEffect(() => {
    for (const name of auditFilters) fields[name].value = query[name]
  }, [formatRoute({ page: 'audit', query, entry: undefined })])
  const isWhole = auditFilters.every(name => query[name] === '')
  const go = (change: Partial<AuditView>): void => router.go({ page: 'audit', query: { ...query, ...change }, entry: undefined })
  const typed = (): AuditView => Object.fromEntries(auditFilters.map(name => [name, fields[name].value.trim()])) as unknown as AuditView
  const span = spans.find(([from]) => from === query.from && query.to === '')
  return (
    <form
      class="audit-filters"
      aria-label="Look for"
      onSubmit={event => {
        event.preventDefault()
        const next = typed()
        if (auditFilters.every(name => next[name] === query[name])) list.look(query)
        else go(next)
      }}
    >
      <div class="row audit-search">
        <input
          type="search"
          id="search"
          aria-label="Text in an entry"
          placeholder="Text in an entry: a name, a thumbprint, a trace id"
          value={fields.text.value}
          onInput={event => {
            fields.text.value = event.currentTarget.value
          }}
        />
        <button type="submit" class="primary">
          Search
        </button>
        {!isWhole && (
          <button type="button" onClick={() => go(wholeAudit)}>
            Show all
          </button>
        )}
      </div>
      <div class="audit-fields">
        <TextField label="Who" id="audit-who" text={fields.who} placeholder="a sign-in, or gateway" />
        <TextField label="Agent" id="audit-agent" text={fields.agent} placeholder="its id" list="audit-agents">
          <datalist id="audit-agents">
            {[...agents.all().keys()].slice(0, mostSuggested).map(id => (
              <option key={id} value={id} />
            ))}
          </datalist>
        </TextField>
        <TextField label="What" id="audit-action" text={fields.action} placeholder="agent.invoke" list="audit-actions">
          <datalist id="audit-actions">
            {methodNames.map(name => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </TextField>
        <TextField label="Outcome" id="audit-outcome" text={fields.outcome} placeholder="done, failed, forbidden" list="audit-outcomes">
          <datalist id="audit-outcomes">
            <option value="done" />
            <option value="failed">all but done</option>
            <option value="forbidden" />
            <option value="deadline_exceeded" />
            <option value="thumbprint_mismatch" />
          </datalist>
        </TextField>
        <TextField label="From" id="audit-from" text={fields.from} placeholder="2026-05-31 18:00, or 2h" />
        <TextField label="Before" id="audit-to" text={fields.to} placeholder="2026-06-01" />
      </div>
      <div class="row wrap">
        <fieldset class="choices" aria-label="When">
          {spans.map(([from, words]) => (
            <button
              type="button"
              key={words}
              class="small"
              aria-pressed={span?.[0] === from}
              onClick={() => go({ ...typed(), from, to: '' })}
            >
              {words}
            </button>
          ))}
        </fieldset>
        <span class="spacer" />
        <button type="button" class="small" aria-pressed={list.isFollowing.value} onClick={() => list.follow(!list.isFollowing.peek())}>
          {list.isFollowing.value ? 'Following: stop' : 'Follow live'}
        </button>
        <Export query={query} />
      </div>
      {list.followProblem.value !== undefined && <ProblemBox error={list.followProblem.value} />}
    </form>
  )
}

/** What is found as a file. */
function Export({ query }: { query: AuditView }) {
  const state = exported.state.value
  if (state.at === 'running') {
    return (
      <>
        <span role="status">{counted(state.entries, 'entry', 'entries')} so far</span>
        <button type="button" class="small" onClick={() => exported.stop()}>
          Stop
        </button>
      </>
    )
  }
  return (
    <>
      {state.at === 'done' && (
        <span role="status" class={state.isCut ? undefined : 'quiet'}>
          {state.isCut
            ? `The newest ${counted(state.entries, 'entry', 'entries')} are in the file; narrow it down for older ones.`
            : `${counted(state.entries, 'entry', 'entries')} in the file.`}
        </span>
      )}
      {state.at === 'failed' && <ProblemBox error={state.why} />}
      <button
        type="button"
        class="small"
        title={`At most the newest ${exportedEntries.toLocaleString('en')}, as JSON lines`}
        onClick={() => void exported.begin(query)}
      >
        Export as JSON lines
      </button>
    </>
  )
}
