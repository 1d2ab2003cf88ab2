/**
 * Why a socket was closed: the one table. `retry` says whether a client should connect again as it is; `by` who sends the code
 * (`transport` codes come from the WebSocket layer itself).
 */
export const closeCodes = {
  normal: entry(1000, 'both', false, 'the client is done'),
  going_away: entry(1001, 'both', true, 'the gateway is stopping, or the page was left'),
  protocol_error: entry(1002, 'transport', false, 'a frame broke the WebSocket protocol'),
  abnormal: entry(1006, 'transport', true, 'the connection ended without a close frame; never sent'),
  invalid_text: entry(1007, 'transport', false, 'a text frame was not UTF-8'),
  too_big: entry(1009, 'both', false, 'a frame was longer than limits.textBytes, or limits.binaryBytes'),
  internal_error: entry(1011, 'gateway', true, 'the gateway failed'),
  hello_required: entry(4400, 'gateway', false, 'something else came before hello'),
  hello_refused: entry(4401, 'gateway', false, 'hello was not acceptable; its error response was sent first'),
  binary_refused: entry(4403, 'gateway', false, 'a binary frame that is malformed, or of a data stream that was never opened'),
  hello_timeout: entry(4408, 'gateway', true, 'no hello came within limits.helloMs'),
  heartbeat_timeout: entry(4410, 'both', true, 'nothing came for limits.deadMs'),
  session_taken: entry(4409, 'gateway', false, 'the session was resumed on another socket'),
  credit_exceeded: entry(4413, 'gateway', false, 'more bytes of a data stream than its credit allows, or not the next ones'),
  outbox_full: entry(4429, 'gateway', true, 'the client read so slowly that limits.outboxBytes were waiting'),
} as const satisfies Record<string, CloseCodeEntry>

/** One row of {@link closeCodes}. */
export interface CloseCodeEntry {
  readonly code: number
  readonly by: 'gateway' | 'both' | 'transport'
  readonly retry: boolean
  readonly meaning: string
}

/** The closed set of reasons; also the text in the close frame. */
export type CloseReason = keyof typeof closeCodes

/** The reason of a close code, `undefined` for one that is not in the table. */
export function closeReasonOf(code: number): CloseReason | undefined {
  for (const [reason, row] of Object.entries(closeCodes)) if (row.code === code) return reason as CloseReason
  return undefined
}

function entry(code: number, by: CloseCodeEntry['by'], retry: boolean, meaning: string): CloseCodeEntry {
  return { code, by, retry, meaning }
}
