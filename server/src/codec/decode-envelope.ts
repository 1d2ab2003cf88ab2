import { BsonReader, bsonType } from './bson.ts'
import { type DecodeContext, type Materialised, materialisedNull, readFailed } from './clr-type.ts'
import type { DataStream } from './data-stream.ts'
import { materialise } from './materialise.ts'
import { failedAt } from './places.ts'
import { scalarTypes } from './scalar-values.ts'
import { readGuid } from './text-values.ts'
import { parseTypeName } from './type-names.ts'
import type { TypeRegistry, TypeResolver } from './type-registry.ts'

/** What decoding may cost. */
export interface DecodeLimits {
  readonly maxMessageDepth: number
  readonly maxMessageElements: number
  readonly maxStreamsPerMessage: number
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

/** The `$type` of a request and of a response. */
export const requestType = 'Halibut.Transport.Protocol.RequestMessage, Halibut'
export const responseType = 'Halibut.Transport.Protocol.ResponseMessage, Halibut'

/**
 * Decodes a request. What is no request, or names a type that is not allowed, throws `protocol_error` or `serialization_failed` with .NET’s
 * text and the path: the connection closes on it, and no error response is sent (spec §4.3).
 */
export function decodeRequest(document: Buffer, registry: TypeRegistry, limits: DecodeLimits): { readonly null: true } | DecodedRequest {
  try {
    return readMessage(document, registry, limits, undefined, readRequest) ?? nullRequest
  } catch (why) {
    throw failedAt(why, trace => readMessage(document, registry, limits, trace, readRequest))
  }
}

/** Decodes a response; `null` for a null message. Fails as {@link decodeRequest}. */
export function decodeResponse(document: Buffer, registry: TypeResolver, limits: DecodeLimits): DecodedResponse | null {
  try {
    return readMessage(document, registry, limits, undefined, readResponse) ?? null
  } catch (why) {
    throw failedAt(why, trace => readMessage(document, registry, limits, trace, readResponse))
  }
}

const nullRequest = { null: true } as const

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
