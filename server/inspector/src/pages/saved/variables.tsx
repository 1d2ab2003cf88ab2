import { type Variables as AllVariables, type Collection, type Variable, variableNamePattern } from '@halibut-gateway/schemas/collection'
import { useSignal } from '@preact/signals'
import { savedCalls, savedRuns } from '../../saved.ts'
import { readValueText, valueText } from '../../values/value-text.ts'
import { CommitField } from './commit-field.tsx'

const namePattern = new RegExp(`^${variableNamePattern}$`)

/** The variables of a collection, with their values, and what this run says instead. */
export function Variables({ id, collection }: { id: string; collection: Collection }) {
  const variables = Object.entries(collection.variables ?? {})
  const put = (next: AllVariables): string | undefined => savedCalls.change(id, before => ({ ...before, variables: next }))
  const change = (name: string, variable: Variable): string | undefined => put({ ...collection.variables, [name]: variable })
  return (
    <section class="panel" aria-label="Variables">
      <h2>Variables</h2>
      {variables.length === 0 && (
        <p class="hint">
          A variable stands in calls as <code>{'{{name}}'}</code>, and each run may say another value for it.
        </p>
      )}
      {variables.length > 0 && (
        <ul class="variables">
          {variables.map(([name, variable]) => (
            <li key={name} data-variable={name}>
              <code class="variable-name">{name}</code>
              {variable.secret ? (
                <span class="chip">secret</span>
              ) : (
                <CommitField
                  quiet
                  mono
                  label={`Value of ${name}`}
                  placeholder="no value: each run says it"
                  value={valueText(variable.value)}
                  onCommit={text => {
                    const { value: _, ...others } = variable
                    return change(name, text === '' ? others : { ...others, value: readValueText(text) })
                  }}
                />
              )}
              <CommitField
                quiet
                mono
                hidden={variable.secret === true}
                label={`For this run: ${name}`}
                placeholder={variable.secret ? 'say it for this run; it is not kept' : 'for this run'}
                value={valueText(savedRuns.said(id)[name])}
                onCommit={text => {
                  savedRuns.say(id, name, text === '' ? undefined : variable.secret ? text : readValueText(text))
                  return undefined
                }}
              />
              <label class="check">
                <input
                  type="checkbox"
                  checked={variable.secret === true}
                  onChange={event => {
                    const { value: _, secret: __, ...others } = variable
                    savedRuns.say(id, name, undefined)
                    change(name, event.currentTarget.checked ? { ...others, secret: true } : others)
                  }}
                />{' '}
                secret
              </label>
              <RemoveVariable name={name} onRemove={() => put(without(collection.variables ?? {}, name))} />
              {variable.description && <p class="hint">{variable.description}</p>}
            </li>
          ))}
        </ul>
      )}
      <NewVariable
        onAdd={name => {
          if (!namePattern.test(name)) return 'A name is a letter, then letters, digits, _ and -.'
          if (Object.hasOwn(collection.variables ?? {}, name)) return `There is a variable ${name}.`
          return change(name, {})
        }}
      />
    </section>
  )
}

function RemoveVariable({ name, onRemove }: { name: string; onRemove: () => string | undefined }) {
  const problem = useSignal<string | undefined>(undefined)
  return (
    <>
      <button
        type="button"
        class="small"
        aria-label={`Remove ${name}`}
        onClick={() => {
          problem.value = onRemove()
        }}
      >
        Remove
      </button>
      {problem.value && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
    </>
  )
}

function NewVariable({ onAdd }: { onAdd: (name: string) => string | undefined }) {
  const name = useSignal('')
  const problem = useSignal<string | undefined>(undefined)
  return (
    <form
      class="row wrap"
      onSubmit={event => {
        event.preventDefault()
        problem.value = onAdd(name.value.trim())
        if (problem.value === undefined) name.value = ''
      }}
    >
      <input
        type="text"
        class="mono new-variable"
        aria-label="Name of a new variable"
        placeholder="name"
        autocomplete="off"
        value={name.value}
        onInput={event => {
          name.value = event.currentTarget.value
        }}
      />
      <button type="submit" class="small" disabled={name.value.trim() === ''}>
        Add a variable
      </button>
      {problem.value && (
        <span class="problem" role="alert">
          {problem.value}
        </span>
      )}
    </form>
  )
}

function without(variables: AllVariables, name: string): AllVariables {
  return Object.fromEntries(Object.entries(variables).filter(([each]) => each !== name))
}
