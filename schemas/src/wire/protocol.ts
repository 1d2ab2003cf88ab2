/** The WebSocket subprotocol. The gateway answers exactly this and never a credential that was offered beside it. */
export const subprotocol = 'halibut-gateway.v1'

/** Where the socket lives, on the gateway’s own origin. */
export const rpcPath = '/rpc'

/**
 * What one browser may send and keep at the gateway. `hello` announces these numbers, and each has an error or a close code of its
 * own (`schemas/PROTOCOL.md`, Limits). Milliseconds, bytes or counts, as the name says.
 */
export const facadeLimits = {
  /** One text frame. Beyond it: close code 1009. */
  textBytes: 1024 * 1024,
  /** Nesting of objects and arrays in a text frame, the outermost counted. Beyond it: `invalid_request`. */
  jsonDepth: 64,
  /** Characters of a request id that is a string. Beyond it: `invalid_request`. */
  idChars: 64,
  /** Requests in one batch. Beyond it: `invalid_request`, and none of them runs. */
  batchRequests: 20,
  /** Requests that run at the same time on one socket, watches included. Beyond it: `too_many_calls`. */
  callsInFlight: 64,
  /** Text that waits for a slow browser. Beyond it: close code 4429. */
  outboxBytes: 8 * 1024 * 1024,
  /** Time from opening the socket to `hello`. Beyond it: close code 4408. */
  helloMs: 10_000,
  /** The gateway pings this often. */
  pingMs: 20_000,
  /** A socket that was silent for this long is dead: close code 4410. */
  deadMs: 45_000,
} as const

/** {@link facadeLimits} as they travel in `hello`. */
export type FacadeLimits = { readonly [K in keyof typeof facadeLimits]: number }
