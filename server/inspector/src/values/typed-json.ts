import { isTyped, type MethodNode, signatureOf, type TypeNode } from '@halibut-gateway/schemas/contract'
import type { ContractJson } from '@halibut-gateway/schemas/wire'
import { definitionOf } from './form-values.ts'
import { isTypeNode } from './type-nodes.ts'

/** A type of a contract, by which a value in its JSON form is shown. */
export interface JsonType {
  readonly json: ContractJson
  readonly node: TypeNode
}

/** Whole numbers that JSON’s own cannot hold, and decimals, are text in JSON, and numbers all the same. */
const digitTypes = new Set<TypeNode>(['int64', 'uint64', 'bigInteger', 'decimal'])

/** Whether a value is told without quotes, as the number that it is. */
export function isNumeric(type: JsonType | undefined, value: unknown): value is string {
  if (typeof value !== 'string' || type === undefined) return false
  return digitTypes.has(withoutNull(type.node)) && /^-?\d+(\.\d+)?$/.test(value)
}

/** Whether a value is bytes. */
export function isBytes(type: JsonType | undefined, value: unknown): value is string {
  return typeof value === 'string' && type !== undefined && withoutNull(type.node) === 'bytes'
}

/**
 * The type of what stands under a key or an index of a value; `undefined` where nobody knows. `stated`: the type that the value says it has
 * (`$type`), under whose `$value` its content stands.
 */
export function innerType(type: JsonType | undefined, key: string, stated?: unknown): JsonType | undefined {
  if (!type) return undefined
  const { json } = type
  const node = withoutNull(type.node)
  const of = (inner: TypeNode | undefined): JsonType | undefined => (inner === undefined ? undefined : { json, node: inner })
  if (typeof node === 'string') {
    if (key === '$value' && stated !== undefined) return isTypeNode(json.contract, stated) ? of(stated) : undefined
    const definition = definitionOf(json, node)
    return definition && 'members' in definition ? of(definition.members.find(({ name }) => name === key)?.type) : undefined
  }
  if ('nullable' in node) return undefined
  if ('list' in node) return of(node.list)
  if ('set' in node) return of(node.set)
  if ('array' in node) return of((node.rank ?? 1) > 1 ? { array: node.array, rank: (node.rank ?? 1) - 1 } : node.array)
  if ('tuple' in node) return of(node.tuple[Number(key)])
  if ('valueTuple' in node) return of(node.valueTuple[Number(key)])
  if ('pair' in node) return of(node.pair[Number(key)])
  const [first, second] = 'dictionary' in node ? node.dictionary : node.of
  if (second === undefined) return of(first)
  return first === 'string' ? of(second) : of({ tuple: [first ?? 'object', second] })
}

/** The type that a method gives; `undefined` where its contract is not known. */
export function resultType(json: ContractJson | 'missing' | undefined, signature: string): JsonType | undefined {
  if (!json || json === 'missing') return undefined
  const method = methodOf(json, signature)
  return method && { json, node: method.result }
}

/** The type of what stands at a place of a value; `undefined` where nobody knows. */
export function typeAt(type: JsonType | undefined, keys: readonly string[]): JsonType | undefined {
  return keys.reduce<JsonType | undefined>(innerType, type)
}

/** The same where a method may be told by its name alone. */
export function resultTypeByName(json: ContractJson | 'missing' | undefined, method: string): JsonType | undefined {
  if (!json || json === 'missing') return undefined
  const [only, ...others] = json.find(method)
  return only && others.length === 0 ? { json, node: only.result } : resultType(json, method)
}

/** The method of a signature. */
function methodOf(json: ContractJson, signature: string): MethodNode | undefined {
  return json.contract.methods.find(method => signatureOf(method) === signature)
}

/** The type that is nullable, where one is. */
export function withoutNull(node: TypeNode): TypeNode {
  return typeof node === 'object' && 'nullable' in node ? node.nullable : node
}

/** What a value says its type is. */
export function statedBy(value: object): unknown {
  return isTyped(value) ? value.$type : undefined
}

/** A value in which `replace` has put something else in the place of the parts that it knows by their types; those that it gives `undefined` for stay. */
export function mapTyped(
  type: JsonType | undefined,
  value: unknown,
  replace: (value: unknown, type: JsonType | undefined) => unknown,
): unknown {
  const instead = replace(value, type)
  if (instead !== undefined) return instead
  if (typeof value !== 'object' || value === null || value instanceof Blob) return value
  if (Array.isArray(value)) return value.map((each, i) => mapTyped(innerType(type, String(i)), each, replace))
  const stated = statedBy(value)
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, mapTyped(innerType(type, key, stated), each, replace)]))
}

const mostBytes = 20
const mostLooks = 10_000

/** Where bytes stand in a value, the first twenty: a very long value is not looked through to its end. */
export function bytesIn(type: JsonType | undefined, value: unknown): readonly { readonly path: string; readonly value: string }[] {
  const found: { path: string; value: string }[] = []
  let looks = 0
  const look = (its: JsonType | undefined, each: unknown, path: string): void => {
    if (!its || ++looks > mostLooks || found.length >= mostBytes) return
    if (isBytes(its, each)) found.push({ path, value: each })
    else if (typeof each === 'object' && each !== null) {
      for (const key in each) {
        if (looks > mostLooks) return
        look(innerType(its, key, statedBy(each)), (each as Record<string, unknown>)[key], `${path}/${key}`)
      }
    }
  }
  look(type, value, '')
  return found
}
