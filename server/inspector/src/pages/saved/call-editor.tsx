import { type Collection, namesIn, type SavedCall } from '@halibut-gateway/schemas/collection'
import { router } from '../../page.ts'
import { savedCalls, savedRuns } from '../../saved.ts'
import { readJsonText } from '../../values/value-text.ts'
import { Assertions } from './assertions.tsx'
import { CommitField } from './commit-field.tsx'

/** All of a saved call, to change it. */
export function CallEditor({ id, collection, call }: { id: string; collection: Collection; call: SavedCall }) {
  const { name } = call
  const change = (next: SavedCall): string | undefined =>
    savedCalls.change(id, before => ({ ...before, calls: before.calls.map(each => (each.name === name ? next : each)) }))
  const names = Object.keys(collection.variables ?? {})
  const used = [...namesIn([call])]
  return (
    <div class="call-editor">
      <div class="pair">
        <CommitField
          label="Name"
          value={name}
          onCommit={text => {
            const next = text.trim()
            const problem = change({ ...call, name: next })
            if (problem === undefined) {
              savedRuns.rename(id, name, next)
              router.replace({ page: 'saved', collection: id, call: next, link: undefined })
            }
            return problem
          }}
        />
        <Target call={call} onChange={change} />
        <CommitField label="Service" mono value={call.service} onCommit={text => change({ ...call, service: text.trim() })} />
        <CommitField label="Method" mono value={call.method} onCommit={text => change({ ...call, method: text.trim() })} />
        <CommitField
          label="Give up after so many seconds"
          placeholder="–"
          value={call.timeoutMs === undefined ? '' : String(call.timeoutMs / 1_000)}
          onCommit={text => {
            const { timeoutMs: _, ...others } = call
            if (text.trim() === '') return change(others)
            const seconds = Number(text.replace(',', '.'))
            return seconds > 0 ? change({ ...others, timeoutMs: Math.ceil(seconds * 1_000) }) : 'This is no number of seconds.'
          }}
        />
      </div>
      <CommitField
        label="Arguments, as a JSON list"
        mono
        rows={Math.min(16, JSON.stringify(call.args, null, 2).split('\n').length + 1)}
        value={JSON.stringify(call.args, null, 2)}
        hint={
          names.length === 0
            ? undefined
            : `Variables: ${names.map(each => `"{{${each}}}"`).join(', ')}${used.length === 0 ? '; none is used here' : ''}`
        }
        onCommit={text => {
          const read = readJsonText(text)
          if ('problem' in read) return read.problem
          return Array.isArray(read.value) ? change({ ...call, args: read.value }) : 'The arguments are a JSON list.'
        }}
      />
      <Assertions assertions={call.assertions ?? []} onChange={assertions => change({ ...call, assertions: [...assertions] })} />
      <CommitField
        label="Description"
        value={call.description ?? ''}
        onCommit={text => {
          const { description: _, ...others } = call
          return change(text.trim() === '' ? others : { ...others, description: text.trim() })
        }}
      />
    </div>
  )
}

/** An agent, or every agent with a tag. */
function Target({ call, onChange }: { call: SavedCall; onChange: (next: SavedCall) => string | undefined }) {
  const { agent, tag, ...others } = call
  const text = agent ?? tag ?? ''
  const isTag = tag !== undefined
  return (
    <div class="field target-field">
      <fieldset class="choices" aria-label="Called at">
        <button type="button" class="small" aria-pressed={!isTag} onClick={() => isTag && onChange({ ...others, agent: text })}>
          one agent
        </button>
        <button type="button" class="small" aria-pressed={isTag} onClick={() => !isTag && onChange({ ...others, tag: text })}>
          each with a tag
        </button>
      </fieldset>
      <CommitField
        quiet
        mono
        label={isTag ? 'Tag' : 'Agent'}
        value={text}
        onCommit={next => onChange(isTag ? { ...others, tag: next.trim() } : { ...others, agent: next.trim() })}
      />
    </div>
  )
}
