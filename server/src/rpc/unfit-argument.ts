import type { Contract, MarkedType, MethodNode, TypeNode } from '@halibut-gateway/schemas/contract'
import { type ContractJson, describeGot, escapePointer } from '@halibut-gateway/schemas/wire'
import type { UnfitValueError } from '../base/unfit-value.ts'
import { ParamsError } from './params-error.ts'

/**
 * The error of an argument that has its form, but cannot be sent: outside its type’s range, too deep, or with a name that the wire has not
 * got. `json` is what the browser sent, `args` what was made of it, `typed` by which contract.
 */
export function unfitArgument(
  error: UnfitValueError,
  method: string,
  json: readonly unknown[],
  args: readonly unknown[],
  typed: { readonly json: Pick<ContractJson, 'contract'>; readonly method: MethodNode } | undefined,
): ParamsError {
  let path = '/args'
  let value: unknown = args
  let form: unknown = json
  for (const part of error.place.slice(1)) {
    const keys = value instanceof Map ? [...(value as Map<unknown, unknown>).keys()] : []
    const index = keys.findIndex(key => String(key) === part)
    const isPair = Array.isArray(form) && index >= 0
    path += isPair ? `/${index}/1` : `/${escapePointer(part)}`
    value = index >= 0 ? (value as Map<unknown, unknown>).get(keys[index]) : member(value, part)
    form = isPair ? member(member(form, String(index)), '1') : member(form, part)
  }
  const [, expected = `a value that can be sent (${error.problem})`] = /^expected (.*), got .*$/s.exec(error.problem) ?? []
  const param = typed?.method.params[Number(error.place[1])]
  const got = describeGot(form, typed && param && holdsSecret(typed.json.contract, param, new Set()))
  return new ParamsError(`the arguments of ${method} do not fit: ${path}: expected ${expected}, got ${got}`, [{ path, expected, got }])
}

/** Whether the contract marks a parameter, or anything in it, as secret. */
function holdsSecret(contract: Contract, { secret, type }: MarkedType, seen: Set<string>): boolean {
  return secret === true || typeHoldsSecret(contract, type, seen)
}

function typeHoldsSecret(contract: Contract, type: TypeNode, seen: Set<string>): boolean {
  // Any type of the contract may stand there.
  if (type === 'object') return Object.keys(contract.types ?? {}).some(each => typeHoldsSecret(contract, each, seen))
  if (typeof type === 'string') {
    const definition = contract.types && Object.hasOwn(contract.types, type) ? contract.types[type] : undefined
    if (!definition || 'enum' in definition || seen.has(type)) return false
    seen.add(type)
    const { members, derived = [] } = definition
    return members.some(each => holdsSecret(contract, each, seen)) || derived.some(each => typeHoldsSecret(contract, each, seen))
  }
  const parts: readonly unknown[] = Object.values(type).flat()
  return parts.some(part => (typeof part === 'string' || typeof part === 'object') && typeHoldsSecret(contract, part as TypeNode, seen))
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined
}
