import { type Collection, writeCollection } from '@halibut-gateway/schemas/collection'
import { useSignal } from '@preact/signals'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { NotForYou } from '../../groups/not-for-you.tsx'
import { router, session } from '../../page.ts'
import { savedCalls, savedRuns } from '../../saved.ts'
import { counted } from '../../values/format.ts'
import { saveAs } from '../../values/save-as.ts'
import { CallRow } from './call-row.tsx'
import { CommitField } from './commit-field.tsx'
import { Variables } from './variables.tsx'

/** One collection: its variables, its calls, and a run of all of them. */
export function CollectionView({ id, collection, call }: { id: string; collection: Collection; call: string | undefined }) {
  const { name, description, calls } = collection
  const change = (part: Partial<Collection>): string | undefined => savedCalls.change(id, before => ({ ...before, ...part }))
  return (
    <div class="collection" data-collection={name}>
      <section class="panel" aria-label="Collection">
        <div class="row wrap">
          <h2>{name}</h2>
          <span class="spacer" />
          <button
            type="button"
            class="small"
            onClick={() => saveAs(new Blob([writeCollection(collection)], { type: 'application/json' }), `${fileName(name)}.json`)}
          >
            Save as a file
          </button>
          <button
            type="button"
            class="small"
            onClick={() => {
              const kept = savedCalls.add(collection)
              if ('id' in kept) router.go({ page: 'saved', collection: kept.id, call: undefined, link: undefined })
            }}
          >
            Duplicate
          </button>
          <button
            type="button"
            class="small"
            onClick={() => {
              savedCalls.remove(id)
              router.go({ page: 'saved', collection: undefined, call: undefined, link: undefined })
            }}
          >
            Delete
          </button>
        </div>
        <RunBar id={id} collection={collection} />
        <details>
          <summary>Name and description</summary>
          <div class="pair">
            <CommitField label="Name" value={name} onCommit={text => change({ name: text.trim() })} />
            <CommitField label="Description" value={description ?? ''} onCommit={text => change({ description: text })} />
          </div>
        </details>
        {description && <p class="quiet">{description}</p>}
      </section>
      <Variables id={id} collection={collection} />
      <section class="panel" aria-label="Calls">
        <h2>Calls</h2>
        {calls.length === 0 && <p class="hint">None yet. Save one from the form of an agent, or from the history below it.</p>}
        <ol class="saved-list">
          {calls.map((each, index) => (
            <CallRow key={each.name} id={id} collection={collection} call={each} index={index} isOpen={each.name === call} />
          ))}
        </ol>
      </section>
    </div>
  )
}

/** Makes all calls, and tells how far that is. */
function RunBar({ id, collection }: { id: string; collection: Collection }) {
  const stopAtFailure = useSignal(false)
  const state = savedRuns.of.value === id ? savedRuns.state.value : ({ at: 'idle' } as const)
  const mayCall = session.may('agents.call')
  return (
    <div class="run-bar" data-run={state.at}>
      <div class="row wrap">
        <button
          type="button"
          class="primary"
          disabled={collection.calls.length === 0 || !mayCall || savedRuns.state.value.at === 'running'}
          onClick={() => void savedRuns.run(id, collection, { stopAtFailure: stopAtFailure.value })}
        >
          Run all
        </button>
        <label class="check">
          <input
            type="checkbox"
            checked={stopAtFailure.value}
            onChange={event => {
              stopAtFailure.value = event.currentTarget.checked
            }}
          />{' '}
          stop at the first failure
        </label>
        {state.at === 'running' && (
          <>
            <progress value={state.done} max={Math.max(1, state.of)} aria-label="Run" />
            <span class="quiet">
              {state.done + 1} of {state.of}: {state.now}
            </span>
            <button type="button" class="small" onClick={() => savedRuns.cancel()}>
              Cancel
            </button>
          </>
        )}
        {state.at === 'done' && <Summary id={id} collection={collection} left={state.left} isCancelled={state.isCancelled} />}
      </div>
      {!mayCall && <NotForYou right="agents.call" what="Calling agents" />}
      {state.at === 'done' && state.problem !== undefined && <ProblemBox error={state.problem} />}
    </div>
  )
}

function Summary({ id, collection, left, isCancelled }: { id: string; collection: Collection; left: number; isCancelled: boolean }) {
  const results = collection.calls.map(call => savedRuns.verdict(id, collection, call)).filter(each => each !== 'none')
  const failed = results.filter(each => each === 'failed').length
  const rest = left === 0 ? '' : `, ${counted(left, 'call')} not made${isCancelled ? ': cancelled' : ''}`
  return (
    <span class={failed > 0 ? 'chip bad' : left > 0 ? 'chip wait' : 'chip good'} role="status">
      {results.length - failed} passed, {failed} failed{rest}
    </span>
  )
}

/** A name as that of a file. */
function fileName(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}]+/gu, '-').replaceAll(/^-+|-+$/g, '') || 'collection'
}
