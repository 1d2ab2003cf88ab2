import {
  type CancelMode,
  type Contract,
  type MethodNode,
  type ParameterNode,
  type ServiceClient,
  signatureOf,
} from '@halibut-gateway/schemas/contract'
import type { InvokeResult } from '@halibut-gateway/schemas/wire'
import { contractJson, isStreamHandle, type ParamError, takesCount, writeArguments } from '@halibut-gateway/schemas/wire'
import { encoded, GatewayError } from './errors.ts'
import type { Download } from './streams/download.ts'
import type { CallStreams } from './streams/stream-table.ts'
import type { UploadProgress } from './streams/upload.ts'
import type { UploadSource } from './streams/upload-source.ts'

/** Options of one call to an agent. */
export interface CallOptions {
  /** Gives the call up. */
  readonly signal?: AbortSignal
  /**
   * What the agent notices of that: `kill` ends its connection, `skip` lets it finish for nobody. Default: the contract’s, else `kill` for a
   * listening agent and `skip` for a polling one.
   */
  readonly cancel?: CancelMode
  /** All of the call, to its answer; data streams that follow have limits of their own. Milliseconds. Default: no limit. */
  readonly timeoutMs?: number
  /**
   * The part of it that waits: in this client, for a connection to the gateway, and then at the gateway, for one to the agent. Milliseconds.
   * Default: what is left of `timeoutMs`; without that for ever here, and the gateway’s there.
   */
  readonly queueTimeoutMs?: number
  /** Runs the call once, however often it is made with this key; `client.callOutcome(key)` tells what became of it. */
  readonly idempotencyKey?: string
  /**
   * Which digest of each data stream is wanted, true: SHA-256: in `Download.sha256` or `sha1`, and for uploads in the result of `invoke`. Default
   * none.
   */
  readonly digest?: boolean | 'sha256' | 'sha1'
  /** Hears how far the uploads of this call are. */
  readonly onProgress?: (progress: UploadProgress) => void
}

/** One agent, as the client calls it. */
export interface AgentHandle {
  readonly id: string
  /** The agent’s service, typed by its contract: a data stream goes up as an {@link UploadSource} and comes down as a {@link Download}. */
  service<C extends Contract>(contract: C): ServiceClient<C, UploadSource, CallOptions, Download>
  /** A call without a contract at this end: arguments and result are in their JSON forms, but for data streams; a `bigint` and a `Map` are taken too. */
  invoke(service: string, method: string, args: readonly unknown[], options?: CallOptions): Promise<InvokeResult>
}

/** What calls to an agent are made with. */
export interface AgentLine {
  /** Sends a call whose arguments are in their JSON forms; `parameters` are what they stand for, where that is known. */
  invoke(
    service: string,
    method: string,
    args: unknown[],
    streams: CallStreams,
    options: CallOptions,
    parameters?: readonly ParameterNode[],
  ): Promise<InvokeResult>
  /** The data streams of a call that is about to be made. */
  streams(options: CallOptions): CallStreams
}

/** A call without a contract at this end: JSON forms go and come, but for data streams. */
export async function invokeUntyped(
  line: AgentLine,
  service: string,
  method: string,
  args: readonly unknown[],
  options: CallOptions,
): Promise<InvokeResult> {
  const streams = line.streams(options)
  const json = encoded(() => args.map(arg => replaced(arg, streams.write)))
  const result = await line.invoke(service, method, json, streams, options)
  return { ...result, value: replaced(result.value, value => (isStreamHandle(value) ? streams.read(value) : undefined)) }
}

/** An object whose methods are those of a contract. Its type comes from `ServiceClient`; overloads are found by the arguments. */
export function serviceProxy(contract: Contract, line: AgentLine): object {
  const json = contractJson(contract)
  const call = async (name: string, all: unknown[]): Promise<unknown> => {
    const methods = json.find(name)
    const [given, options] = splitOptions(all, methods)
    const streams = line.streams(options)
    const overload = encoded(() => writeArguments(json, methods, given, '/args', streams.write))
    if (!overload.fitting) {
      const { errors, candidates } = overload
      const what = errors[0] ? describe(errors[0]) : 'the arguments fit several overloads'
      throw new GatewayError('invalid_params', `${name}: ${what}`, { errors, candidates })
    }
    const { fitting, args } = overload
    const { value } = await line.invoke(contract.service, signatureOf(fitting), args, streams, options, fitting.params)
    if (fitting.result === 'void') return undefined
    const errors: ParamError[] = []
    const result = json.read(fitting.result, value, '/value', errors, streams.read)
    if (!errors[0]) return result
    throw new GatewayError('serialization_failed', `${name}: the result does not fit the contract: ${describe(errors[0])}`, {
      delivery: 'executed',
      errors,
      result: value,
    })
  }
  return new Proxy(Object.freeze({}), {
    get: (_, key) => {
      // A promise resolves to its proxy only where the proxy has no `then`.
      if (typeof key !== 'string' || json.find(key).length === 0) return undefined
      return (...args: unknown[]) => call(key, args)
    },
  })
}

/** Options stand behind the arguments of an overload, where no overload takes that many: what may be an argument is one. */
function splitOptions(all: unknown[], methods: readonly MethodNode[]): [unknown[], CallOptions] {
  const takes = (count: number): boolean => methods.some(method => takesCount(method, count))
  const last = all.at(-1)
  return !takes(all.length) && takes(all.length - 1) && isOptions(last) ? [all.slice(0, -1), last ?? {}] : [all, {}]
}

const optionNames = ['signal', 'cancel', 'timeoutMs', 'queueTimeoutMs', 'idempotencyKey', 'digest', 'onProgress']

function isOptions(value: unknown): value is CallOptions | undefined {
  return value === undefined || (isPlain(value) && Object.keys(value).every(key => optionNames.includes(key)))
}

/** A copy of a JSON value in which `replace` has put something in the place of what it knows. */
function replaced(value: unknown, replace: (value: unknown) => unknown): unknown {
  const instead = replace(value)
  if (instead !== undefined) return instead
  if (typeof value === 'bigint') return { $numberLong: `${value}` }
  if (value instanceof Map) {
    const pairs = [...(value as Map<unknown, unknown>)]
    return replaced(pairs.every(([key]) => typeof key === 'string') ? Object.fromEntries(pairs) : pairs, replace)
  }
  if (Array.isArray(value)) return value.map(each => replaced(each, replace))
  if (!isPlain(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, replaced(each, replace)]))
}

function isPlain(value: unknown): value is object {
  return Object.getPrototypeOf(value ?? 0) === Object.prototype
}

function describe(error: ParamError): string {
  return `${error.path}: expected ${error.expected}, got ${error.got}`
}
