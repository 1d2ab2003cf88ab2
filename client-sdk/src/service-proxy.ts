import { type Contract, signatureOf } from '@halibut-gateway/schemas/contract'
import { contractJson, type ParamError, writeArguments } from '@halibut-gateway/schemas/wire'
import { GatewayError } from './errors.ts'

/** Options of one call to an agent. */
export interface CallOptions {
  /** Gives the call up. */
  readonly signal?: AbortSignal
  /** For the whole call, from the gateway’s side. Milliseconds. Default: the gateway’s. */
  readonly timeoutMs?: number
  /** For waiting until a polling agent collects the request. Milliseconds. Default: the gateway’s. */
  readonly queueTimeoutMs?: number
}

/** Sends a call whose arguments are in their JSON form, and gives the result in its JSON form. */
export type InvokeJson = (service: string, method: string, args: unknown[], options: CallOptions) => Promise<unknown>

/** An object whose methods are those of a contract. Its type comes from `ServiceClient`; overloads are found by the arguments. */
export function serviceProxy(contract: Contract, invoke: InvokeJson): object {
  const json = contractJson(contract)
  const call = async (name: string, all: unknown[]): Promise<unknown> => {
    const methods = json.find(name)
    const [args, options] = splitOptions(all, Math.max(...methods.map(method => method.params.length)))
    const overload = writeArguments(json, methods, args, '/args')
    if (!overload.found) {
      const first = overload.errors[0]
      throw new GatewayError(
        'invalid_params',
        first ? `${name}: ${describe(first)}` : `${name}: the arguments do not decide between its overloads`,
        {
          errors: overload.errors,
          candidates: overload.candidates,
        },
      )
    }
    const value = await invoke(contract.service, signatureOf(overload.found), overload.args, options)
    const errors: ParamError[] = []
    const result = json.read(overload.found.result, value, '/value', errors)
    const first = errors[0]
    if (first)
      throw new GatewayError('serialization_failed', `${name}: the result does not fit the contract: ${describe(first)}`, {
        delivery: 'executed',
        errors,
      })
    return overload.found.result === 'void' ? undefined : result
  }
  return new Proxy(Object.freeze({}), {
    get: (_, key) => {
      // A promise resolves to its proxy only where the proxy has no `then`.
      if (typeof key !== 'string' || json.find(key).length === 0) return undefined
      return (...args: unknown[]) => call(key, args)
    },
    has: (_, key) => typeof key === 'string' && json.find(key).length > 0,
  })
}

function splitOptions(all: unknown[], longest: number): [unknown[], CallOptions] {
  const last = all.at(-1)
  if (all.length > longest || isOptions(last)) return [all.slice(0, -1), (last ?? {}) as CallOptions]
  return [all, {}]
}

const optionNames = new Set(['signal', 'timeoutMs', 'queueTimeoutMs'])

function isOptions(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return false
  const keys = Object.keys(value)
  return keys.length > 0 && keys.every(key => optionNames.has(key))
}

function describe(error: ParamError): string {
  return `${error.path}: expected ${error.expected}, got ${error.got}`
}
