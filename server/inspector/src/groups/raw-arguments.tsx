import { effect, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { form, raw } from '../page.ts'
import { mayHoldSecret } from '../values/masked-secrets.ts'
import type { JsonEditor } from './json-editor/json-editor.ts'
import { TextProblems } from './text-problems.tsx'

const label = 'Arguments as JSON'
const shownProblems = 4

/** The arguments as one JSON text, to read, paste and edit; a plain field until the editor is there, and where it cannot be had. */
export function RawArguments() {
  const place = useRef<HTMLDivElement>(null)
  const plain = useRef<HTMLTextAreaElement>(null)
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
        const stopSecrets = effect(() => {
          const secrets = raw.secrets.value
          if (!secrets) return
          // They are places of the newest text, whichever of these effects runs first.
          made.show(raw.text.value)
          made.cover(secrets)
        })
        editor.value = made
        stop = () => {
          stopText()
          stopMarks()
          stopSecrets()
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
          ref={plain}
          aria-label={label}
          class={isCovered() ? 'covered' : undefined}
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
      <div role="status">
        {raw.problems.value.length > 0 && (
          <TextProblems
            text={raw.text.value}
            problems={raw.problems.value}
            most={shownProblems}
            onGo={({ from }) => (editor.value ? editor.value.goTo(from) : plain.current?.focus())}
          />
        )}
      </div>
    </section>
  )
}

/** Whether the plain field, which shows all or nothing, may have a secret in it. */
function isCovered(): boolean {
  const secrets = raw.secrets.value
  if (secrets) return secrets.length > 0
  const { json, method } = form.chosen.value ?? {}
  return !!json && !!method?.params.some(({ secret, type }) => secret === true || mayHoldSecret(json, type))
}
