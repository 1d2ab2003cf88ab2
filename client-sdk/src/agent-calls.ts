import { type Contract, signatureOf } from '@halibut-gateway/schemas/contract'
import type { InvokeResult } from '@halibut-gateway/schemas/wire'
import { contractJson, isStreamHandle, type ParamError, type StreamHandle, writeArguments } from '@halibut-gateway/schemas/wire'
import { GatewayError } from './errors.ts'
import type { Download } from './streams/download.ts'
import type { CallUploads } from './streams/stream-table.ts'
import type { UploadProgress } from './streams/upload.ts'

/** Options of one call to an agent. */
export interface CallOptions {
  /** Gives the call up. */
  readonly signal?: AbortSignal
  /** What the agent notices of that: `kill` (default) ends its connection, `skip` lets it finish for nobody. */
  readonly cancel?: 'kill' | 'skip'
  /** From the moment the request is handed to the agent’s connection. Milliseconds. Default: the gateway’s. */
  readonly timeoutMs?: number
  /** For waiting until a polling agent collects the request. Milliseconds. Default: the gateway’s. */
  readonly queueTimeoutMs?: number
  /** Runs the call once, however often it is made with this key; `client.callOutcome(key)` tells what became of it. */
  readonly idempotencyKey?: string
  /** Whether SHA-256 of each data stream is wanted: in `Download.sha256`, and for uploads in the result of `invoke`. Default false. */
  readonly digest?: boolean
  /** Hears how far the uploads of this call are. */
  readonly onProgress?: (progress: UploadProgress) => void
}

/** What calls to an agent are made with. */
export interface AgentLine {
  /** Sends a call whose arguments are in their JSON forms. */
  invoke(service: string, method: string, args: unknown[], uploads: CallUploads, options: CallOptions): Promise<InvokeResult>
  /** The uploads of a call that is about to be made. */
  uploads(options: CallOptions): CallUploads
  /** Gives the download of a handle. */
  download(handle: StreamHandle): Download
}

/** What of the options the gateway hears; JSON leaves out what is undefined. */
export function invokeParams({ timeoutMs, queueTimeoutMs, idempotencyKey, digest }: CallOptions): object {
  return { timeoutMs, queueTimeoutMs, idempotencyKey, digest }
}

/** A call without a contract at this end: JSON forms go and come, but for data streams. */
export async function invokeUntyped(
  line: AgentLine,
  service: string,
  method: string,
  args: readonly unknown[],
  options: CallOptions,
): Promise<InvokeResult> {
  const uploads = line.uploads(options)
  const json = args.map(arg => replaced(arg, value => uploads.write(value)))
  const result = await line.invoke(service, method, json, uploads, options)
  return { ...result, value: replaced(result.value, value => (isStreamHandle(value) ? line.download(value) : undefined)) }
}

/** An object whose methods are those of a contract. Its type comes from `ServiceClient`; overloads are found by the arguments. */
export function serviceProxy(contract: Contract, line: AgentLine): object {
  const json = contractJson(contract)
  const call = async (name: string, all: unknown[]): Promise<unknown> => {
    const methods = json.find(name)
    const [given, options] = splitOptions(all, Math.max(...methods.map(method => method.params.length)))
    const uploads = line.uploads(options)
    const overload = writeArguments(json, methods, given, '/args', value => uploads.write(value))
    if (!overload.found) {
      const { errors, candidates } = overload
      const what = errors[0] ? describe(errors[0]) : 'the arguments fit several overloads'
      throw new GatewayError('invalid_params', `${name}: ${what}`, { errors, candidates })
    }
    const { found, args } = overload
    const { value } = await line.invoke(contract.service, signatureOf(found), args, uploads, options)
    if (found.result === 'void') return undefined
    const errors: ParamError[] = []
    const result = json.read(found.result, value, '/value', errors, handle => line.download(handle))
    if (!errors[0]) return result
    throw new GatewayError('serialization_failed', `${name}: the result does not fit the contract: ${describe(errors[0])}`, {
      delivery: 'executed',
      errors,
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

function splitOptions(all: unknown[], longest: number): [unknown[], CallOptions] {
  const last = all.at(-1)
  if (all.length > longest || isOptions(last)) return [all.slice(0, -1), (last ?? {}) as CallOptions]
  return [all, {}]
}

const optionNames = new Set(['signal', 'cancel', 'timeoutMs', 'queueTimeoutMs', 'idempotencyKey', 'digest', 'onProgress'])

function isOptions(value: unknown): boolean {
  if (!isPlain(value)) return false
  const keys = Object.keys(value)
  return keys.length > 0 && keys.every(key => optionNames.has(key))
}

/** A copy of a JSON value in which `replace` has put something in the place of what it knows. */
function replaced(value: unknown, replace: (value: unknown) => unknown): unknown {
  const instead = replace(value)
  if (instead !== undefined) return instead
  if (Array.isArray(value)) return value.map(each => replaced(each, replace))
  if (!isPlain(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, replaced(each, replace)]))
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

function describe(error: ParamError): string {
  return `${error.path}: expected ${error.expected}, got ${error.got}`
}
