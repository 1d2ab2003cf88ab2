import type { TypeNode } from '@halibut-gateway/schemas/contract'
import { definitionOf, isOpen } from '../values/form-values.ts'
import { BytesField } from './fields/bytes-field.tsx'
import { ChoiceField, FlagsField } from './fields/choice-field.tsx'
import type { FieldProps } from './fields/field.tsx'
import { ItemsField, NamedValuesField, PairsField, TupleField } from './fields/items-field.tsx'
import { NullableField, NullField, ObjectField } from './fields/object-field.tsx'
import { JsonField, OpenField } from './fields/open-field.tsx'
import { ScalarField, SwitchField } from './fields/scalar-field.tsx'
import { StreamField } from './fields/stream-field.tsx'

/** The field that fits a type and its value; JSON text where no other does. */
export function ValueField(props: FieldProps) {
  const { type, marks, value } = props
  if (typeof type === 'string') return <NamedField {...props} />
  if ('nullable' in type) {
    return marks?.required ? <ValueField {...props} type={type.nullable} /> : <NullableField {...props} />
  }
  if (value === null || value === undefined) return <NullField {...props} />
  const types = 'tuple' in type ? type.tuple : 'valueTuple' in type ? type.valueTuple : 'pair' in type ? type.pair : undefined
  if (types) return Array.isArray(value) ? <TupleField {...props} types={types} items={value} /> : <JsonField {...props} />
  const entry = 'dictionary' in type ? type.dictionary : 'collection' in type && type.of.length === 2 ? type.of : undefined
  if (entry) {
    const [key = 'string', of = 'object'] = entry
    if (key !== 'string') return typeof value === 'object' ? <PairsField {...props} types={[key, of]} /> : <JsonField {...props} />
    const isObject = typeof value === 'object' && !Array.isArray(value)
    return isObject ? <NamedValuesField {...props} of={of} values={value as Record<string, unknown>} /> : <JsonField {...props} />
  }
  const item = itemOf(type)
  return item !== undefined && Array.isArray(value) ? <ItemsField {...props} item={item} items={value} /> : <JsonField {...props} />
}

/** A scalar, or a type of the contract’s own. */
function NamedField(props: FieldProps) {
  const { type, json, value } = props
  const name = String(type)
  const definition = definitionOf(json, name)
  if (definition && 'enum' in definition) {
    return definition.flags ? <FlagsField {...props} definition={definition} /> : <ChoiceField {...props} definition={definition} />
  }
  if (definition) {
    if (value === null || value === undefined) return <NullField {...props} />
    const isObject = typeof value === 'object' && !Array.isArray(value) && (!isOpen(definition) || '$type' in value)
    return isObject ? <ObjectField {...props} definition={definition} /> : <JsonField {...props} />
  }
  switch (name) {
    case 'bool':
      return <SwitchField {...props} />
    case 'dataStream':
      return <StreamField {...props} />
    case 'bytes':
      return <BytesField {...props} />
    case 'object':
      return <OpenField {...props} />
    default:
      return <ScalarField {...props} />
  }
}

function itemOf(type: Exclude<TypeNode, string>): TypeNode | undefined {
  if ('list' in type) return type.list
  if ('set' in type) return type.set
  if ('collection' in type) return type.of[0]
  if (!('array' in type)) return undefined
  const rank = type.rank ?? 1
  return rank > 1 ? { array: type.array, rank: rank - 1 } : type.array
}
