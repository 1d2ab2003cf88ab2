/** The WebSocket subprotocol. The gateway answers exactly this and never a credential that was offered beside it. */
export const subprotocol = 'halibut-gateway.v1'

/** Where the socket lives, below the gateway’s own address; the other paths are beside it. */
export const rpcPath = '/rpc'

/** Where a token is exchanged for a ticket. */
export const ticketsPath = '/api/v1/ws-tickets'

/** Where the OpenRPC document stands. */
export const openRpcPath = '/openrpc.json'

// Those of the limits that a client goes by before `hello` has told it any; each a constant of its own, so that the SDK has no names of them.

/**
 * Data streams of one session whose content is under way, in each direction. Further uploads wait until the agent takes them, further downloads
 * of a result for their turn; a result that brings the first beyond it: `too_many_streams`.
 */
export const streams = 32
/** The window of a data stream at first: how far its sender may go before the first credit. Beyond its credit: close code 4413. */
export const streamCreditBytes = 256 * 1024
/** What a window may become. */
export const streamWindowBytes = 8 * 1024 * 1024
const connectionCreditBytes = 32 * 1024 * 1024
/** What all windows of a session have together beyond what each begins with. */
export const sharedWindowBytes = connectionCreditBytes - 2 * streams * streamCreditBytes
/** Items of a watch that may be under way: the first credit. */
export const itemCredit = 64

/**
 * What one browser may send and keep at the gateway. `hello` announces these numbers, and each has an error or a close code of its
 * own (`schemas/PROTOCOL.md`, Limits). Milliseconds, bytes or counts, as the name says.
 */
export const facadeLimits = {
  /** One text frame of a browser. Beyond it: close code 1009. A longer result travels as a data stream of its JSON. */
  textBytes: 1024 * 1024,
  /** Nesting of objects and arrays in a text frame, the outermost counted. Beyond it: `invalid_request`. */
  jsonDepth: 64,
  /** Characters of a request id that is a string. Beyond it: `invalid_request`. */
  idChars: 64,
  /** Requests in one batch. Beyond it: `invalid_request`, and none of them runs. */
  batchRequests: 20,
  /** Requests that run at the same time on one socket, watches included. Beyond it: `too_many_calls`. */
  callsInFlight: 64,
  /** Text that waits for a slow browser: while more does, one more ends with close code 4429. Also the largest text frame: `message_too_large`. */
  outboxBytes: 8 * 1024 * 1024,
  /** One binary frame, header included. Beyond it: close code 1009. */
  binaryBytes: 128 * 1024,
  /** Bytes of content in one binary frame that the gateway sends; it takes more. */
  chunkBytes: 64 * 1024,
  streams,
  /** Uploads in one request. Beyond it: `too_many_streams`. */
  streamsPerCall: 1_000,
  streamCreditBytes,
  streamWindowBytes,
  /** The windows of all data streams of a session together, of both directions. */
  connectionCreditBytes,
  /** An upload without a length is kept up to this size before the call begins. Beyond it: `length_required`. */
  unsizedUploadBytes: 256 * 1024 * 1024,
  /** The JSON of one result. Beyond it: `message_too_large`. */
  resultBytes: 256 * 1024 * 1024,
  itemCredit,
  /** How long a session outlives its socket. */
  resumeMs: 120_000,
  /** Text kept for a resume until the client has acknowledged it. Beyond it the session goes on, but cannot be resumed. */
  replayBytes: 2 * 1024 * 1024,
  /** A side that received this many counted frames without acknowledging sends `$/ack`. */
  ackFrames: 64,
  /** Or frames with this many UTF-16 code units, so that large ones do not fill what is kept for a resume. */
  ackChars: 64 * 1024,
  /** A side acknowledges what it received at the latest after this time. */
  ackMs: 1_000,
  /** Characters of an idempotency key. Beyond it: `invalid_params`. */
  idempotencyKeyChars: 128,
  /** A call’s `timeoutMs` and `queueTimeoutMs`. Beyond it: this is taken. */
  deadlineMs: 86_400_000,
  /** How long the outcome of a call with an idempotency key is known. */
  outcomeMs: 600_000,
  /** Calls with an idempotency key that are remembered for one principal. Beyond it: `too_many_calls`. */
  outcomes: 10_000,
  /** Time from opening the socket to `hello`. Beyond it: close code 4408. */
  helloMs: 10_000,
  /** The gateway pings this often. */
  pingMs: 20_000,
  /** A socket that was silent for this long is dead: close code 4410. */
  deadMs: 45_000,
} as const

/** {@link facadeLimits} as they travel in `hello`. */
export type FacadeLimits = { readonly [K in keyof typeof facadeLimits]: number }
