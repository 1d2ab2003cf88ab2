/**
 * The one table of errors. REST, JSON-RPC, the SDK and the command line use these kinds and these words.
 *
 * `number` is the JSON-RPC error code, `status` the HTTP status, `retryable` says whether the same call may be tried again
 * as it is (a call whose delivery is `unknown` may nevertheless have run), `meaning` what happened and `advice` what to do next;
 * `unsentAdvice` where that is something else for a request that was never sent. A place that knows better gives advice of its own.
 */
export const errorTable = {
  // Reaching the agent
  connect_refused: entry(-32010, 503, true, 'nothing listens at the agent’s address', 'start the agent, or correct its address'),
  connect_timeout: entry(
    -32011,
    504,
    true,
    'the agent’s address did not answer in time',
    'check the network path and the firewall, or raise the connect timeout',
  ),
  host_not_found: entry(-32012, 502, false, 'the agent’s host name does not resolve', 'correct the host name, or its DNS entry'),
  connect_failed: entry(-32013, 502, true, 'the connection to the agent could not be opened', 'look at the cause, then try again'),
  proxy_failed: entry(
    -32014,
    502,
    true,
    'the HTTP proxy did not open the tunnel',
    'check the proxy’s address, its credentials and what it allows',
  ),
  tls_failed: entry(-32015, 502, false, 'the TLS handshake failed', 'check that the port speaks Halibut and offers TLS 1.2 or 1.3'),
  thumbprint_mismatch: entry(
    -32016,
    502,
    false,
    'the peer’s certificate is not the pinned one',
    'compare the thumbprints; pin the new one only if the agent’s certificate was really replaced',
  ),
  identify_failed: entry(
    -32017,
    502,
    true,
    'the connection opened but the peer did not identify itself',
    'check that the agent trusts our certificate',
  ),
  connection_lost: entry(
    -32018,
    502,
    true,
    'the connection ended in the middle of an exchange',
    'find out whether the request ran before calling again',
    'call again: the request was never sent',
  ),
  connection_limit: entry(
    -32019,
    503,
    true,
    'the limit of connections is reached',
    'wait for a connection to become free, or raise the limit',
  ),
  // The conversation
  protocol_error: entry(-32020, 502, false, 'the peer broke the protocol', 'check the peer’s version; its connection was closed'),
  message_too_large: entry(
    -32021,
    413,
    false,
    'a message is larger than the limit',
    'send or ask for less at a time, or use a data stream',
  ),
  memory_limit: entry(
    -32022,
    503,
    true,
    'the memory for messages of all connections is used up',
    'try again when fewer large messages are in flight',
  ),
  serialization_failed: entry(-32023, 422, false, 'a value does not fit its contract or the wire', 'correct the value or the contract'),
  io_timeout: entry(
    -32024,
    504,
    true,
    'the peer was silent for longer than a read or write may take',
    'find out whether the request ran; raise the timeout for slow methods',
    'look at the network path to the peer, then call again: the request was never sent',
  ),
  deadline_exceeded: entry(
    -32026,
    504,
    true,
    'the call did not end within its time',
    'find out whether the request ran before calling again, or give it more time',
    'check that the agent is there and not busy, then call again: the request was never sent',
  ),
  cancelled: entry(
    -32027,
    499,
    false,
    'the caller cancelled the call',
    'find out whether the request ran, where that matters',
    'nothing: the request was never sent',
  ),
  closed: entry(
    -32028,
    503,
    true,
    'what carries the calls is closing or closed',
    'find out whether the request ran, and call again when it is up',
    'call again when it is up',
  ),
  draining: entry(-32064, 503, true, 'the gateway is stopping', 'call again in a moment'),
  storage_failed: entry(-32069, 503, true, 'the gateway’s disk takes nothing', 'free its disk, then call again'),
  queue_full: entry(-32029, 503, true, 'too many requests wait for this agent', 'wait until some have been collected'),
  // What the service answered
  service_not_found: entry(-32030, 404, false, 'the agent has no such service', 'check the service name against the agent’s version'),
  method_not_found: entry(-32031, 404, false, 'the service has no such method', 'check the method name against the agent’s version'),
  ambiguous_method: entry(
    -32032,
    422,
    false,
    'no overload, or more than one, fits the arguments',
    'name the signature, and check the argument types',
  ),
  service_failed: entry(-32033, 502, false, 'the service method threw an error', 'read the remote error; the method did run'),
  remote_error: entry(-32034, 502, false, 'the agent answered with an error', 'read the message, and the remote error where there is one'),
  // Data streams
  stream_size_mismatch: entry(
    -32040,
    502,
    false,
    'a data stream is not as long as it was declared',
    'correct the producer, or its declared length',
  ),
  stream_consumed: entry(-32041, 409, false, 'the data stream has been read already', 'keep the content when it is needed twice'),
  stream_failed: entry(-32042, 502, false, 'a data stream broke off', 'look at the cause; nothing after this byte arrived'),
  stream_stalled: entry(
    -32043,
    504,
    false,
    'nobody read the data stream for too long, or its spool is full',
    'read faster, or raise the spool limit',
  ),
  // Set-up
  invalid_argument: entry(-32050, 400, false, 'an argument or a setting is not acceptable', 'correct what the message names'),
  invalid_contract: entry(-32051, 422, false, 'the contract is not acceptable', 'correct what the message names'),
  certificate_invalid: entry(-32052, 422, false, 'the certificate or its key is not usable', 'supply the matching certificate and key'),
  listen_failed: entry(
    -32053,
    500,
    false,
    'the port cannot be listened on',
    'look at the cause, then choose an address and a port that are free',
  ),
  conflict: entry(-32065, 409, false, 'there is another one of this name', 'choose another name, or change that one'),
  // The browser’s side
  parse_error: entry(-32700, 400, false, 'the text is not JSON', 'send one JSON text in each frame or body'),
  invalid_request: entry(
    -32600,
    400,
    false,
    'the request is not acceptable in this form or at this point',
    'correct what the message names',
  ),
  unknown_method: entry(-32601, 404, false, 'the gateway has no such method', 'ask rpc.discover'),
  invalid_params: entry(-32602, 422, false, 'the parameters do not fit the method', 'correct what the message names'),
  internal_error: entry(-32603, 500, false, 'the gateway failed', 'report it with the trace id'),
  unauthorized: entry(-32001, 401, false, 'no valid sign-in', 'sign in, then try again'),
  forbidden: entry(-32002, 403, false, 'the sign-in does not allow this', 'ask for the role that does'),
  agent_not_found: entry(-32003, 404, false, 'the gateway knows no agent of this id', 'ask agents.list'),
  agent_unavailable: entry(-32004, 503, true, 'the agent takes no calls now', 'call again when the agent takes calls'),
  duplicate_id: entry(-32005, 409, false, 'a request with this id is in flight', 'use a fresh id for each request'),
  too_many_calls: entry(-32006, 429, true, 'too many calls at a time', 'wait for answers before sending more'),
  too_many_streams: entry(
    -32007,
    429,
    false,
    'too many data streams in one call, or open on this session',
    'read or cancel some of them first',
  ),
  length_required: entry(
    -32008,
    411,
    false,
    'an upload of unknown length is too large to be kept until its end',
    'say the length of the data stream',
  ),
  outcome_unknown: entry(
    -32009,
    409,
    false,
    'the gateway cannot tell what became of this idempotency key',
    'find out whether the request ran, then use a key of the present epoch',
  ),
  idempotency_conflict: entry(-32060, 409, false, 'this idempotency key was used for another request', 'use a fresh key for each request'),
  not_found: entry(-32061, 404, false, 'there is nothing at this address', 'correct the address: /openrpc.json tells what there is'),
  version_conflict: entry(-32063, 412, false, 'it is not in the version that was told', 'read it again, and tell that version'),
  too_much_work: entry(-32070, 422, false, 'it would take the gateway too long', 'ask for less at a time'),
  unsupported_media_type: entry(-32062, 415, false, 'the body is of a type that is not read here', 'send application/json'),
} as const satisfies Record<string, ErrorEntry>

/** One row of {@link errorTable}. */
export interface ErrorEntry {
  readonly number: number
  readonly status: number
  readonly retryable: boolean
  readonly meaning: string
  readonly advice: string
  /** The advice where the delivery is `not_sent`; absent: the same. */
  readonly unsentAdvice?: string
}

/** The closed set of error kinds. */
export type ErrorKind = keyof typeof errorTable

/** Where in the life of a call it failed. */
export type Phase = 'queue' | 'connect' | 'tls' | 'identify' | 'request' | 'response' | 'stream'

/** Whether the request left, and what became of it: never sent, perhaps executed, certainly executed. */
export type Delivery = 'not_sent' | 'unknown' | 'executed'

/** What a service on the other side said when it failed. */
export interface RemoteError {
  readonly message: string
  /** The remote exception’s text, stack trace included. Only for those who may see it. */
  readonly details?: string
  /** The .NET type name of the error (`HalibutErrorType` on the wire). */
  readonly type?: string
}

/** True for a string that is one of the table’s kinds. */
export function isErrorKind(text: string): text is ErrorKind {
  return Object.hasOwn(errorTable, text)
}

/** What to do next after an error of this kind. */
export function adviceFor(kind: ErrorKind, delivery: Delivery): string {
  const { advice, unsentAdvice }: ErrorEntry = errorTable[kind]
  return delivery === 'not_sent' ? (unsentAdvice ?? advice) : advice
}

function entry(number: number, status: number, retryable: boolean, meaning: string, advice: string, unsentAdvice?: string): ErrorEntry {
  return { number, status, retryable, meaning, advice, ...(unsentAdvice === undefined ? {} : { unsentAdvice }) }
}
