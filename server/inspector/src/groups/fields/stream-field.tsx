import { useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'
import { Choices } from '../../elements/choices.tsx'
import { form } from '../../page.ts'
import { streamContentOf } from '../../values/call-draft.ts'
import { formatBytes } from '../../values/format.ts'
import { type FieldProps, Labelled } from './field.tsx'

const ways = ['file', 'text'] as const

/** The content of a data stream: a file that is chosen or dropped, or text. */
export function StreamField({ label, type, marks, value, path, onChange }: FieldProps) {
  const id = useId()
  const content = streamContentOf(value)
  const text = content && '$text' in content ? content.$text : undefined
  const way = useSignal<(typeof ways)[number]>(text === undefined ? 'file' : 'text')
  const shownWay = text !== undefined ? 'text' : value instanceof File ? 'file' : way.value
  return (
    <Labelled id={id} label={label} type={type} marks={marks} path={path} hint={hintOf(value)} onFile={onChange}>
      <div class="row wrap">
        <Choices
          label={`${label} comes from`}
          all={ways}
          chosen={shownWay}
          onChoose={each => {
            way.value = each
            onChange(each === 'text' ? { $text: text ?? '' } : null)
          }}
        />
        {shownWay === 'file' && (
          <input
            id={id}
            type="file"
            class="file"
            aria-invalid={form.errors.value.has(path)}
            aria-describedby={`${id}-note`}
            onChange={event => onChange(event.currentTarget.files?.[0] ?? null)}
          />
        )}
      </div>
      {shownWay === 'text' && (
        <textarea
          id={id}
          rows={3}
          spellcheck={false}
          value={text ?? ''}
          aria-invalid={form.errors.value.has(path)}
          aria-describedby={`${id}-note`}
          onInput={event => onChange({ $text: event.currentTarget.value })}
        />
      )}
    </Labelled>
  )
}

function hintOf(value: unknown): string | undefined {
  if (value instanceof File) return `${value.name}, ${formatBytes(value.size)}`
  const content = streamContentOf(value)
  if (!content) return 'Choose a file, or drop one here'
  if ('$file' in content) return `Choose ${content.$file} again: a page cannot open a file by its name`
  return '$base64' in content ? `base64: ${content.$base64.slice(0, 60)}` : formatBytes(new TextEncoder().encode(content.$text).length)
}
