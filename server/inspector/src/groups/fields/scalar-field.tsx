import { useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'
import { form } from '../../page.ts'
import { pickers } from '../../values/date-pickers.ts'
import { type FieldProps, Labelled } from './field.tsx'

const numberTypes = new Set(['sbyte', 'byte', 'int16', 'uint16', 'int32', 'uint32', 'float', 'double'])
const digitTypes = new Set([...numberTypes, 'int64', 'uint64', 'bigInteger', 'decimal'])
const hints: Readonly<Record<string, string>> = {
  timeSpan: 'ISO 8601 duration, for example PT1M30S; 00:01:30 is taken too',
  dateTime: 'RFC 3339, for example 2030-01-02T03:04:05Z',
  dateTimeOffset: 'RFC 3339, for example 2030-01-02T03:04:05Z',
  dateOnly: '2030-01-02',
  timeOnly: '03:04:05',
  guid: '01234567-89ab-cdef-0123-456789abcdef',
}

/** Text, a number, a date and whatever else one writes in a line; text may have several. */
export function ScalarField({ label, type, marks, value, path, onChange }: FieldProps) {
  const id = useId()
  const name = String(type)
  const isNumber = numberTypes.has(name)
  // What is typed stays as it is typed while it is the same number: "1." and "1.50" are on their way somewhere.
  const typed = useSignal<string | undefined>(undefined)
  const shown =
    typed.value !== undefined && toNumber(typed.value) === value ? typed.value : value === null || value === undefined ? '' : String(value)
  const text = isNumber ? shown : typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  const shared = {
    id,
    autocomplete: 'off',
    spellcheck: false,
    maxLength: name === 'string' ? marks?.maxLength : name === 'char' ? 1 : undefined,
    value: text,
    'aria-invalid': form.errors.value.has(path),
    'aria-describedby': `${id}-note`,
  }
  const take = (next: string): void => {
    typed.value = next
    onChange(isNumber ? toNumber(next) : next)
  }
  const onInput = (event: { readonly currentTarget: HTMLInputElement | HTMLTextAreaElement }): void => take(event.currentTarget.value)
  if (marks?.secret) {
    return (
      <Labelled id={id} label={label} type={type} marks={marks} path={path}>
        <input {...shared} type="password" onInput={onInput} />
      </Labelled>
    )
  }
  if (name === 'string' && text.includes('\n')) {
    return (
      <Labelled id={id} label={label} type={type} marks={marks} path={path}>
        <textarea {...shared} rows={Math.min(12, text.split('\n').length + 1)} onInput={onInput} />
      </Labelled>
    )
  }
  return (
    <Labelled id={id} label={label} type={type} marks={marks} path={path} hint={hints[name]}>
      <span class="with-picker">
        <input
          {...shared}
          type="text"
          class={name === 'string' ? '' : 'mono'}
          inputMode={digitTypes.has(name) ? 'decimal' : undefined}
          onInput={onInput}
          onPaste={event => {
            // A line takes no others, and would lose them.
            const pasted = event.clipboardData?.getData('text/plain') ?? ''
            if (name !== 'string' || !pasted.includes('\n') || event.defaultPrevented) return
            event.preventDefault()
            const { selectionStart, selectionEnd } = event.currentTarget
            take(text.slice(0, selectionStart ?? 0) + pasted.replaceAll('\r\n', '\n') + text.slice(selectionEnd ?? text.length))
          }}
        />
        <Picker type={name} label={label} value={value} onPick={onChange} />
        {name === 'guid' && (
          <button type="button" class="small" aria-label={`Make a new ${label}`} onClick={() => onChange(crypto.randomUUID())}>
            New
          </button>
        )}
      </span>
    </Labelled>
  )
}

/** Picks a date or a time with the mouse; the text beside it takes any. */
function Picker(props: { type: string; label: string; value: unknown; onPick: (text: string) => void }) {
  const picker = pickers[props.type]
  if (!picker) return null
  return (
    <input
      class="picker"
      type={picker.input}
      step={picker.step}
      aria-label={`Pick ${props.label}`}
      value={picker.show(String(props.value))}
      onChange={event => {
        const { value } = event.currentTarget
        if (value !== '') props.onPick(picker.pick(value))
      }}
    />
  )
}

/** A JSON number where the text is one; else the text, which the check then refuses with its reason. */
function toNumber(text: string): unknown {
  return text.trim() !== '' && Number.isFinite(Number(text)) && !Object.is(Number(text), -0) ? Number(text) : text
}

/** Yes or no. */
export function SwitchField({ label, type, marks, value, path, onChange }: FieldProps) {
  const id = useId()
  return (
    <Labelled id={id} label={label} type={type} marks={marks} path={path}>
      <input id={id} type="checkbox" checked={value === true} onChange={event => onChange(event.currentTarget.checked)} />
    </Labelled>
  )
}
