import type { EnumDefinition } from '@halibut-gateway/schemas/contract'
import { useId } from 'preact/hooks'
import { form } from '../../page.ts'
import { flagsOf, withFlag } from '../../values/enum-flags.ts'
import { type FieldProps, Labelled } from './field.tsx'

/** One of the names of an enumeration. */
export function ChoiceField({ label, type, marks, value, path, onChange, definition }: FieldProps & { definition: EnumDefinition }) {
  const id = useId()
  const names = Object.keys(definition.values)
  const isNamed = typeof value === 'string' && names.includes(value)
  return (
    <Labelled id={id} label={label} type={type} marks={marks} path={path}>
      <select
        id={id}
        value={String(value)}
        aria-invalid={form.errors.value.has(path)}
        aria-describedby={`${id}-note`}
        onChange={event => onChange(event.currentTarget.value)}
      >
        {!isNamed && (
          <option key="other" value={String(value)}>
            {String(value)}
          </option>
        )}
        {names.map(name => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </Labelled>
  )
}

/** Any of the names of an enumeration of flags. */
export function FlagsField({ label, type, marks, value, path, onChange, definition }: FieldProps & { definition: EnumDefinition }) {
  const id = useId()
  const set = flagsOf(value)
  return (
    <Labelled id={id} label={label} type={type} marks={marks} path={path} hint="any of them">
      <div class="row wrap">
        <input
          id={id}
          type="text"
          class="mono"
          autocomplete="off"
          spellcheck={false}
          value={String(value ?? '')}
          aria-invalid={form.errors.value.has(path)}
          aria-describedby={`${id}-note`}
          onInput={event => {
            const text = event.currentTarget.value
            onChange(/^-?\d{1,15}$/.test(text) ? Number(text) : text)
          }}
        />
        {Object.keys(definition.values).map(name => (
          <label class="check" key={name}>
            <input
              type="checkbox"
              aria-label={`${label}: ${name}`}
              checked={set.includes(name)}
              onChange={event => onChange(withFlag(definition, value, name, event.currentTarget.checked))}
            />{' '}
            {name}
          </label>
        ))}
      </div>
    </Labelled>
  )
}
