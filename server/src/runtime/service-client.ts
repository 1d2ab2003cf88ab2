import type { Contract, ServiceClient } from '@halibut-gateway/schemas/contract'
import { takesCount } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../base/errors.ts'
import { type CompiledContract, type CompiledMethod, matchArguments } from '../codec/contract-values.ts'
import type { DataStream } from '../codec/data-stream.ts'
import type { CallTimes } from './call-deadline.ts'

/** How a proxy’s call is made. */
export type Invoke = (method: CompiledMethod, args: readonly unknown[], options: CallTimes | undefined) => Promise<unknown>

type Call = (...args: unknown[]) => Promise<unknown>

/**
 * The caller’s view of a contract: a frozen object with a function for each method name and for each signature, and nothing else; it can
 * be awaited or printed without a call. One argument more than a method has parameters is the call’s options. Every failure, also that of
 * unsuitable arguments, is a rejection.
 */
export function createServiceClient<C extends Contract>(
  compiled: CompiledContract,
  invoke: Invoke,
): ServiceClient<C, DataStream, CallTimes> {
  const client: Record<string, Call> = Object.create(null)
  const define = (name: string, call: Call): void => {
    Object.defineProperty(client, name, { value: call, enumerable: true })
  }
  for (const name of new Set(compiled.allMethods.map(method => method.name))) {
    const methods = compiled.methods(name)
    const [only] = methods
    // A function named `then` would make a promise of the client.
    if (only !== undefined && name !== 'then') define(name, methods.length === 1 ? callOne(only, invoke) : callFitting(methods, invoke))
  }
  for (const method of compiled.allMethods) define(method.signature, callOne(method, invoke))
  return Object.freeze(client) as ServiceClient<C, DataStream, CallTimes>
}

function callOne(method: CompiledMethod, invoke: Invoke): Call {
  const count = method.params.length
  return (...args) => {
    if (takesCount(method.node, args.length)) return invoke(method, args, undefined)
    const options: unknown = args[count]
    if (args.length === count + 1 && (options === undefined || isOptions(options))) return invoke(method, args.slice(0, count), options)
    const what = args.length === count + 1 ? 'call options have signal, timeoutMs, queueTimeoutMs and caller only' : `not ${args.length}`
    return Promise.reject(new HalibutError('invalid_argument', `${method.signature} takes ${count} arguments and call options: ${what}`))
  }
}

function callFitting(methods: readonly CompiledMethod[], invoke: Invoke): Call {
  return (...args) => {
    try {
      const fitting = chooseOverload(methods, args)
      return invoke(fitting.method, fitting.args, fitting.options)
    } catch (why) {
      return Promise.reject(why)
    }
  }
}

interface Fitting {
  readonly method: CompiledMethod
  readonly args: readonly unknown[]
  readonly options: CallTimes | undefined
}

/** Where the last value can be an argument as well as call options, it is an argument; `undefined` is no argument. */
function chooseOverload(methods: readonly CompiledMethod[], args: readonly unknown[]): Fitting {
  const last = args.at(-1)
  const fewer = args.length - 1
  const mayBeOptions = (last === undefined || isOptions(last)) && methods.some(method => takesCount(method.node, fewer))
  if (!mayBeOptions) return { method: matchArguments(methods, args), args, options: undefined }
  if (last !== undefined) {
    try {
      return { method: matchArguments(methods, args), args, options: undefined }
    } catch (why) {
      if (!(why instanceof HalibutError) || why.kind !== 'invalid_argument') throw why
    }
  }
  const others = args.slice(0, fewer)
  return { method: matchArguments(methods, others), args: others, options: last }
}

const optionNames = new Set(['signal', 'timeoutMs', 'queueTimeoutMs', 'caller'])

function isOptions(value: unknown): value is CallTimes {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return (prototype === Object.prototype || prototype === null) && Object.keys(value).every(name => optionNames.has(name))
}
