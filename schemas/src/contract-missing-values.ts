import { contractLimits, type Findings, pointer } from './contract-findings.ts'
import { isTypeNode } from './contract-type-check.ts'
import { type CombinedType, type Contract, isTyped, type MarkedType, type TypeDefinition, type TypeNode } from './contract-types.ts'

/**
 * Finds what a short message could make much of: objects and parameters for which more values stand than the limit where nothing of them comes,
 * be it defaults or the members of structs. To be asked of a document that is right but for that.
 */
export function checkMissingValues(contract: Contract, findings: Findings): void {
  const types = contract.types ?? {}
  for (const [name, definition] of Object.entries(types)) {
    if ('object' in definition && areTooMany(types, definition.members)) findings.issue(`/types/${pointer(name)}/members`, tooMany)
  }
  for (const [i, { params }] of contract.methods.entries()) {
    if (areTooMany(types, params)) findings.issue(`/methods/${i}/params`, tooMany)
  }
}

const tooMany = `make more than ${contractLimits.missingValues} values, or values too deep, where none comes`

/** Deeper values are none that the wire can carry. */
const maxDepth = 64

/** Looks at no more values than the limit, and no deeper, so that types within themselves come to an end. */
function areTooMany(types: Readonly<Record<string, TypeDefinition>>, marked: readonly MarkedType[]): boolean {
  let left: number = contractLimits.missingValues
  let depth = 0
  /** Looks into a value, where there is room for one more. */
  const inside = (look: () => void): void => {
    if (depth >= maxDepth) left = 0
    if (left-- <= 0) return
    depth++
    look()
    depth--
  }
  const definitionOf = (name: unknown): TypeDefinition | undefined =>
    typeof name === 'string' && Object.hasOwn(types, name) ? types[name] : undefined

  const missing = ({ type, default: standard }: MarkedType): void => (standard === undefined ? empty(type) : given(type, standard))

  /** .NET’s default of a type: only structs and what is like them have something in it. */
  const empty = (type: TypeNode): void =>
    inside(() => {
      const definition = definitionOf(type)
      if (definition && 'object' in definition && definition.kind === 'struct') definition.members.forEach(missing)
      else if (typeof type === 'object') ('valueTuple' in type ? type.valueTuple : 'pair' in type ? type.pair : []).forEach(empty)
    })

  /** A default, whose objects may leave members out in their turn. */
  const given = (type: TypeNode, value: unknown): void =>
    inside(() => {
      if (typeof value !== 'object' || value === null) return
      if (isTyped(value)) {
        if (isTypeNode(value.$type, types)) given(value.$type, value.$value)
      } else if (typeof type !== 'string') items(type, value)
      else {
        const definition = definitionOf(type)
        if (!definition || !('object' in definition)) return
        for (const member of definition.members) {
          if (Object.hasOwn(value, member.name)) given(member.type, (value as Record<string, unknown>)[member.name])
          else missing(member)
        }
      }
    })

  const items = (type: CombinedType, value: object): void => {
    if ('nullable' in type) given(type.nullable, value)
    else if ('list' in type) for (const item of Object.values(value)) given(type.list, item)
    else if ('set' in type) for (const item of Object.values(value)) given(type.set, item)
    else if ('array' in type) {
      const item = (type.rank ?? 1) > 1 ? { array: type.array, rank: (type.rank ?? 1) - 1 } : type.array
      for (const each of Object.values(value)) given(item, each)
    } else if ('dictionary' in type || ('collection' in type && type.of.length > 1)) {
      const [, each] = 'dictionary' in type ? type.dictionary : type.of
      for (const one of Object.values(value)) given(each as TypeNode, Array.isArray(value) && Array.isArray(one) ? one[1] : one)
    } else if ('collection' in type) for (const item of Object.values(value)) given(type.of[0] as TypeNode, item)
    else {
      const types = 'tuple' in type ? type.tuple : 'valueTuple' in type ? type.valueTuple : type.pair
      for (const [i, item] of types.entries()) given(item, (value as unknown[])[i])
    }
  }

  marked.forEach(missing)
  return left < 0
}
