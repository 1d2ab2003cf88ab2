import { useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'

interface CommitFieldProps {
  readonly label: string
  readonly value: string
  /** Keeps what was typed; gives why not. */
  readonly onCommit: (text: string) => string | undefined
  /** Lines of a longer text. */
  readonly rows?: number
  readonly mono?: boolean
  readonly placeholder?: string
  readonly hint?: string | undefined
  /** The label is for those who do not see where it stands. */
  readonly quiet?: boolean
  /** What is typed is not shown. */
  readonly hidden?: boolean
}

/** A text that is kept when one leaves its field or presses Enter; what is not acceptable stays there with the reason, and Escape takes it back. */
export function CommitField({ label, value, onCommit, rows, mono, placeholder, hint, quiet, hidden }: CommitFieldProps) {
  const id = useId()
  const draft = useSignal<string | undefined>(undefined)
  const problem = useSignal<string | undefined>(undefined)
  const commit = (): void => {
    if (draft.value === undefined) return
    problem.value = draft.value === value ? undefined : onCommit(draft.value)
    if (problem.value === undefined) draft.value = undefined
  }
  const shared = {
    id,
    class: mono ? 'mono' : undefined,
    autocomplete: 'off',
    spellcheck: false,
    placeholder,
    value: draft.value ?? value,
    'aria-label': quiet ? label : undefined,
    'aria-invalid': problem.value !== undefined,
    'aria-describedby': `${id}-note`,
    onBlur: commit,
    onInput: (event: { readonly currentTarget: HTMLInputElement | HTMLTextAreaElement }) => {
      draft.value = event.currentTarget.value
    },
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key === 'Enter' && rows === undefined) {
        event.preventDefault()
        commit()
      }
      if (event.key === 'Escape' && draft.value !== undefined) {
        event.stopPropagation()
        draft.value = undefined
        problem.value = undefined
      }
    },
  }
  return (
    <div class="field">
      {!quiet && <label for={id}>{label}</label>}
      {rows !== undefined ? (
        <textarea {...shared} rows={rows} />
      ) : hidden ? (
        <input {...shared} type="password" />
      ) : (
        <input {...shared} type="text" />
      )}
      {problem.value === undefined ? (
        hint && (
          <p class="hint" id={`${id}-note`}>
            {hint}
          </p>
        )
      ) : (
        <p class="problem" id={`${id}-note`} role="alert">
          {problem.value}
        </p>
      )}
    </div>
  )
}
