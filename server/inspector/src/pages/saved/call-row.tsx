import type { Collection, SavedCall } from '@halibut-gateway/schemas/collection'
import { formatRoute } from '../../address/route.ts'
import { CopyButton } from '../../elements/copy-button.tsx'
import { router, session } from '../../page.ts'
import { savedCalls, savedRuns } from '../../saved.ts'
import { freeName } from '../../values/saved-call.ts'
import { linkOf } from '../../values/saved-call-link.ts'
import { CallEditor } from './call-editor.tsx'
import { CameOfCall } from './came-of-call.tsx'
import { openInForm } from './open-in-form.ts'
import { VerdictMark } from './verdict-mark.tsx'

interface CallRowProps {
  readonly id: string
  readonly collection: Collection
  readonly call: SavedCall
  readonly index: number
  readonly isOpen: boolean
}

/** A saved call in its collection: one line, and opened all of it. */
export function CallRow({ id, collection, call, index, isOpen }: CallRowProps) {
  const { name } = call
  const verdict = savedRuns.verdict(id, collection, call)
  const isRunning = savedRuns.state.value.at === 'running'
  return (
    <li class={isOpen ? 'saved-call open' : 'saved-call'} data-saved={name} data-verdict={verdict}>
      <div class="row saved-head">
        <button
          type="button"
          class="saved-name"
          aria-expanded={isOpen}
          onClick={() => router.replace({ page: 'saved', collection: id, call: isOpen ? undefined : name, link: undefined })}
        >
          <VerdictMark verdict={verdict} />
          <span class="saved-words">
            <span class="name">{name}</span>
            <span class="target">
              {call.tag === undefined ? call.agent : `each with the tag ${call.tag}`} · {call.method}
            </span>
          </span>
        </button>
        <span class="row saved-acts">
          <button
            type="button"
            class="small"
            disabled={isRunning || !session.may('agents.call')}
            aria-label={`Run ${name}`}
            onClick={() => void savedRuns.run(id, collection, { only: [name] })}
          >
            Run
          </button>
          <Move id={id} name={name} index={index} by={-1} last={collection.calls.length - 1} />
          <Move id={id} name={name} index={index} by={1} last={collection.calls.length - 1} />
        </span>
      </div>
      {isOpen && (
        <div class="saved-body">
          <div class="row wrap">
            <button type="button" class="small" onClick={() => openInForm(id, collection, call)}>
              {call.tag === undefined ? 'Put into the form' : 'Call all of them'}
            </button>
            <button
              type="button"
              class="small"
              onClick={() =>
                savedCalls.change(id, before => ({ ...before, calls: before.calls.toSpliced(index + 1, 0, duplicate(call, before)) }))
              }
            >
              Duplicate
            </button>
            <ShareButton call={call} collection={collection} />
            <button
              type="button"
              class="small"
              onClick={() => {
                savedCalls.remove(id, name)
                router.replace({ page: 'saved', collection: id, call: undefined, link: undefined })
              }}
            >
              Delete
            </button>
          </div>
          <CameOfCall id={id} collection={collection} call={call} />
          <CallEditor id={id} collection={collection} call={call} />
        </div>
      )}
    </li>
  )
}

function Move({ id, name, index, by, last }: { id: string; name: string; index: number; by: 1 | -1; last: number }) {
  const to = index + by
  const where = by < 0 ? 'up' : 'down'
  return (
    <button
      type="button"
      class="small"
      aria-label={`Move ${name} ${where}`}
      title={`Move ${where}`}
      disabled={to < 0 || to > last}
      onClick={() =>
        savedCalls.change(id, before => {
          const moved = before.calls[index]
          return moved ? { ...before, calls: before.calls.toSpliced(index, 1).toSpliced(to, 0, moved) } : before
        })
      }
    >
      {by < 0 ? '↑' : '↓'}
    </button>
  )
}

function ShareButton({ call, collection }: { call: SavedCall; collection: Collection }) {
  const link = linkOf(call, collection)
  if (link === undefined) return <span class="hint">Too long for a link; save the collection as a file.</span>
  const address = new URL(formatRoute({ page: 'saved', collection: undefined, call: undefined, link }), location.href).href
  return <CopyButton text={address} what={`a link to ${call.name}`} label="Copy a link" />
}

function duplicate(call: SavedCall, { calls }: Collection): SavedCall {
  return { ...call, name: freeName(call.name, each => calls.some(other => other.name === each), ' ') }
}
