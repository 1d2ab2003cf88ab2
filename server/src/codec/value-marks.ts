import {
  type Contract,
  isTyped,
  type MarkedType,
  type MemberNode,
  type MethodNode,
  type TypeDefinition,
  type TypeNode,
} from '@halibut-gateway/schemas/contract'
import { contractJson, describeGot, escapePointer, wantedByMarks } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../base/errors.ts'

/** The first value of a message that the marks of its contract do not want. */
export interface Misfit {
  /** A JSON pointer from the value that was checked. */
  readonly path: string
  readonly expected: string
  readonly got: string
}

/** Throws where there is a misfit: `invalid_argument` of arguments, `serialization_failed` of a result. `place` stands before its path. */
export function refuseMisfit(misfit: Misfit | undefined, place: string, kind: 'invalid_argument' | 'serialization_failed'): void {
  if (!misfit) return
  // What .NET says of arguments that no method takes, before anything runs.
  const dotnetType = kind === 'invalid_argument' ? 'Halibut.Exceptions.AmbiguousMethodMatchHalibutClientException' : undefined
  throw new HalibutError(kind, `${place}${misfit.path}: expected ${misfit.expected}, got ${misfit.got}`, { dotnetType })
}

/** Finds what the marks do not want in the values of a method; each is `undefined` where no mark of its types wants anything. */
export interface MarkedMethod {
  readonly arguments: ((args: readonly unknown[]) => Misfit | undefined) | undefined
  readonly result: Check | undefined
}

type Check = (value: unknown) => Misfit | undefined

/** The marks of a contract’s methods, which types alone do not tell. The contract must have been checked. */
export function markedMethods(contract: Contract): (method: MethodNode) => MarkedMethod {
  const types: Readonly<Record<string, TypeDefinition>> = contract.types ?? {}
  const all = Object.values(types).flatMap(definition => ('object' in definition ? definition.members : []))
  if (![...all, ...contract.methods.flatMap(method => method.params)].some(isMarked)) return () => unmarked
  const checks = new Checks(types)
  return method => {
    const params = method.params.map(param => checks.marked(param))
    return {
      arguments: params.some(check => check !== undefined)
        ? args => first(params, (check, i) => below(String(i), check?.(args[i])))
        : undefined,
      result: checks.of(method.result),
    }
  }
}

/** The defaults of parameters and members as values, a fresh one each time; `undefined` for those without. */
export function defaultsOf(contract: Contract): (marked: MarkedType) => (() => unknown) | undefined {
  const json = contractJson(contract)
  return ({ type, default: standard }) => (standard === undefined ? undefined : () => json.read(type, standard, '', []))
}

const unmarked: MarkedMethod = { arguments: undefined, result: undefined }

function isMarked({ required, maxLength, pattern }: MarkedType): boolean {
  return required === true || maxLength !== undefined || pattern !== undefined
}

/** The checks of a contract’s types. */
class Checks {
  readonly #types: Readonly<Record<string, TypeDefinition>>
  readonly #named = new Map<string, Check | undefined>()

  constructor(types: Readonly<Record<string, TypeDefinition>>) {
    this.#types = types
  }

  /** Of a parameter or member; `undefined` where there is nothing to check. */
  marked(node: MarkedType): Check | undefined {
    const inner = this.of(node.type)
    if (!isMarked(node) && !inner) return undefined
    return value => {
      // A default stands for it, which is right.
      if (value === undefined && node.default !== undefined) return undefined
      const expected = wantedByMarks(node, value)
      const misfit = expected === undefined ? inner?.(value) : { path: '', expected, got: describeGot(value) }
      return misfit && node.secret ? { ...misfit, got: 'a secret' } : misfit
    }
  }

  of(node: TypeNode): Check | undefined {
    if (typeof node === 'string') return this.#nameOf(node)
    if ('nullable' in node) return this.of(node.nullable)
    if ('list' in node) return items(this.of(node.list))
    if ('set' in node) return items(this.of(node.set))
    if ('array' in node) {
      let check = this.of(node.array)
      for (let rank = node.rank ?? 1; rank > 0; rank--) check = items(check)
      return check
    }
    if ('dictionary' in node) return values(this.of(node.dictionary[1]))
    if ('collection' in node) {
      const [item, value] = node.of
      return value === undefined ? items(this.of(item as TypeNode)) : values(this.of(value))
    }
    const parts = ('tuple' in node ? node.tuple : 'valueTuple' in node ? node.valueTuple : node.pair).map(part => this.of(part))
    if (!parts.some(check => check !== undefined)) return undefined
    return value => (Array.isArray(value) ? first(parts, (check, i) => below(String(i), check?.(value[i]))) : undefined)
  }

  #nameOf(name: string): Check | undefined {
    if (name === 'object') return value => (isTyped(value) ? this.#stated(value.$type, value.$value) : undefined)
    const definition = Object.hasOwn(this.#types, name) ? this.#types[name] : undefined
    if (!definition || 'enum' in definition || !this.#holdsMarks(name, new Set())) return undefined
    if (this.#named.has(name)) return value => this.#named.get(name)?.(value)
    // Its place is taken first: its members may name it.
    this.#named.set(name, undefined)
    const members = definition.members.map((member): [MemberNode, Check | undefined] => [member, this.marked(member)])
    const own: Check = value =>
      isRecord(value)
        ? first(members, ([{ name: key }, check]) => below(key, check?.(Object.hasOwn(value, key) ? value[key] : undefined)))
        : undefined
    const check: Check = value => (isTyped(value) ? this.#stated(value.$type, value.$value) : own(value))
    this.#named.set(name, check)
    return check
  }

  /** A value whose run-time type is stated. */
  #stated(type: TypeNode, value: unknown): Misfit | undefined {
    return below('$value', this.of(type)?.(value))
  }

  #holdsMarks(node: TypeNode, seen: Set<string>): boolean {
    if (typeof node !== 'string') {
      return Object.values(node)
        .flat()
        .some(part => (typeof part === 'string' || typeof part === 'object') && this.#holdsMarks(part as TypeNode, seen))
    }
    if (node === 'object') return true
    const definition = Object.hasOwn(this.#types, node) ? this.#types[node] : undefined
    if (!definition || 'enum' in definition || seen.has(node)) return false
    seen.add(node)
    return (
      definition.members.some(member => isMarked(member) || this.#holdsMarks(member.type, seen)) ||
      (definition.derived ?? []).some(name => this.#holdsMarks(name, seen))
    )
  }
}

function items(check: Check | undefined): Check | undefined {
  if (!check) return undefined
  return value =>
    Array.isArray(value) || value instanceof Set
      ? first([...(value as Iterable<unknown>)], (item, i) => below(String(i), check(item)))
      : undefined
}

function values(check: Check | undefined): Check | undefined {
  if (!check) return undefined
  return value => {
    const entries = value instanceof Map ? [...(value as Map<unknown, unknown>)] : isRecord(value) ? Object.entries(value) : []
    return first(entries, ([key, each]) => below(String(key), check(each)))
  }
}

function first<T>(all: readonly T[], find: (one: T, i: number) => Misfit | undefined): Misfit | undefined {
  for (const [i, one] of all.entries()) {
    const misfit = find(one, i)
    if (misfit) return misfit
  }
  return undefined
}

function below(key: string, misfit: Misfit | undefined): Misfit | undefined {
  return misfit && { ...misfit, path: `/${escapePointer(key)}${misfit.path}` }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
