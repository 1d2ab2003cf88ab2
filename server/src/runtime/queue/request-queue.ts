import type { HalibutError } from '../../base/errors.ts'
import type { EncodedMessage } from '../../codec/envelope.ts'
import type { AnswerReader, AnswerStreams } from '../../exchange/answer.ts'

/**
 * A request for a polling agent. To the queue and to whatever carries it on it is bytes: one document, and the data streams that follow it.
 * Its answer is the same, and is read by nobody but `reader`.
 */
export interface RequestToQueue {
  /** The request’s own, which stands in errors. */
  readonly id: string
  readonly message: EncodedMessage
  readonly reader: AnswerReader
  /** The agent’s certificate: only a connection that presented it gets the request. `undefined`: any trusted one, as .NET. */
  readonly thumbprint: string | undefined
  /** A further certificate of the agent, which is to take the place of the first. */
  readonly nextThumbprint?: string | undefined
  /** How long it may wait to be collected, in milliseconds; `undefined`: until `signal` ends it. */
  readonly queueTimeoutMs: number | undefined
  /** The caller gives up: what waits is not sent any more, what was collected is cut off. */
  readonly signal: AbortSignal | undefined
  /** Whose it is: callers take turns. `undefined` is one of them. */
  readonly caller?: string | undefined
  /** A connection has taken it: from now on it may run. */
  readonly onCollected?: (() => void) | undefined
}

/**
 * Where the requests for one subscription go (spec §7): first in first out for each caller, the callers in turn. The one in memory hands them
 * to connections of this process; another may hand them on to a process that has some.
 */
export interface RequestQueue {
  /**
   * Queues a request, and resolves when its answer has been read, with the data streams that follow it. Rejects with a {@link HalibutError}
   * whose `delivery` is true: `not_sent` until a connection has taken it. It waits for that at most `queueTimeoutMs`, and afterwards without
   * limit. `signal` is heard until the last data stream has come.
   */
  queueAndWait(request: RequestToQueue): Promise<AnswerStreams | undefined>
  /** Nothing waits in it, and nothing that was collected from it waits for its answer. */
  readonly empty: boolean
  /** Ends everything in it, and takes nothing more. What was collected ends with the delivery `unknown`. */
  close(why: HalibutError): void
}
