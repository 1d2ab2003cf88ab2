import { useSignal } from '@preact/signals'
import { form } from '../page.ts'

/** The arguments as one JSON text, to read, paste and edit. */
export function RawArguments() {
  const text = useSignal<string | undefined>(undefined)
  const problem = useSignal<string | undefined>(undefined)
  const edit = (next: string): void => {
    text.value = next
    try {
      const parsed: unknown = JSON.parse(next)
      problem.value = Array.isArray(parsed) ? undefined : 'The arguments are a JSON list.'
      if (Array.isArray(parsed)) form.edit(parsed)
    } catch (error) {
      problem.value = error instanceof Error ? error.message : 'This is not JSON.'
    }
  }
  return (
    <details class="raw">
      <summary>Raw JSON</summary>
      <textarea
        aria-label="Arguments as JSON"
        spellcheck={false}
        rows={6}
        value={text.value ?? JSON.stringify(form.args.value, null, 2)}
        onInput={event => edit(event.currentTarget.value)}
        onBlur={() => {
          if (problem.value === undefined) text.value = undefined
        }}
      />
      {problem.value && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
    </details>
  )
}
