import { HalibutError } from '../base/errors.ts'
import { UnfitResultError } from '../base/unfit-result.ts'
import { BsonReader, bsonType, type Mark } from './bson.ts'
import { type DecodeContext, type Materialised, materialisedNull, type Parts, readFailed } from './clr-type.ts'
import type { DataStream } from './data-stream.ts'
import { materialise, materialiseInParts, toUntyped, unknownType } from './materialise.ts'
import { failedAt, failedAtInParts } from './places.ts'
import { scalarTypes } from './scalar-values.ts'
import { readGuid } from './text-values.ts'
import { parseTypeName } from './type-names.ts'
import type { TypeRegistry, TypeResolver } from './type-registry.ts'

/** What decoding may cost. */
export interface DecodeLimits {
  readonly maxMessageDepth: number
  readonly maxMessageElements: number
  readonly maxMessageMembers: number
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
    return readMessage(readerOf(document, limits), registry, limits, undefined, readRequest) ?? nullRequest
  } catch (why) {
    throw failedAt(why, trace => readMessage(readerOf(document, limits), registry, limits, trace, readRequest))
  }
}

/**
 * {@link decodeRequest} of a large message, in parts. `charge` hears what the values cost, as it grows; what it throws ends the decoding.
 */
export function decodeRequestInParts(document: Buffer, registry: TypeRegistry, limits: DecodeLimits, charge: Charge): Parts<Request> {
  return inParts<Request>(nullRequest, trace => readMessageInParts(document, registry, limits, trace, readRequest, charge))
}

/** {@link decodeResponse} of a large message, as {@link decodeRequestInParts}. */
export function decodeResponseInParts(
  document: Buffer,
  registry: TypeResolver,
  limits: DecodeLimits,
  charge: Charge,
): Parts<DecodedResponse | null> {
  return inParts(null, trace => readMessageInParts(document, registry, limits, trace, readResponse, charge))
}

type Request = { readonly null: true } | DecodedRequest

/** Is told how many bytes the values decoded so far take. */
export type Charge = (bytes: number) => void

/** Decodes, and where that fails once more to find the place. */
function* inParts<T>(nothing: T, decode: (trace: Trace) => Parts<T | undefined>): Parts<T> {
  try {
    return (yield* decode(undefined)) ?? nothing
  } catch (why) {
    throw yield* failedAtInParts(why, decode)
  }
}

/** Decodes a response; `null` for a null message. Fails as {@link decodeRequest}, with the result as plain data where that can be read. */
export function decodeResponse(document: Buffer, registry: TypeResolver, limits: DecodeLimits): DecodedResponse | null {
  try {
    return readMessage(readerOf(document, limits), registry, limits, undefined, readResponse) ?? null
  } catch (why) {
    throw withResult(
      failedAt(why, trace => readMessage(readerOf(document, limits), registry, limits, trace, readResponse)),
      document,
      limits,
    )
  }
}

const plainTypes: TypeResolver = { resolve: () => unknownType }

/** The request has run: what cannot be read as what it says it is, is told as it is. */
function withResult(error: unknown, document: Buffer, limits: DecodeLimits): unknown {
  if (!(error instanceof HalibutError) || error.kind !== 'serialization_failed') return error
  try {
    const response = readMessage(readerOf(document, limits), plainTypes, limits, undefined, readResponse)
    return response && !response.error ? new UnfitResultError(error, toUntyped(response.result)) : error
  } catch {
    return error
  }
}

const nullRequest = { null: true } as const

type Trace = (string | number)[] | undefined

/** A large value that is read when the envelope around it has been. */
interface Later {
  readonly mark: Mark
  readonly trace: readonly (string | number)[] | undefined
  readonly read: () => Parts<void>
}

/** What peers write around the values is a few elements; this is some thousands, which take a few milliseconds. */
const maxEnvelopePauses = 16

/** The large values of a message. The envelope around them is read at once: it must not be large too. */
class PutOff {
  readonly values: Later[] = []
  #pauses = 0

  add(value: Later): void {
    this.values.push(value)
  }

  /** An element of the envelope was met. */
  met(reader: BsonReader): void {
    if (reader.mayPause() && ++this.#pauses > maxEnvelopePauses) {
      throw new HalibutError('message_too_large', 'the message has too many elements around its values', {
        advice: 'send nothing in a message that is not one of its members',
      })
    }
  }
}

/** The envelope at once, then the large values in it: in their order, so that their data streams are in theirs. */
function* readMessageInParts<R extends TypeResolver, T>(
  document: Buffer,
  registry: R,
  limits: DecodeLimits,
  trace: Trace,
  read: ReadMessage<R, T>,
  charge: Charge,
): Parts<T | undefined> {
  const reader = readerOf(document, limits)
  const later = new PutOff()
  const message = readMessage(reader, registry, limits, trace, read, later)
  for (const value of later.values) {
    reader.seek(value.mark)
    if (trace && value.trace) trace.splice(0, trace.length, ...value.trace)
    const parts = value.read()
    while (!parts.next().done) {
      charge(reader.cost)
      yield
    }
  }
  charge(reader.cost)
  return message
}

function readerOf(document: Buffer, limits: DecodeLimits): BsonReader {
  const { maxMessageDepth: maxDepth, maxMessageElements: maxElements, maxMessageMembers: maxMembers } = limits
  return new BsonReader(document, { maxDepth, maxElements, maxMembers })
}

type ReadMessage<R, T> = (reader: BsonReader, context: MutableContext, registry: R) => T

/** Finds the root’s `Message` (in any letter case), and hands over the reader inside it; `undefined` for a null message. */
function readMessage<R extends TypeResolver, T>(
  reader: BsonReader,
  registry: R,
  limits: DecodeLimits,
  trace: Trace,
  read: ReadMessage<R, T>,
  later?: PutOff,
): T | undefined {
  let message: T | undefined
  reader.enter()
  while (reader.next()) {
    later?.met(reader)
    if (reader.name !== 'Message' && reader.name.toLowerCase() !== 'message') {
      if (later && reader.large) {
        later.add({ mark: reader.mark(), trace: undefined, read: () => reader.skipInParts() })
        reader.leap()
      }
      continue
    }
    if (reader.type === bsonType.null) {
      message = undefined
      continue
    }
    if (reader.type !== bsonType.document) readFailed('Error converting value to a message.')
    trace?.push('Message')
    reader.enter()
    const context: MutableContext = {
      streams: [],
      maxStreams: limits.maxStreamsPerMessage,
      resolve: text => registry.resolve(text),
      trace,
      later,
    }
    message = read(reader, context, registry)
    trace?.pop()
  }
  return message
}

type MutableContext = { -readonly [K in keyof DecodeContext]: DecodeContext[K] } & {
  /** Takes what is large; `undefined`: everything is read at once. */
  readonly later: PutOff | undefined
}

/** Puts the current value off where it is large and may wait; `read` then gets `into`. (A closure for each member would cost every small message.) */
function putOff<T>(
  reader: BsonReader,
  context: MutableContext,
  read: (reader: BsonReader, context: MutableContext, into: T) => Parts<void>,
  into: T,
): boolean {
  const { later, trace } = context
  if (later === undefined || !(reader.large || reader.longText)) return false
  later.add({ mark: reader.mark(), trace: trace?.slice(), read: () => read(reader, context, into) })
  if (reader.large) reader.leap()
  return true
}

const emptyGuid = '00000000-0000-0000-0000-000000000000'

function readRequest(reader: BsonReader, context: MutableContext, registry: TypeRegistry): DecodedRequest {
  let id = ''
  let activityId = emptyGuid
  let service: string | null = null
  let method: string | null = null
  const args: Materialised[] = []
  let first = true
  while (reader.next()) {
    context.later?.met(reader)
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
        if (!putOff(reader, context, checkEndpointInParts, undefined)) checkEndpoint(reader)
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
        args.length = 0
        if (!putOff(reader, context, readParamsInParts, args)) readParams(reader, context, args)
        break
      default:
        putOff(reader, context, passOver, undefined)
    }
    context.trace?.pop()
    first = false
  }
  return { null: false, id, activityId, service, method, args, streams: context.streams as DataStream[] }
}

function readResponse(reader: BsonReader, context: MutableContext): DecodedResponse {
  const response: { -readonly [K in keyof DecodedResponse]: DecodedResponse[K] } = {
    id: '',
    error: null,
    result: materialisedNull,
    streams: context.streams as DataStream[],
  }
  let first = true
  while (reader.next()) {
    context.later?.met(reader)
    const name = reader.name
    context.trace?.push(name)
    switch (memberName(name)) {
      case '$type':
        if (first) checkMessageType(reader, responseType)
        break
      case 'id':
        response.id = readText(reader, context) ?? ''
        break
      case 'error':
        if (!putOff(reader, context, readErrorInParts, response)) response.error = readError(reader, context)
        break
      case 'result':
        if (!putOff(reader, context, readResultInParts, response)) response.result = materialise(reader, context)
        break
      default:
        putOff(reader, context, passOver, undefined)
    }
    context.trace?.pop()
    first = false
  }
  return response
}

function* passOver(reader: BsonReader): Parts<void> {
  if (reader.large) yield* reader.skipInParts()
}

function* readResultInParts(reader: BsonReader, context: DecodeContext, response: { result: Materialised }): Parts<void> {
  response.result = yield* materialiseInParts(reader, context)
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
  while (reader.next()) found ||= isBaseUri(reader.name)
  if (!found) refuseEndpoint()
}

function* checkEndpointInParts(reader: BsonReader): Parts<void> {
  if (reader.type !== bsonType.document) return yield* passOver(reader)
  let found = false
  reader.enter()
  while (reader.next()) {
    found ||= isBaseUri(reader.name)
    yield* passOver(reader)
    if (reader.mayPause()) yield
  }
  if (!found) refuseEndpoint()
}

function isBaseUri(name: string): boolean {
  return name.length === 7 && name.toLowerCase() === 'baseuri'
}

function refuseEndpoint(): never {
  return readFailed('Object reference not set to an instance of an object.', 'System.NullReferenceException')
}

function readParams(reader: BsonReader, context: DecodeContext, args: Materialised[]): void {
  if (reader.type === bsonType.null) return
  if (reader.type !== bsonType.array) readFailed(notParams)
  reader.enter()
  while (reader.next()) {
    context.trace?.push(args.length)
    args.push(materialise(reader, context))
    context.trace?.pop()
  }
}

function* readParamsInParts(reader: BsonReader, context: DecodeContext, args: Materialised[]): Parts<void> {
  if (reader.type !== bsonType.array) readFailed(notParams)
  reader.enter()
  while (reader.next()) {
    context.trace?.push(args.length)
    args.push(yield* materialiseInParts(reader, context))
    context.trace?.pop()
    if (reader.mayPause()) yield
  }
}

const notParams = "Cannot deserialize the current JSON value into type 'System.Object[]'."

function readError(reader: BsonReader, context: DecodeContext): DecodedResponse['error'] {
  if (reader.type === bsonType.null) return null
  if (reader.type !== bsonType.document) readFailed("Error converting value to type 'Halibut.Transport.Protocol.ServerError'.")
  const error: WrittenError = { message: '', details: null, type: null }
  reader.enter()
  while (reader.next()) readErrorMember(reader, context, error)
  return error
}

function* readErrorInParts(reader: BsonReader, context: DecodeContext, response: { error: DecodedResponse['error'] }): Parts<void> {
  if (reader.type !== bsonType.document) {
    response.error = readError(reader, context)
    return
  }
  const error: WrittenError = { message: '', details: null, type: null }
  reader.enter()
  while (reader.next()) {
    if (reader.longText) yield* reader.decodeText()
    if (reader.large) yield* reader.skipInParts()
    else readErrorMember(reader, context, error)
    if (reader.mayPause()) yield
  }
  response.error = error
}

type WrittenError = { -readonly [K in keyof NonNullable<DecodedResponse['error']>]: NonNullable<DecodedResponse['error']>[K] }

function readErrorMember(reader: BsonReader, context: DecodeContext, error: WrittenError): void {
  const name = reader.name.toLowerCase()
  if (name === 'message') error.message = readText(reader, context) ?? ''
  else if (name === 'details') error.details = readText(reader, context)
  else if (name === 'halibuterrortype') error.type = readText(reader, context)
}
