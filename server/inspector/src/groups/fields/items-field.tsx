import type { TypeNode } from '@halibut-gateway/schemas/contract'
import { escapePointer } from '@halibut-gateway/schemas/wire'
import { useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'
import { firstValue } from '../../values/form-values.ts'
import { FieldGroup, type FieldProps } from './field.tsx'

/** More items than that are edited as JSON: a form of thousands of fields helps nobody. */
const mostItems = 100

/** A list, an array or a set; of more dimensions, lists of lists. */
export function ItemsField(props: FieldProps & { item: TypeNode; items: readonly unknown[] }) {
  const { items, item, json, onChange, label, path, field: Field } = props
  const id = useId()
  const hint = items.length > mostItems ? `The first ${mostItems} of ${items.length}; all of them stand in the JSON.` : undefined
  return (
    <FieldGroup {...props} id={id} hint={hint}>
      {items.slice(0, mostItems).map((each, i) => (
        <div class="item" key={i}>
          <Field
            field={Field}
            label={`${label} ${i}`}
            json={json}
            type={item}
            value={each}
            path={`${path}/${i}`}
            onChange={next => onChange(items.map((old, at) => (at === i ? next : old)))}
          />
          <button
            type="button"
            class="small"
            aria-label={`Remove ${label} ${i}`}
            onClick={() => onChange(items.filter((_, at) => at !== i))}
          >
            Remove
          </button>
        </div>
      ))}
      <button
        type="button"
        class="small"
        aria-label={`Add an item to ${label}`}
        onClick={() => onChange([...items, firstValue(json, item)])}
      >
        Add an item
      </button>
    </FieldGroup>
  )
}

/** So many values of known types. */
export function TupleField(props: FieldProps & { types: readonly TypeNode[]; items: readonly unknown[] }) {
  const { types, items, json, path, onChange, label, field: Field } = props
  const id = useId()
  return (
    <FieldGroup {...props} id={id}>
      {types.map((type, i) => (
        <Field
          key={i}
          field={Field}
          label={`${label} ${i + 1}`}
          json={json}
          type={type}
          value={items[i]}
          path={`${path}/${i}`}
          onChange={next => onChange(types.map((_, at) => (at === i ? next : items[at])))}
        />
      ))}
    </FieldGroup>
  )
}

/** A dictionary whose keys are text: an object in JSON. */
export function NamedValuesField(props: FieldProps & { of: TypeNode; values: Readonly<Record<string, unknown>> }) {
  const { of, values, json, path, onChange, label, field: Field } = props
  const id = useId()
  const added = useSignal('')
  const names = Object.keys(values)
  const isTaken = Object.hasOwn(values, added.value)
  return (
    <FieldGroup {...props} id={id} hint={names.length > mostItems ? `The first ${mostItems} of ${names.length}.` : undefined}>
      {names.slice(0, mostItems).map(name => (
        <div class="item" key={name}>
          <Field
            field={Field}
            label={`${label} ${name}`}
            json={json}
            type={of}
            value={values[name]}
            path={`${path}/${escapePointer(name)}`}
            onChange={next => onChange(Object.fromEntries(names.map(each => [each, each === name ? next : values[each]])))}
          />
          <button
            type="button"
            class="small"
            aria-label={`Remove ${label} ${name}`}
            onClick={() => onChange(Object.fromEntries(names.filter(each => each !== name).map(each => [each, values[each]])))}
          >
            Remove
          </button>
        </div>
      ))}
      <div class="row wrap">
        <input
          type="text"
          class="mono short"
          autocomplete="off"
          aria-label={`New key of ${label}`}
          placeholder="a new key"
          value={added.value}
          onInput={event => {
            added.value = event.currentTarget.value
          }}
        />
        <button
          type="button"
          class="small"
          disabled={isTaken}
          aria-label={`Add the key to ${label}`}
          onClick={() => {
            onChange(Object.fromEntries([...names.map(each => [each, values[each]] as const), [added.value, firstValue(json, of)]]))
            added.value = ''
          }}
        >
          Add the key
        </button>
        {isTaken && <span class="hint">It is there already.</span>}
      </div>
    </FieldGroup>
  )
}

/** Any other dictionary: pairs of a key and a value. */
export function PairsField(props: FieldProps & { types: readonly [TypeNode, TypeNode] }) {
  const { types, value, onChange } = props
  // In JSON an object is taken too.
  const pairs = Array.isArray(value) ? value : Object.entries(value as object)
  return <ItemsField {...props} item={{ pair: types }} items={pairs} onChange={onChange} />
}
