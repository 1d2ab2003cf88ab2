import { effect, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { form, raw } from '../page.ts'
import { lineOf } from '../values/text-change.ts'
import type { JsonEditor } from './json-editor/json-editor.ts'

const label = 'Arguments as JSON'
const shownProblems = 4

/** The arguments as one JSON text, to read, paste and edit; a plain field until the editor is there, and where it cannot be had. */
export function RawArguments() {
  const place = useRef<HTMLDivElement>(null)
  const editor = useSignal<JsonEditor | undefined>(undefined)
  useEffect(() => {
    let isGone = false
    let stop: (() => void) | undefined
    import('./json-editor/json-editor.ts').then(
      ({ createJsonEditor }) => {
        if (isGone || !place.current) return
        const made = createJsonEditor(place.current, {
          label,
          text: raw.text.peek(),
          onEdit: text => raw.edit(text),
          method: () => form.chosen.peek(),
        })
        const stopText = effect(() => made.show(raw.text.value))
        const stopMarks = effect(() => made.mark(raw.problems.value))
        editor.value = made
        stop = () => {
          stopText()
          stopMarks()
          made.close()
        }
      },
      // The plain field stays.
      () => undefined,
    )
    return () => {
      isGone = true
      stop?.()
    }
  }, [])
  return (
    <section class="raw" aria-label="JSON">
      <div ref={place} class="editor" />
      {!editor.value && (
        <textarea
          aria-label={label}
          spellcheck={false}
          rows={10}
          value={raw.text.value}
          onInput={event => raw.edit(event.currentTarget.value)}
        />
      )}
      {raw.isBehind.value && (
        <div class="behind" role="status">
          <p>This is no JSON yet, and the form has changed since.</p>
          <button type="button" class="small" onClick={() => raw.takeForm()}>
            Take what the form has
          </button>
        </div>
      )}
      <Problems onGo={at => editor.value?.goTo(at)} />
    </section>
  )
}

function Problems({ onGo }: { onGo: (at: number) => void }) {
  const problems = raw.problems.value
  if (problems.length === 0) return null
  return (
    <ul class="text-problems" role="status">
      {problems.slice(0, shownProblems).map(({ from, message }) => {
        const { line, column } = lineOf(raw.text.value, from)
        return (
          <li key={`${from} ${message}`} class="problem">
            <button type="button" class="small" onClick={() => onGo(from)}>
              {line}:{column}
            </button>{' '}
            {message}
          </li>
        )
      })}
    </ul>
  )
}
