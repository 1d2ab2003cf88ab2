import { type MethodNode, type ParameterNode, signatureOf, type TypeNode } from '../contract-types.ts'
import type { ContractJson, PutOff, StreamReader, StreamWriter } from './contract-json.ts'
import { takesCount } from './marks.ts'
import type { ParamError } from './messages.ts'

/** How far a method is away for each default that stands for an argument: one that needs none is meant first. */
const defaultDistance = 100

/** What came of finding the overload for some arguments. */
export type Overload =
  | { readonly fitting: MethodNode; readonly args: unknown[] }
  | { readonly fitting: undefined; readonly errors: readonly ParamError[]; readonly candidates: readonly string[] }

/**
 * The overload that arguments in their JSON form fit, with the arguments read. No guessing: where several fit, none is chosen and
 * `candidates` lists their signatures.
 */
export function readArguments(
  json: ContractJson,
  methods: readonly MethodNode[],
  args: readonly unknown[],
  path: string,
  streams?: StreamReader,
): Overload {
  return chooseOverload(tryArguments(json, methods, args, path, streams))
}

/** The first half of {@link readArguments}: each overload tried. What `putOff` takes over has to be done before the second half. */
export function tryArguments(
  json: ContractJson,
  methods: readonly MethodNode[],
  args: readonly unknown[],
  path: string,
  streams?: StreamReader,
  putOff?: PutOff,
): readonly Attempt[] {
  return methods.map(method =>
    attempt(method, args, path, 0, (type, arg, place, errors) => json.read(type, arg, place, errors, streams, putOff), undefined),
  )
}

/**
 * The overload that JavaScript values fit, with the values in their JSON form. Where several fit, the closest wins: a `number` is a double
 * before it is an int64, text is a string before it is a decimal.
 */
export function writeArguments(
  json: ContractJson,
  methods: readonly MethodNode[],
  args: readonly unknown[],
  path: string,
  streams?: StreamWriter,
): Overload {
  return chooseOverload(methods.map(method => attempt(method, args, path, argumentDistance(method, args), json.write, streams)))
}

/** What came of reading arguments for one overload. */
export interface Attempt {
  readonly method: MethodNode
  readonly args: unknown[]
  readonly score: number
  readonly errors: readonly ParamError[]
}

function attempt<S>(
  method: MethodNode,
  args: readonly unknown[],
  path: string,
  score: number,
  convert: (type: ParameterNode, arg: unknown, path: string, errors: ParamError[], streams: S) => unknown,
  streams: S,
): Attempt {
  const errors: ParamError[] = []
  const missing = method.params.length - args.length
  if (!takesCount(method, args.length)) {
    errors.push({ path, expected: `${method.params.length} arguments, for ${signatureOf(method)}`, got: `${args.length}` })
    return { method, args: [], score, errors }
  }
  const converted = method.params.map((param, i) => convert(param, args[i], `${path}/${i}`, errors, streams))
  return { method, args: converted, score: score + missing * defaultDistance, errors }
}

/** The second half of {@link readArguments}: the one that fits. */
export function chooseOverload(tried: readonly Attempt[]): Overload {
  const fits = tried.filter(each => !each.errors[0]).sort((a, b) => a.score - b.score)
  const [first, second] = fits
  if (first && first.score !== second?.score) return { fitting: first.method, args: first.args }
  const shown = fits.length > 0 ? fits : tried
  return {
    fitting: undefined,
    errors: tried.length === 1 ? (tried[0]?.errors ?? []) : [],
    candidates: shown.map(each => signatureOf(each.method)),
  }
}

/** How far JavaScript values are from a method’s parameters, among those that they fit; the caller’s proxies choose the least. */
export function argumentDistance(method: MethodNode, args: readonly unknown[]): number {
  return method.params.reduce((sum, param, i) => sum + distance(param.type, args[i]), 0)
}

function distance(type: TypeNode, value: unknown): number {
  const name = typeof type === 'string' ? type : 'nullable' in type && typeof type.nullable === 'string' ? type.nullable : undefined
  if (name === undefined) return 0
  if (typeof value === 'number') return name === 'double' ? 0 : ['int64', 'uint64', 'bigInteger'].includes(name) ? 2 : 1
  if (typeof value === 'bigint') return name === 'int64' ? 0 : 1
  if (typeof value === 'string') return name === 'string' ? 0 : 1
  return 0
}
