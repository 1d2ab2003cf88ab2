import { HalibutError } from '../base/errors.ts'
import { defaultLimits } from '../base/limits.ts'
import { BsonReader, BsonWriter, bsonType, indexName } from './bson.ts'
import { type DecodeContext, type EncodeContext, type Materialised, materialisedNull, readFailed, type ValueCodec } from './clr-type.ts'
import { compileTypes } from './compile-types.ts'
import type { DataStream } from './data-stream.ts'
import { materialise, untypedArgumentType } from './materialise.ts'
import { decodePlace, pointerOf } from './places.ts'
import { scalarTypes } from './scalar-values.ts'
import { readGuid } from './text-values.ts'
import { type Corlib, parseTypeName } from './type-names.ts'
import type { TypeRegistry, TypeResolver } from './type-registry.ts'

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

/** What decoding may cost. */
export interface DecodeLimits {
  readonly maxMessageDepth: number
  readonly maxMessageElements: number
  readonly maxStreamsPerMessage: number
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

/** A request as it came. `service` and `method` are null where they were missing. */
export interface DecodedRequest {
  readonly null: false
  readonly id: string
  readonly activityId: string
  readonly service: string | null
  readonly method: string | null
  readonly args: readonly Materialised[]
  readonly streams: DataStream[]
}

/** A response as it came. */
export interface DecodedResponse {
  readonly id: string
  readonly error: { readonly message: string; readonly details: string | null; readonly type: string | null } | null
  readonly result: Materialised
  readonly streams: DataStream[]
}

const requestType = 'Halibut.Transport.Protocol.RequestMessage, Halibut'
const responseType = 'Halibut.Transport.Protocol.ResponseMessage, Halibut'

/** The message that says nothing: a polling client’s no-op, uncompressed (spec §4.2). */
export const nullMessage: Buffer = Buffer.from('0e0000000a4d6573736167650000', 'hex')

const noContract = compileTypes({ contract: 1, service: 'none', methods: [] })
const untypedArgument = untypedArgumentType(noContract.typeOf)

/** Encoding never waits, so one buffer serves all. */
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
  return encode(options, 3, context => {
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
      const name = indexName(i)
      context.trace?.push(name)
      const codec = params === undefined ? untypedArgument : (params[i] as ValueCodec)
      codec.encode(writer, name, args[i], 'object', context)
      context.trace?.pop()
    }
    writer.end()
    writer.end()
  })
}

/**
 * Encodes a response: a failure, or a result by its codec (untyped without one). Throws `serialization_failed` with the JSON pointer of the
 * value that does not fit.
 */
export function encodeResponse(
  id: string,
  outcome: { readonly error: RemoteErrorDocument } | { readonly result: unknown; readonly codec: ValueCodec | undefined },
  options: CodecOptions,
): EncodedMessage {
  return encode(options, 2, context => {
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
  })
}

function writeText(name: string, text: string | null | undefined): void {
  if (text === null || text === undefined) writer.null(name)
  else writer.string(name, text)
}

/** Writes a message; where that fails, once more to find the place. */
function encode(options: CodecOptions, depth: number, write: (context: EncodeContext) => void): EncodedMessage {
  try {
    return attempt(options, depth, write, undefined)
  } catch {
    const trace: string[] = []
    try {
      return attempt(options, depth, write, trace)
    } catch (error) {
      if (!(error instanceof HalibutError)) throw error
      throw trace.length === 0
        ? error
        : new HalibutError(error.kind, `${pointerOf(trace)}: ${error.message}`, { ...contextOf(error), cause: error })
    }
  }
}

function contextOf(error: HalibutError): { phase: HalibutError['phase']; dotnetType: string | undefined } {
  return { phase: error.phase, dotnetType: error.dotnetType }
}

function attempt(
  options: CodecOptions,
  depth: number,
  write: (context: EncodeContext) => void,
  trace: string[] | undefined,
): EncodedMessage {
  const streams: DataStream[] = []
  write({
    streams,
    seen: undefined,
    maxStreams: options.maxStreamsPerMessage ?? defaultLimits.maxStreamsPerMessage,
    corlib: options.corlib ?? 'mscorlib',
    depth,
    maxDepth: options.maxMessageDepth ?? defaultLimits.maxMessageDepth,
    trace,
  })
  return { document: writer.finish(), streams }
}

/**
 * Decodes a request. What is no request, or names a type that is not allowed, throws `protocol_error` or `serialization_failed` with .NET’s
 * text and the path: the connection closes on it, and no error response is sent (spec §4.3).
 */
export function decodeRequest(document: Buffer, registry: TypeRegistry, limits: DecodeLimits): { readonly null: true } | DecodedRequest {
  return decodePlace(
    trace => readMessage(document, registry, limits, trace, readRequest),
    () => ({ null: true }) as const,
  )
}

/** Decodes a response; `null` for a null message. Fails as {@link decodeRequest}. */
export function decodeResponse(document: Buffer, registry: TypeResolver, limits: DecodeLimits): DecodedResponse | null {
  return decodePlace(
    trace => readMessage(document, registry, limits, trace, readResponse),
    () => null,
  )
}

type Trace = (string | number)[] | undefined

/** Finds the root’s `Message` (in any letter case), and hands over the reader inside it; `undefined` for a null message. */
function readMessage<R extends TypeResolver, T>(
  document: Buffer,
  registry: R,
  limits: DecodeLimits,
  trace: Trace,
  read: (reader: BsonReader, context: MutableContext, registry: R) => T,
): T | undefined {
  const reader = new BsonReader(document, { maxDepth: limits.maxMessageDepth, maxElements: limits.maxMessageElements })
  let message: T | undefined
  reader.enter()
  while (reader.next()) {
    if (reader.name !== 'Message' && reader.name.toLowerCase() !== 'message') continue
    if (reader.type === bsonType.null) {
      message = undefined
      continue
    }
    if (reader.type !== bsonType.document) readFailed('Error converting value to a message.')
    trace?.push('Message')
    reader.enter()
    const context: MutableContext = { streams: [], maxStreams: limits.maxStreamsPerMessage, resolve: text => registry.resolve(text), trace }
    message = read(reader, context, registry)
    trace?.pop()
  }
  return message
}

type MutableContext = { -readonly [K in keyof DecodeContext]: DecodeContext[K] }

const emptyGuid = '00000000-0000-0000-0000-000000000000'

function readRequest(reader: BsonReader, context: MutableContext, registry: TypeRegistry): DecodedRequest {
  let id = ''
  let activityId = emptyGuid
  let service: string | null = null
  let method: string | null = null
  let args: readonly Materialised[] = []
  let first = true
  while (reader.next()) {
    const name = reader.name
    context.trace?.push(name)
    switch (memberName(name)) {
      case '$type':
        if (first) checkMessageType(reader, requestType)
        break
      case 'id':
        id = readText(reader, context) ?? ''
        break
      case 'activityid':
        activityId = readGuid(reader)
        break
      case 'endpoint':
        checkEndpoint(reader)
        break
      case 'service': {
        service = readText(reader, context)
        const contract = service === null ? undefined : registry.contractOf(service)
        if (contract) context.resolve = text => contract.resolve(text)
        break
      }
      case 'method':
        method = readText(reader, context)
        break
      case 'params':
        args = readParams(reader, context)
        break
      default:
    }
    context.trace?.pop()
    first = false
  }
  return { null: false, id, activityId, service, method, args, streams: context.streams as DataStream[] }
}

function readResponse(reader: BsonReader, context: MutableContext): DecodedResponse {
  let id = ''
  let error: DecodedResponse['error'] = null
  let result = materialisedNull
  let first = true
  while (reader.next()) {
    const name = reader.name
    context.trace?.push(name)
    switch (memberName(name)) {
      case '$type':
        if (first) checkMessageType(reader, responseType)
        break
      case 'id':
        id = readText(reader, context) ?? ''
        break
      case 'error':
        error = readError(reader, context)
        break
      case 'result':
        result = materialise(reader, context)
        break
      default:
    }
    context.trace?.pop()
    first = false
  }
  return { id, error, result, streams: context.streams as DataStream[] }
}

/** Members are found in any letter case; nearly always they come as they are written. */
function memberName(name: string): string {
  return lowerNames[name] ?? name.toLowerCase()
}

const lowerNames: Readonly<Record<string, string>> = Object.assign(Object.create(null) as object, {
  $type: '$type',
  id: 'id',
  activityId: 'activityid',
  endpoint: 'endpoint',
  service: 'service',
  method: 'method',
  params: 'params',
  error: 'error',
  result: 'result',
})

function readText(reader: BsonReader, context: DecodeContext): string | null {
  return scalarTypes.string.readTyped(reader, context) as string | null
}

/** A `$type` that comes first must name the message that is expected here; its assembly must be Halibut, of any version. */
function checkMessageType(reader: BsonReader, expected: string): void {
  const text = reader.type === bsonType.string ? reader.string() : readFailed('A $type is not a string.')
  if (text === expected) return
  const parsed = parseTypeName(text)
  if (parsed?.assembly !== 'Halibut' || (parsed.name !== typeOnly(requestType) && parsed.name !== typeOnly(responseType))) {
    readFailed(
      parsed?.assembly === undefined && parsed?.name.startsWith('Halibut.')
        ? `Type specified in JSON '${text.slice(0, 512)}' was not resolved.`
        : `Error resolving type specified in JSON '${text.slice(0, 512)}'.`,
    )
  }
  if (parsed.name !== typeOnly(expected)) {
    readFailed(`Type specified in JSON '${text.slice(0, 512)}' is not compatible with '${expected}'.`)
  }
}

function typeOnly(qualified: string): string {
  return qualified.slice(0, qualified.indexOf(','))
}

/** Nothing of it is used; but a document without `BaseUri` makes the reference fail. */
function checkEndpoint(reader: BsonReader): void {
  if (reader.type !== bsonType.document) return
  let found = false
  reader.enter()
  while (reader.next()) found ||= reader.name.toLowerCase() === 'baseuri'
  if (!found) readFailed('Object reference not set to an instance of an object.', 'System.NullReferenceException')
}

function readParams(reader: BsonReader, context: DecodeContext): readonly Materialised[] {
  if (reader.type === bsonType.null) return []
  if (reader.type !== bsonType.array) readFailed("Cannot deserialize the current JSON value into type 'System.Object[]'.")
  const args: Materialised[] = []
  reader.enter()
  while (reader.next()) {
    context.trace?.push(args.length)
    args.push(materialise(reader, context))
    context.trace?.pop()
  }
  return args
}

function readError(reader: BsonReader, context: DecodeContext): DecodedResponse['error'] {
  if (reader.type === bsonType.null) return null
  if (reader.type !== bsonType.document) readFailed("Error converting value to type 'Halibut.Transport.Protocol.ServerError'.")
  let message = ''
  let details: string | null = null
  let type: string | null = null
  reader.enter()
  while (reader.next()) {
    const name = reader.name.toLowerCase()
    if (name === 'message') message = readText(reader, context) ?? ''
    else if (name === 'details') details = readText(reader, context)
    else if (name === 'halibuterrortype') type = readText(reader, context)
  }
  return { message, details, type }
}
