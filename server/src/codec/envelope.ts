import { HalibutError } from '../base/errors.ts'
import { defaultLimits } from '../base/limits.ts'
import { UnfitValueError } from '../base/unfit-value.ts'
import { BsonWriter } from './bson.ts'
import type { EncodeContext, ValueCodec } from './clr-type.ts'
import { compileTypes } from './compile-types.ts'
import type { DataStream } from './data-stream.ts'
import { requestType, responseType } from './decode-envelope.ts'
import { untypedArgumentType } from './materialise.ts'
import { pointerOf } from './places.ts'
import type { Corlib } from './type-names.ts'

export {
  type Charge,
  type DecodedRequest,
  type DecodedResponse,
  type DecodeLimits,
  decodeRequest,
  decodeRequestInParts,
  decodeResponse,
  decodeResponseInParts,
} from './decode-envelope.ts'

/** A message ready for the wire but for its compression: one BSON document, and the streams that follow it, in order. */
export interface EncodedMessage {
  readonly document: Buffer
  readonly streams: DataStream[]
}

/** What encoding may use. Defaults: `mscorlib`, and the limits of `base/limits.ts`. */
export interface CodecOptions {
  readonly corlib?: Corlib
  readonly maxMessageDepth?: number
  readonly maxStreamsPerMessage?: number
}

/** Who is called, and how the call is known. */
export interface RequestHead {
  /** Echoed in the response; opaque. */
  readonly id: string
  /** A GUID. */
  readonly activityId: string
  readonly service: string
  readonly method: string
}

/** A failure as it travels (spec §4.7). */
export interface RemoteErrorDocument {
  readonly message: string
  readonly details?: string | null
  /** `HalibutErrorType`: the full name of a .NET exception. */
  readonly type?: string | null
}

/** The message that says nothing: a polling client’s no-op, uncompressed (spec §4.2). */
export const nullMessage: Buffer = Buffer.from('0e0000000a4d6573736167650000', 'hex')

const noContract = compileTypes({ contract: 1, service: 'none', methods: [] })
const untypedArgument = untypedArgumentType(noContract.typeOf)

/** Encoding never waits, so one buffer serves all. For the row “message codec”. */
const writer = new BsonWriter()

/**
 * Encodes a request. Without `params` the arguments are untyped: whole numbers go out as longs, others as doubles. Throws
 * `serialization_failed` with the JSON pointer of the value (`/params/0/Name`) that does not fit; nothing has been written then.
 */
export function encodeRequest(
  head: RequestHead,
  params: readonly ValueCodec[] | undefined,
  args: readonly unknown[],
  options: CodecOptions,
): EncodedMessage {
  if (params !== undefined && params.length !== args.length) {
    throw new HalibutError('invalid_argument', `${head.service}.${head.method} takes ${params.length} arguments, not ${args.length}`)
  }
  return encode(options, 3, writeRequest, { head, params, args })
}

interface RequestParts {
  readonly head: RequestHead
  readonly params: readonly ValueCodec[] | undefined
  readonly args: readonly unknown[]
}

function writeRequest(context: EncodeContext, { head, params, args }: RequestParts): void {
  writer.startRoot()
  writer.startDocument('Message')
  writer.string('$type', requestType)
  writer.string('id', head.id)
  writer.guid('activityId', head.activityId)
  writer.null('endpoint')
  writer.string('service', head.service)
  writer.string('method', head.method)
  writer.startArray('params')
  context.trace?.push('params')
  for (let i = 0; i < args.length; i++) {
    const name = String(i)
    context.trace?.push(name)
    const codec = params === undefined ? untypedArgument : (params[i] as ValueCodec)
    codec.encode(writer, name, args[i], 'object', context)
    context.trace?.pop()
  }
  writer.end()
  writer.end()
}

/**
 * Encodes a response: a failure, or a result by its codec (untyped without one). Throws `serialization_failed` with the JSON pointer of the
 * value that does not fit.
 */
export function encodeResponse(id: string, outcome: ResponseOutcome, options: CodecOptions): EncodedMessage {
  return encode(options, 2, writeResponse, { id, outcome })
}

type ResponseOutcome = { readonly error: RemoteErrorDocument } | { readonly result: unknown; readonly codec: ValueCodec | undefined }

function writeResponse(context: EncodeContext, { id, outcome }: { readonly id: string; readonly outcome: ResponseOutcome }): void {
  writer.startRoot()
  writer.startDocument('Message')
  writer.string('$type', responseType)
  writer.string('id', id)
  if ('error' in outcome) {
    writer.startDocument('error')
    writer.string('message', outcome.error.message)
    writeText('details', outcome.error.details)
    writeText('HalibutErrorType', outcome.error.type)
    writer.end()
    writer.null('result')
  } else {
    writer.null('error')
    context.trace?.push('result')
    ;(outcome.codec ?? untypedArgument).encode(writer, 'result', outcome.result, 'object', context)
  }
  writer.end()
}

function writeText(name: string, text: string | null | undefined): void {
  if (text === null || text === undefined) writer.null(name)
  else writer.string(name, text)
}

/** Writes a message; where that fails, once more to find the place. */
function encode<T>(options: CodecOptions, depth: number, write: (context: EncodeContext, parts: T) => void, parts: T): EncodedMessage {
  try {
    return attempt(options, depth, write, parts, undefined)
  } catch {
    const trace: string[] = []
    try {
      return attempt(options, depth, write, parts, trace)
    } catch (error) {
      if (!(error instanceof HalibutError)) throw error
      throw trace.length === 0 ? error : new UnfitValueError(error, trace, pointerOf(trace))
    }
  }
}

function attempt<T>(
  options: CodecOptions,
  depth: number,
  write: (context: EncodeContext, parts: T) => void,
  parts: T,
  trace: string[] | undefined,
): EncodedMessage {
  const streams: DataStream[] = []
  const context: EncodeContext = {
    streams,
    seen: undefined,
    maxStreams: options.maxStreamsPerMessage ?? defaultLimits.maxStreamsPerMessage,
    corlib: options.corlib ?? 'mscorlib',
    depth,
    maxDepth: options.maxMessageDepth ?? defaultLimits.maxMessageDepth,
    trace,
  }
  write(context, parts)
  return { document: writer.finish(), streams }
}
