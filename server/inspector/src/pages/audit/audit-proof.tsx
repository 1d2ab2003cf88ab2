import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { wholeAudit } from '../../address/route.ts'
import { Command } from '../../elements/command.tsx'
import { Link } from '../../elements/link.tsx'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { RelativeTime } from '../../elements/relative-time.tsx'
import type { AuditVerification } from '../../state/audit-verification.ts'
import { breakAdvice } from '../../values/audit-words.ts'
import { head, verification } from './audit-stores.ts'

/** Whether the log holds: looked through now, against heads that were kept elsewhere, and its head as of now to be kept. */
export function AuditProof() {
  const kept = useSignal('')
  const state = verification.state.value
  useEffect(() => void head.refresh(), [])
  const told = head.value.value
  const heads = headsIn(kept.value)
  return (
    <section class="panel proof" aria-label="Does the log hold?">
      <div class="row wrap">
        <h2>Does the log hold?</h2>
        {told?.verified && state.at === 'idle' && (
          <span class={told.verified.ok ? 'quiet' : 'bad-words'}>
            {told.verified.ok ? 'The gateway looked through it ' : 'The gateway found that it does not '}
            <RelativeTime at={told.verified.time} after=" ago" />
            {told.verified.ok ? ': it holds.' : `: ${told.verified.message ?? ''}.`}
          </span>
        )}
        <span class="spacer" />
        {state.at === 'running' ? (
          <button type="button" onClick={() => verification.stop()}>
            Stop
          </button>
        ) : (
          <button type="button" class="primary" onClick={() => void verification.begin(heads)}>
            {heads.length === 0 ? 'Verify it now' : 'Verify it against what was kept'}
          </button>
        )}
      </div>
      <Result state={state} />
      <details>
        <summary>Its signed head: keep it elsewhere, and hold the log against it later</summary>
        <p class="hint">
          A chain by itself does not show that its end was cut off, or that all of it was written anew. A head that was signed and kept on
          another machine does.
        </p>
        {told?.head !== undefined && <Command lines={told.head.trimEnd().split('\n')} what="the signed head" />}
        {told && told.head === undefined && <p class="hint">There is no entry yet.</p>}
        {head.problem.value !== undefined && <ProblemBox error={head.problem.value} />}
        <div class="row wrap">
          <button type="button" class="small" onClick={() => void head.refresh()}>
            Ask for the newest
          </button>
        </div>
        <div class="field">
          <label for="kept-heads">Heads that you kept, one below the other</label>
          <textarea
            id="kept-heads"
            rows={6}
            spellcheck={false}
            value={kept.value}
            placeholder={'halibut-gateway 0011…\n1234\n9f86…\n\n— halibut-gateway 0011… MEUCIQ…'}
            onInput={event => {
              kept.value = event.currentTarget.value
            }}
          />
          <p class="hint">
            {kept.value.trim() === ''
              ? 'They are held against the log with the next look through it.'
              : `${heads.length} found in this text.`}
          </p>
        </div>
      </details>
    </section>
  )
}

function Result({ state }: { state: AuditVerification['state']['value'] }) {
  switch (state.at) {
    case 'idle':
      return null
    case 'running':
      return (
        <div class="row wrap" role="status">
          <progress aria-label="How far it has come" max={1} value={state.last === undefined ? undefined : state.sequence / state.last} />
          <span>
            {state.last === undefined
              ? 'Computing the hash of each entry'
              : `Entry ${state.sequence.toLocaleString('en')} of ${state.last.toLocaleString('en')}`}
          </span>
        </div>
      )
    case 'held':
      return (
        <p class="proof-result" role="status">
          <b>✓ It holds.</b>{' '}
          {state.last < state.first
            ? 'There is no entry yet.'
            : `The hash of each entry from ${state.first.toLocaleString('en')} to ${state.last.toLocaleString('en')} follows from the one before.`}{' '}
          {state.heads > 0 && `It is the log that ${state.heads === 1 ? 'the head was' : `the ${state.heads} heads were`} signed for.`}
        </p>
      )
    case 'broken': {
      const { meaning, todo } = breakAdvice(state.found)
      return (
        <div class="problem-box" role="alert">
          <p class="message">✗ The log does not hold: {state.found.message}.</p>
          <p>{meaning}</p>
          <ol class="todo">
            {todo.map(each => (
              <li key={each}>{each}</li>
            ))}
          </ol>
          {state.found.finding !== 'cut-off' && state.found.finding !== 'missing' && (
            <Link to={{ page: 'audit', query: wholeAudit, entry: state.found.sequence }} class="button small">
              Look at entry {state.found.sequence.toLocaleString('en')}
            </Link>
          )}
        </div>
      )
    }
    case 'failed':
      return <ProblemBox error={state.why} />
  }
}

/** Each of them: three lines, an empty one and a signature. */
function headsIn(text: string): readonly string[] {
  return text.match(/halibut-gateway [0-9A-F]{40}\r?\n\d+\r?\n[0-9a-f]{64}\r?\n\r?\n— halibut-gateway [0-9A-F]{40} [A-Za-z0-9+/=]+/g) ?? []
}
