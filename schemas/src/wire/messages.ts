import type { Delivery, ErrorKind, Phase, RemoteError } from './errors.ts'

/** Identifies a request on its socket: a string of up to 64 characters, or a safe integer. */
export type RequestId = string | number

/** A place in the parameters that does not fit. */
export interface ParamError {
  /** A JSON pointer (RFC 6901) into `params`. */
  readonly path: string
  readonly expected: string
  /** What came instead; never a whole value. */
  readonly got: string
}

/** Places that one error names; the search for more ends with them. */
export const maxParamErrors = 10

/** `error.data` of every error response. */
export interface ErrorData {
  readonly kind: ErrorKind
  /** Where in the life of a call to an agent it failed. */
  readonly phase?: Phase
  /** Whether the agent may have run the request. */
  readonly delivery: Delivery
  /** Whether the same request may be sent again as it is. */
  readonly retryable: boolean
  readonly retryAfterMs?: number
  /** The agent’s id. */
  readonly agent?: string
  /** 32 hex digits; the gateway’s log has the same. */
  readonly traceId: string
  /** What to do next. */
  readonly advice: string
  /** With `invalid_params`: the places, at most ten. */
  readonly errors?: readonly ParamError[]
  /** With `invalid_params` for a method name that fits several overloads: their signatures. */
  readonly candidates?: readonly string[]
  /** What the agent’s service said. */
  readonly remote?: RemoteError
  /** With `serialization_failed` of a result: what came, in the form of a result without a contract. */
  readonly result?: unknown
  /** Of a call with an idempotency key: what took how long. */
  readonly phases?: readonly CallPhase[]
}

/** A part of a call to an agent. Milliseconds. */
export interface CallPhase {
  readonly phase: 'queue' | 'connect' | 'request' | 'execute' | 'response'
  /** When it began, since the call did. */
  readonly atMs: number
  /** Absent while it lasts. */
  readonly durationMs?: number
  /** Why this attempt came to nothing, where another one followed. */
  readonly failed?: { readonly kind: ErrorKind; readonly message: string }
}

/** JSON-RPC’s error object, as this protocol fills it. */
export interface RpcError {
  readonly code: number
  readonly message: string
  readonly data: ErrorData
}

/** W3C trace context of version 00, in lower case; neither id may be all zeros. */
export const traceparentPattern = '^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$'

/** What a client sends: a request, or a notification where `id` is absent. */
export interface RequestMessage {
  readonly jsonrpc: '2.0'
  readonly id?: RequestId
  readonly method: string
  /** W3C trace context: its trace id is that of the error, and of the gateway’s log. */
  readonly traceparent?: string
  readonly params?: object
}

/** What the gateway answers. `id` is null only where the request’s id could not be read. */
export type ResponseMessage =
  | { readonly jsonrpc: '2.0'; readonly id: RequestId | null; readonly result: unknown }
  | { readonly jsonrpc: '2.0'; readonly id: RequestId | null; readonly error: RpcError }

/** The control notifications that exist, with who sends them. */
export const controlNotifications = {
  /** The client no longer wants the answer of a request. */
  cancel: '$/cancel',
  /** The gateway: an item of a request that is still running. */
  progress: '$/progress',
  /** The client: how far the items of a watch may go. */
  progressCredit: '$/progress/credit',
  /** The client shows that it is alive; the gateway answers it with the same, since WebSocket pings are invisible to a page. */
  ping: '$/ping',
  /** Either side: how many counted frames it has received. */
  ack: '$/ack',
  /** The receiver of a data stream: how far its sender may go. */
  streamCredit: '$/stream/credit',
  /** The sender of a data stream: that was all. */
  streamEnd: '$/stream/end',
  /** Either end of a data stream: it is given up. */
  streamCancel: '$/stream/cancel',
} as const

/** A text frame with a single notification of these is not counted for resuming: it says the same again after a reconnect, or nothing. */
export const uncountedNotifications: ReadonlySet<string> = new Set([
  controlNotifications.ping,
  controlNotifications.ack,
  controlNotifications.streamCredit,
  controlNotifications.progressCredit,
])

/** What `$/stream/credit` says. */
export interface StreamCredit {
  readonly stream: number
  /** The sender may send the bytes before this. */
  readonly offset: number
  /** The receiver has done with the bytes before this: nobody has to keep them. */
  readonly acknowledged: number
}

/** A data stream as it stands in JSON. The client gives odd ids, the gateway even ones, each its next one, from 1 and 2. */
export interface StreamHandle {
  readonly $stream: number
  /** In bytes. Absent only for an upload whose length is not known yet. */
  readonly length?: number | undefined
}

/** True for the JSON form of a data stream, of whichever side. */
export function isStreamHandle(value: unknown): value is StreamHandle {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, '$stream')) return false
  const { $stream, length, ...rest } = value as StreamHandle
  return isCount($stream, 1, 0xffff_ffff) && (length === undefined || isCount(length, 0)) && Object.keys(rest).length === 0
}

/**
 * Stands in the place of a result whose JSON is longer than a text frame: that JSON is a data stream. `streams` are the data streams whose
 * handles stand in it, where there are some, so that they are known before their content comes.
 */
export interface LargeResult {
  readonly $json: StreamHandle
  readonly streams?: readonly StreamHandle[]
}

/** The data stream of a result’s JSON; `undefined` for a result that is there itself. */
export function largeResult(result: unknown): StreamHandle | undefined {
  const json = (result as Partial<LargeResult> | null | undefined)?.$json
  return isStreamHandle(json) ? json : undefined
}

/** How far one side has received a data stream, as `hello` tells it when a session is resumed. */
export interface StreamPosition {
  readonly stream: number
  /** Bytes from the beginning. */
  readonly received: number
}

function isCount(value: unknown, least: number, most: number = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
}
