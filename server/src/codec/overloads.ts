import { argumentDistance, takesCount } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../base/errors.ts'
import { BsonWriter } from './bson.ts'
import type { EncodeContext, Materialised } from './clr-type.ts'
import type { CompiledMethod } from './type-registry.ts'

/**
 * The service’s side (spec §6.5): the one overload that takes these arguments as they are. Also where there is only one method the types
 * must fit. Otherwise throws `ambiguous_method` with .NET’s text, in which `signature` prints a candidate.
 */
export function resolveOverload(
  methods: readonly CompiledMethod[],
  args: readonly Materialised[],
  signature: (method: CompiledMethod) => string = method => method.dotnetSignature,
): CompiledMethod {
  let found: CompiledMethod | undefined
  let count = 0
  for (const method of methods) {
    if (takes(method, args)) {
      found ??= method
      count++
    }
  }
  if (found !== undefined && count === 1) return found
  const candidates = count > 1 ? methods.filter(method => takes(method, args)) : methods
  const lines = [
    count > 1
      ? 'More than one possible match for the requested service method was found given the argument types. The matches were:'
      : 'Could not decide which candidate to call out of the following methods:',
    ...candidates.map(method => ` - ${signature(method)}`),
    'The request arguments were:',
    args.map(arg => arg.clrType).join(', '),
  ]
  throw new HalibutError('ambiguous_method', `${lines.join('\n')}\n`, {
    dotnetType: 'Halibut.Exceptions.AmbiguousMethodMatchHalibutClientException',
  })
}

function takes(method: CompiledMethod, args: readonly Materialised[]): boolean {
  const { params } = method
  if (params.length !== args.length) return false
  for (let i = 0; i < params.length; i++) {
    if (params[i]?.accepts(args[i] as Materialised) !== true) return false
  }
  return true
}

/**
 * The caller’s side: the overload that these JavaScript values can be written for, the closest where several fit. Throws `ambiguous_method` where several are as close, and
 * where none does `invalid_argument` (one candidate: its own complaint), each with the signatures.
 */
export function matchArguments(methods: readonly CompiledMethod[], args: readonly unknown[]): CompiledMethod {
  const [only, ...others] = methods
  if (only === undefined) throw new HalibutError('method_not_found', 'the contract has no such method')
  if (others.length === 0) {
    only.complete(args)
    return only
  }
  const scratch = new BsonWriter()
  // One that needs no default is meant first.
  const exact = methods.filter(method => method.params.length === args.length && fits(scratch, method, args))
  const able =
    exact.length > 0
      ? exact
      : methods.filter(method => takesCount(method.node, args.length) && fits(scratch, method, method.complete(args)))
  const fitting = closest(able, args)
  const [found, ...more] = fitting
  if (found !== undefined && more.length === 0) return found
  const list = (found === undefined ? methods : fitting).map(method => method.signature).join(', ')
  throw found === undefined
    ? new HalibutError('invalid_argument', `no overload of ${only.name} takes these ${args.length} arguments; there are ${list}`)
    : new HalibutError('ambiguous_method', `several overloads of ${only.name} take these arguments, name one: ${list}`)
}

/** A `number` is a double before it is an int64, as for the browser’s proxies. */
function closest(methods: readonly CompiledMethod[], args: readonly unknown[]): readonly CompiledMethod[] {
  if (methods.length < 2) return methods
  const distances = methods.map(method => argumentDistance(method.node, args))
  const least = Math.min(...distances)
  return methods.filter((_, i) => distances[i] === least)
}

function fits(scratch: BsonWriter, method: CompiledMethod, args: readonly unknown[]): boolean {
  const context: EncodeContext = {
    streams: [],
    maxStreams: Number.MAX_SAFE_INTEGER,
    corlib: 'mscorlib',
    depth: 3,
    maxDepth: 64,
    trace: undefined,
    seen: undefined,
  }
  try {
    scratch.startRoot()
    method.params.forEach((param, i) => {
      param.encode(scratch, String(i), args[i], 'object', context)
    })
    return true
  } catch (error) {
    if (error instanceof HalibutError) return false
    throw error
  }
}
