import { describeType, isTyped, type ObjectDefinition } from '@halibut-gateway/schemas/contract'
import { escapePointer } from '@halibut-gateway/schemas/wire'
import { useId } from 'preact/hooks'
import { constructible, definitionOf, firstValue } from '../../values/form-values.ts'
import { FieldGroup, type FieldProps, Labelled } from './field.tsx'

/** The members of an object; where it may be one of several types, which one. */
export function ObjectField(props: FieldProps & { definition: ObjectDefinition }) {
  const { json, type, value, path, onChange, field: Field, label } = props
  const id = useId()
  const declared = String(type)
  const choices = constructible(json, declared)
  const stated = isTyped(value) && typeof value.$type === 'string' ? value.$type : declared
  const content = (isTyped(value) ? value.$value : value) as Record<string, unknown>
  const definition = definitionOf(json, stated)
  const members = definition && 'members' in definition ? definition.members : []
  const change = (next: unknown): void => onChange(isTyped(value) ? { $type: stated, $value: next } : next)
  const at = isTyped(value) ? `${path}/$value` : path
  return (
    <FieldGroup {...props} id={id}>
      {(choices.length > 1 || choices[0] !== declared) && (
        <div class="field">
          <label for={`${id}-type`}>type of {label}</label>
          <select
            id={`${id}-type`}
            value={stated}
            onChange={event => {
              const next = event.currentTarget.value
              const first = { ...(firstValue(json, next) as object), ...shared(json, next, content) }
              onChange(next === declared ? first : { $type: next, $value: first })
            }}
          >
            {choices.map(name => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </div>
      )}
      {members.map(member => (
        <Field
          key={`${stated} ${member.name}`}
          field={Field}
          label={member.name}
          json={json}
          type={member.type}
          marks={member}
          value={content?.[member.name]}
          path={`${at}/${escapePointer(member.name)}`}
          onChange={next => change({ ...content, [member.name]: next })}
        />
      ))}
    </FieldGroup>
  )
}

/** What of a value another type has too: it stays when its type is changed. */
function shared(json: FieldProps['json'], type: string, content: unknown): object {
  const definition = definitionOf(json, type)
  if (!definition || !('members' in definition) || typeof content !== 'object' || content === null) return {}
  const names = new Set(definition.members.map(({ name }) => name))
  return Object.fromEntries(Object.entries(content).filter(([name]) => names.has(name)))
}

/** A value that may be null. */
export function NullableField(props: FieldProps) {
  const { json, type, value, field: Field, onChange } = props
  const id = useId()
  const inner = typeof type === 'object' && 'nullable' in type ? type.nullable : type
  const isNull = value === null || value === undefined
  return (
    <div class="nullable">
      {isNull ? (
        <div class="field" data-path={props.path}>
          <span class="label">
            {props.label} <span class="type">{describeType(type)}</span>
          </span>
        </div>
      ) : (
        <Field {...props} type={inner} />
      )}
      <label class="null" for={id}>
        <input
          id={id}
          type="checkbox"
          aria-label={`${props.label} is null`}
          checked={isNull}
          onChange={event => onChange(event.currentTarget.checked ? null : firstValue(json, inner))}
        />{' '}
        null
      </label>
    </div>
  )
}

/** A reference that is null, which JSON may make of any. */
export function NullField({ label, json, type, marks, path, onChange }: FieldProps) {
  const id = useId()
  return (
    <Labelled id={id} label={label} type={type} marks={marks} path={path}>
      <div class="row">
        <code>null</code>
        <button type="button" id={id} class="small" onClick={() => onChange(firstValue(json, type))}>
          Set a value
        </button>
      </div>
    </Labelled>
  )
}
