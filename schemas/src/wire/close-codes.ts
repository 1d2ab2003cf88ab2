/**
 * Why a socket was closed: the one table. `retry` says whether a client should connect again as it is. Who sends each, and what it means,
 * stands in {@link closeMeanings}, which a client need not load.
 */
export const closeCodes = {
  normal: { code: 1000, retry: false },
  going_away: { code: 1001, retry: true },
  protocol_error: { code: 1002, retry: false },
  no_status: { code: 1005, retry: true },
  abnormal: { code: 1006, retry: true },
  invalid_text: { code: 1007, retry: false },
  policy_violation: { code: 1008, retry: false },
  too_big: { code: 1009, retry: false },
  internal_error: { code: 1011, retry: true },
  service_restart: { code: 1012, retry: true },
  try_again_later: { code: 1013, retry: true },
  bad_gateway: { code: 1014, retry: true },
  hello_required: { code: 4400, retry: false },
  hello_refused: { code: 4401, retry: false },
  signed_out: { code: 4402, retry: false },
  binary_refused: { code: 4403, retry: false },
  hello_timeout: { code: 4408, retry: true },
  heartbeat_timeout: { code: 4410, retry: true },
  session_taken: { code: 4409, retry: false },
  credit_exceeded: { code: 4413, retry: false },
  outbox_full: { code: 4429, retry: true },
} as const satisfies Record<string, { readonly code: number; readonly retry: boolean }>

/** The closed set of reasons; also the text in the close frame. */
export type CloseReason = keyof typeof closeCodes

/**
 * Who sends each code (`transport` codes come from the WebSocket layer itself, `between` ones from a proxy or a load balancer on the way), and
 * what it means in words.
 */
export const closeMeanings: {
  readonly [R in CloseReason]: { readonly by: 'gateway' | 'both' | 'transport' | 'between'; readonly meaning: string }
} = {
  normal: { by: 'both', meaning: 'the client is done' },
  going_away: { by: 'both', meaning: 'the gateway is stopping, or the page was left' },
  protocol_error: { by: 'transport', meaning: 'a frame broke the WebSocket protocol' },
  no_status: { by: 'transport', meaning: 'the close frame had no code; never sent' },
  abnormal: { by: 'transport', meaning: 'the connection ended without a close frame; never sent' },
  invalid_text: { by: 'transport', meaning: 'a text frame was not UTF-8' },
  policy_violation: { by: 'between', meaning: 'something on the way does not allow this connection' },
  too_big: { by: 'both', meaning: 'a frame was longer than limits.textBytes, or limits.binaryBytes' },
  internal_error: { by: 'gateway', meaning: 'the gateway failed' },
  service_restart: { by: 'between', meaning: 'something on the way starts anew' },
  try_again_later: { by: 'between', meaning: 'something on the way has too much to do' },
  bad_gateway: { by: 'between', meaning: 'something on the way does not reach the gateway' },
  hello_required: { by: 'gateway', meaning: 'something else came before hello' },
  hello_refused: { by: 'gateway', meaning: 'hello was not acceptable; its error response was sent first' },
  signed_out: { by: 'gateway', meaning: 'the sign-in is over: it was revoked, has expired, or its owner signed out' },
  binary_refused: { by: 'gateway', meaning: 'a binary frame that is malformed, or of a data stream that was never opened' },
  hello_timeout: { by: 'gateway', meaning: 'no hello came within limits.helloMs' },
  heartbeat_timeout: { by: 'both', meaning: 'nothing came for limits.deadMs, or nothing of what waits for the client could be sent' },
  session_taken: { by: 'gateway', meaning: 'the session was resumed on another socket' },
  credit_exceeded: { by: 'gateway', meaning: 'more bytes of a data stream than its credit allows, or not the next ones' },
  outbox_full: { by: 'gateway', meaning: 'the client read so slowly that limits.outboxBytes were waiting' },
}
