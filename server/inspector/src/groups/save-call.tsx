import type { Seen } from '@halibut-gateway/schemas/collection'
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { Link } from '../elements/link.tsx'
import { useFocusAfter } from '../elements/use-focus-after.ts'
import type { CallToSave } from '../values/saved-call.ts'

/** Where a call was saved, or what there is to choose from. */
type Step =
  | { readonly at: 'closed' }
  | { readonly at: 'choosing'; readonly collections: readonly { readonly id: string; readonly name: string }[] }
  | { readonly at: 'saved'; readonly id: string; readonly call: string; readonly collection: string }
  | { readonly at: 'failed'; readonly problem: string }

interface SaveCallProps {
  /** Made when it is wanted; `undefined` where its arguments are not there any more. */
  readonly call: () => CallToSave | undefined
  /** What came of it, where something did: its assertions can be tried on that. */
  readonly seen?: () => Seen | undefined
  readonly label?: string
  /** What is saved, for who does not see where the button stands. */
  readonly what: string
}

/** A button that saves a call in a collection. What the contract calls a secret is saved as a variable. */
export function SaveCall({ call, seen, label = 'Save', what }: SaveCallProps) {
  const step = useSignal<Step>({ at: 'closed' })
  const button = useFocusAfter<HTMLButtonElement>(step.value.at === 'choosing')
  const open = async (): Promise<void> => {
    const { savedCalls } = await import('../saved.ts')
    const collections = savedCalls.list.peek().map(({ id, collection: { name } }) => ({ id, name }))
    // Where there is nothing to choose, nobody is asked.
    if (collections.length === 0) return save('')
    step.value = { at: 'choosing', collections }
  }
  const save = async (into: string): Promise<void> => {
    const [{ savedCalls, savedRuns }, { saveable }] = await Promise.all([import('../saved.ts'), import('../values/saved-call.ts')])
    const made = call()
    if (!made) {
      step.value = { at: 'failed', problem: 'Its arguments were secret or a file, and are not kept: fill them in again.' }
      return
    }
    const collection = into === '' ? savedCalls.create('My calls') : { id: into }
    if ('problem' in collection) {
      step.value = { at: 'failed', problem: collection.problem }
      return
    }
    const taken = savedCalls.get(collection.id)
    const found = taken === undefined ? 'The collection was deleted.' : saveable(made, taken)
    const kept = typeof found === 'string' ? { problem: found } : savedCalls.save(collection.id, found)
    if ('problem' in kept) {
      step.value = { at: 'failed', problem: kept.problem }
      return
    }
    const came = seen?.()
    if (came) savedRuns.put(collection.id, kept.id, made.agent, came)
    step.value = { at: 'saved', id: collection.id, call: kept.id, collection: taken?.name ?? '' }
  }
  const { value } = step
  return (
    <span class="save-call">
      {value.at !== 'choosing' && (
        <button type="button" ref={button} class="small" aria-label={`${label} ${what}`} onClick={() => void open()}>
          {label}
        </button>
      )}
      {value.at === 'choosing' && (
        <Choice
          collections={value.collections}
          onChoose={id => void save(id)}
          onLeave={() => {
            step.value = { at: 'closed' }
          }}
        />
      )}
      <span role="status" class="said">
        {value.at === 'saved' && (
          <>
            Saved as{' '}
            <Link to={{ page: 'saved', collection: value.id, call: value.call, link: undefined }}>
              {value.call} in {value.collection}
            </Link>
          </>
        )}
        {value.at === 'failed' && <span class="problem">{value.problem}</span>}
      </span>
    </span>
  )
}

interface ChoiceProps {
  readonly collections: readonly { readonly id: string; readonly name: string }[]
  /** Empty: a new one. */
  readonly onChoose: (id: string) => void
  readonly onLeave: () => void
}

function Choice({ collections, onChoose, onLeave }: ChoiceProps) {
  const chosen = useSignal(collections[0]?.id ?? '')
  const first = useRef<HTMLSelectElement>(null)
  useEffect(() => first.current?.focus(), [])
  return (
    <span class="row wrap">
      <select
        ref={first}
        aria-label="In which collection"
        value={chosen.value}
        onKeyDown={event => {
          if (event.key !== 'Escape') return
          event.stopPropagation()
          onLeave()
        }}
        onChange={event => {
          chosen.value = event.currentTarget.value
        }}
      >
        {collections.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
        <option value="">a new collection</option>
      </select>
      <button type="button" class="small primary" onClick={() => onChoose(chosen.value)}>
        Save there
      </button>
      <button type="button" class="small" onClick={onLeave}>
        Leave it
      </button>
    </span>
  )
}
