import { describeType, isTyped, type TypeNode } from '@halibut-gateway/schemas/contract'
import type { ContractJson } from '@halibut-gateway/schemas/wire'
import { firstValue } from './form-values.ts'

/** What a value can be whose type the contract leaves open, beside the contract’s own types. */
export const openForms: readonly string[] = ['null', 'text', 'number', 'bool', 'int64', 'dateTime', 'bytes', 'guid']

/** The names of MongoDB’s Extended JSON that stand for types. */
const tags: Readonly<Record<string, string>> = { int64: '$numberLong', dateTime: '$date', bytes: '$binary', guid: '$uuid' }
const tagged = new Map(Object.entries(tags).map(([form, tag]) => [tag, form]))

/** How a value of an open type is edited. */
export interface OpenForm {
  readonly name: string
  /** The value inside, by its own type; `undefined` for null. */
  readonly inner?:
    | {
        readonly type: TypeNode
        readonly value: unknown
        /** Of the value inside, behind that of the whole. */
        readonly path: string
        readonly wrap: (value: unknown) => unknown
      }
    | undefined
}

/** What a value of an open type is. */
export function formOf(value: unknown): OpenForm {
  if (value === null || value === undefined) return { name: 'null' }
  const plain = (name: string, type: TypeNode): OpenForm => ({ name, inner: { type, value, path: '', wrap: each => each } })
  if (typeof value === 'string') return plain('text', 'string')
  if (typeof value === 'boolean') return plain('bool', 'bool')
  if (typeof value === 'number') return plain('number', 'double')
  if (isTyped(value)) {
    const { $type, $value } = value
    const wrap = (next: unknown): unknown => ({ $type, $value: next })
    return { name: describeType($type as TypeNode), inner: { type: $type as TypeNode, value: $value, path: '/$value', wrap } }
  }
  const [[tag, content] = []] = Object.entries(value)
  const form = tagged.get(tag ?? '')
  if (form === undefined || tag === undefined) return { name: 'other' }
  return { name: form, inner: { type: form, value: content, path: '', wrap: next => ({ [tag]: next }) } }
}

/** A first value of another form. */
export function switched(json: ContractJson, name: string): unknown {
  if (name === 'null') return null
  if (name === 'text') return ''
  if (name === 'number') return 0
  if (name === 'bool') return false
  const tag = tags[name]
  if (tag !== undefined) return { [tag]: firstValue(json, name) }
  return { $type: name, $value: firstValue(json, name) }
}
