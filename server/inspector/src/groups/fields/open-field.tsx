import { useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'
import { formOf, openForms, switched } from '../../values/open-values.ts'
import { FieldGroup, type FieldProps, Labelled } from './field.tsx'

/** A value whose type the contract leaves open: first what it is, then the field of that. */
export function OpenField(props: FieldProps) {
  const { json, value, path, onChange, label, field: Field } = props
  const id = useId()
  const types = Object.keys(json.contract.types ?? {})
  const form = formOf(value)
  const inner = form.inner
  return (
    <FieldGroup {...props} id={id}>
      <div class="field">
        <label for={`${id}-kind`}>type of {label}</label>
        <select id={`${id}-kind`} value={form.name} onChange={event => onChange(switched(json, event.currentTarget.value))}>
          {[...openForms, ...types].map(name => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
          {!openForms.includes(form.name) && !types.includes(form.name) && <option value={form.name}>{form.name}</option>}
        </select>
      </div>
      {inner && (
        <Field
          key={form.name}
          field={Field}
          label={label}
          json={json}
          type={inner.type}
          value={inner.value}
          path={`${path}${inner.path}`}
          onChange={next => onChange(inner.wrap(next))}
        />
      )}
    </FieldGroup>
  )
}

/** JSON text, where no other field fits. */
export function JsonField({ label, type, marks, value, path, onChange }: FieldProps) {
  const id = useId()
  const typed = useSignal<string | undefined>(undefined)
  const broken = useSignal(false)
  return (
    <Labelled id={id} label={label} type={type} marks={marks} path={path} hint={broken.value ? 'This is not JSON yet.' : 'JSON'}>
      <textarea
        id={id}
        rows={4}
        class="mono"
        spellcheck={false}
        value={typed.value ?? JSON.stringify(value, null, 2)}
        aria-describedby={`${id}-note`}
        onInput={event => {
          typed.value = event.currentTarget.value
          try {
            onChange(JSON.parse(event.currentTarget.value))
            broken.value = false
          } catch {
            broken.value = true
          }
        }}
      />
    </Labelled>
  )
}
