import type { ErrorKind } from '@halibut-gateway/schemas/wire'

/**
 * The rows of the one table of errors that this package itself makes errors of: whether trying again may help, what to do next, and where that
 * is something else for what was never sent. The gateway’s errors bring theirs with them, so that the whole table need not be loaded. A test
 * holds them against the table.
 */
export const ownErrors: { readonly [K in ErrorKind]?: readonly [retryable: boolean, advice: string, unsentAdvice?: string] } = {
  connect_failed: [true, 'look at the cause, then try again'],
  connect_timeout: [true, 'check the network path and the firewall, or raise the connect timeout'],
  connection_lost: [true, 'find out whether the request ran before calling again', 'call again: the request was never sent'],
  deadline_exceeded: [
    true,
    'find out whether the request ran before calling again, or give it more time',
    'check that the agent is there and not busy, then call again: the request was never sent',
  ],
  cancelled: [false, 'find out whether the request ran, where that matters', 'nothing: the request was never sent'],
  invalid_argument: [false, 'correct what the message names'],
  invalid_params: [false, 'correct what the message names'],
  message_too_large: [false, 'send or ask for less at a time, or use a data stream'],
  protocol_error: [false, 'check the peer’s version; its connection was closed'],
  serialization_failed: [false, 'correct the value or the contract'],
  stream_consumed: [false, 'keep the content when it is needed twice'],
  stream_size_mismatch: [false, 'correct the producer, or its declared length'],
}
