import type { TypeNode } from '@halibut-gateway/schemas/contract'
import type { ContractJson } from '@halibut-gateway/schemas/wire'
import { definitionOf, withoutSecrets } from './form-values.ts'
import { resultType } from './typed-json.ts'

/** A place of a value that the contract calls a secret. */
export interface SecretPlace {
  /** The name of the parameter or the member. */
  readonly name: string
  readonly path: readonly (string | number)[]
}

/** Where secrets stand in arguments: where something else stands in the place of it in `shownArgs`. `names`: of the parameters. */
export function secretsIn(args: readonly unknown[], shownArgs: readonly unknown[], names: readonly string[]): readonly SecretPlace[] {
  const found: SecretPlace[] = []
  const look = (given: unknown, shown: unknown, path: readonly (string | number)[], name: string): void => {
    if (Object.is(given, shown)) return
    if (typeof given === 'object' && given !== null && typeof shown === 'object' && shown !== null) {
      for (const key of Object.keys(given)) {
        look(at(given, key), at(shown, key), [...path, Array.isArray(given) ? Number(key) : key], Array.isArray(given) ? name : key)
      }
      return
    }
    found.push({ name, path })
  }
  for (const [index, arg] of args.entries()) look(arg, shownArgs[index], [index], names[index] ?? 'argument')
  return found
}

function at(value: object, key: string): unknown {
  return (value as Record<string, unknown>)[key]
}

/** A copy of a JSON value with another value at one place. */
export function withValueAt(value: unknown, path: readonly (string | number)[], put: unknown): unknown {
  const [step, ...rest] = path
  if (step === undefined) return put
  if (Array.isArray(value)) return value.map((each, index) => (index === step ? withValueAt(each, rest, put) : (each as unknown)))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, name === step ? withValueAt(each, rest, put) : each]))
}

/** Whether a value of a type may have something in it that the contract calls a secret. */
export function mayHoldSecret(json: ContractJson, type: TypeNode): boolean {
  const seen = new Set<string>()
  const look = (node: TypeNode): boolean => {
    if (typeof node !== 'string') return partsOf(node).some(look)
    if (seen.has(node)) return false
    seen.add(node)
    // Any type of the document may stand there.
    if (node === 'object') return Object.keys(json.contract.types ?? {}).some(look)
    const definition = definitionOf(json, node)
    if (!definition || 'enum' in definition) return false
    return definition.members.some(member => member.secret === true || look(member.type)) || (definition.derived ?? []).some(look)
  }
  return look(type)
}

function partsOf(node: Exclude<TypeNode, string>): readonly TypeNode[] {
  if ('nullable' in node) return [node.nullable]
  if ('list' in node) return [node.list]
  if ('set' in node) return [node.set]
  if ('array' in node) return [node.array]
  if ('dictionary' in node) return node.dictionary
  if ('collection' in node) return node.of
  return 'tuple' in node ? node.tuple : 'valueTuple' in node ? node.valueTuple : node.pair
}

/** What a method answered, without what the contract calls a secret. Where the contract is not known, no member of it is known to be one. */
export function resultWithoutSecrets(json: ContractJson | 'missing' | undefined, signature: string, value: unknown): unknown {
  const type = resultType(json, signature)
  return type ? withoutSecrets(type.json, { type: type.node }, value) : value
}
