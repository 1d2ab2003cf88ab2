import { collectionLimits, problemText, readCollection } from '@halibut-gateway/schemas/collection'
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Route } from '../../address/route.ts'
import { Link } from '../../elements/link.tsx'
import { listView, router } from '../../page.ts'
import { savedCalls } from '../../saved.ts'
import { counted } from '../../values/format.ts'
import { saveAs } from '../../values/save-as.ts'
import { CollectionView } from './collection-view.tsx'
import { SharedCall } from './shared-call.tsx'

type Place = Extract<Route, { page: 'saved' }>

/** Calls that one keeps: collections on the one side, and the one that is looked at on the other. */
export function SavedPage({ place }: { place: Place }) {
  const all = savedCalls.list.value
  const chosen = all.find(({ id }) => id === place.collection) ?? (place.collection === undefined ? all[0] : undefined)
  const isOver = useSignal(false)
  const problem = useSignal<readonly string[]>([])
  const take = async (files: Iterable<File>): Promise<void> => {
    isOver.value = false
    problem.value = []
    for (const file of files) {
      const { id, problems } = await takeIn(file)
      problem.value = [...problem.value, ...problems]
      if (id !== undefined) router.go({ page: 'saved', collection: id, call: undefined, link: undefined })
    }
  }
  return (
    <main
      class={isOver.value ? 'saved-page over' : 'saved-page'}
      id="main"
      tabIndex={-1}
      onDragOver={event => {
        if (!event.dataTransfer?.types.includes('Files')) return
        event.preventDefault()
        isOver.value = true
      }}
      onDragLeave={event => {
        if (event.target === event.currentTarget) isOver.value = false
      }}
      onDrop={event => {
        event.preventDefault()
        void take(event.dataTransfer?.files ?? [])
      }}
    >
      <header class="row wrap page-head">
        <h1>Saved calls</h1>
        <span class="spacer" />
        <NewCollection />
        <label class="button file-button">
          Open a file
          <input
            type="file"
            class="off-screen"
            accept=".json,application/json"
            multiple
            onChange={event => {
              const { files } = event.currentTarget
              void take(files ? [...files] : [])
              event.currentTarget.value = ''
            }}
          />
        </label>
      </header>
      {problem.value.length > 0 && (
        <div class="problem-box" role="alert">
          <p class="message">Not taken in:</p>
          <ul class="bullets">
            {problem.value.map(each => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        </div>
      )}
      <Aside />
      <UndoBar />
      {place.link !== undefined && <SharedCall link={place.link} />}
      {all.length === 0 ? (
        place.link === undefined && <Nothing />
      ) : (
        <div class="saved-columns">
          <nav class="panel collections" aria-label="Collections">
            <ul>
              {all.map(({ id, collection }) => (
                <li key={id}>
                  <Link to={{ page: 'saved', collection: id, call: undefined, link: undefined }} current={id === chosen?.id}>
                    <span class="name">{collection.name}</span>
                    <span class="quiet">{counted(collection.calls.length, 'call')}</span>
                  </Link>
                </li>
              ))}
            </ul>
            <p class="hint">Kept in this browser. A file takes them to other people, and to the command line.</p>
          </nav>
          {chosen ? (
            <CollectionView key={chosen.id} id={chosen.id} collection={chosen.collection} call={place.call} />
          ) : (
            <p class="hint">This collection is not in this browser: it was deleted, or it is kept in another one.</p>
          )}
        </div>
      )}
    </main>
  )
}

/** Takes a file in; tells what is wrong with it. */
async function takeIn(file: File): Promise<{ id?: string; problems: readonly string[] }> {
  // No character has more than four bytes; what is longer is not read into the tab.
  if (file.size > collectionLimits.chars * 4) return { problems: [`${file.name}: it is too large for a file of saved calls`] }
  const read = readCollection(await file.text())
  if ('problems' in read) return { problems: read.problems.map(problem => `${file.name}: ${problemText(problem)}`) }
  const kept = savedCalls.add(read.collection)
  return 'id' in kept ? { id: kept.id, problems: [] } : { problems: [`${file.name}: ${kept.problem}`] }
}

function NewCollection() {
  const problem = useSignal<string | undefined>(undefined)
  const create = (): void => {
    const kept = savedCalls.create('New collection')
    problem.value = 'problem' in kept ? kept.problem : undefined
    if ('id' in kept) router.go({ page: 'saved', collection: kept.id, call: undefined, link: undefined })
  }
  return (
    <>
      {problem.value && <span class="problem">{problem.value}</span>}
      <button type="button" onClick={create}>
        New collection
      </button>
    </>
  )
}

function Nothing() {
  return (
    <section class="panel nothing" aria-label="No saved calls">
      <h2>No calls are saved in this browser</h2>
      <p>
        Make a call on an agent’s page, and press <b>Save</b> beside it, or in the history below it. Say what its answer has to be, and run
        it again whenever you want to know.
      </p>
      <Link to={{ page: 'agents', list: listView.value }} class="button">
        See the agents
      </Link>
      <p class="hint">
        Somebody has given you a file? Drop it here, or open it above. <code>halibut-gateway call --saved file.json</code> runs the same
        file.
      </p>
    </section>
  )
}

/** What could not be read stays in the browser until somebody has seen it. */
function Aside() {
  return (
    <>
      {savedCalls.setAside.value.map(({ key, text, reason }) => (
        <div class="problem-box" role="alert" key={key}>
          <p class="message">A collection that this browser keeps could not be read, and was set aside.</p>
          <p>{reason}</p>
          <div class="row wrap">
            <button
              type="button"
              class="small"
              onClick={() => saveAs(new Blob([text], { type: 'application/json' }), 'damaged-collection.json')}
            >
              Save what is there as a file
            </button>
            <button type="button" class="small" onClick={() => savedCalls.forget(key)}>
              Forget it
            </button>
          </div>
        </div>
      ))}
    </>
  )
}

function UndoBar() {
  const undo = savedCalls.undo.value
  useEffect(() => {
    if (undo) document.getElementById('undo')?.focus()
  }, [undo])
  if (!undo) return null
  return (
    <div class="undo-bar" role="status">
      <span>
        <b>{undo.what}</b> was deleted.
      </span>
      <button type="button" class="small" id="undo" onClick={() => savedCalls.putBack()}>
        Undo
      </button>
    </div>
  )
}
