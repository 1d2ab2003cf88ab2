import { type Contract, scalarNames, type TypeNode } from '@halibut-gateway/schemas/contract'

const scalars: ReadonlySet<string> = new Set(scalarNames)
const deepest = 24

/** Whether what a value says its type is names one: who types it may write anything. */
export function isTypeNode(contract: Contract, node: unknown, depth = 0): node is TypeNode {
  if (typeof node === 'string') return node !== 'void' && (scalars.has(node) || Object.hasOwn(contract.types ?? {}, node))
  if (typeof node !== 'object' || node === null || Array.isArray(node) || depth > deepest) return false
  const { rank, of, collection, ...rest } = node as Record<string, unknown>
  if (collection !== undefined) return typeof collection === 'string' && rank === undefined && areTypes(contract, of, 2, depth)
  const [[kind, part] = [], ...others] = Object.entries(rest)
  if (kind === undefined || others.length > 0 || of !== undefined) return false
  if (rank !== undefined && !(kind === 'array' && Number.isSafeInteger(rank))) return false
  switch (kind) {
    case 'nullable':
    case 'list':
    case 'array':
    case 'set':
      return isTypeNode(contract, part, depth + 1)
    case 'dictionary':
    case 'pair':
      return areTypes(contract, part, 2, depth) && part.length === 2
    case 'tuple':
    case 'valueTuple':
      return areTypes(contract, part, 7, depth)
    default:
      return false
  }
}

function areTypes(contract: Contract, nodes: unknown, most: number, depth: number): nodes is readonly unknown[] {
  if (!Array.isArray(nodes) || nodes.length === 0 || nodes.length > most) return false
  return nodes.every(each => isTypeNode(contract, each, depth + 1))
}
