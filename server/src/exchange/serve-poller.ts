import { cancelledWhile } from '../base/cancelled.ts'
import { HalibutError } from '../base/errors.ts'
import type { MemoryShare } from '../base/memory-budget.ts'
import { UnfitResultError } from '../base/unfit-result.ts'
import { PROCEED } from '../codec/control-message.ts'
import type { DataStream } from '../codec/data-stream.ts'
import { type EncodedMessage, nullMessage } from '../codec/envelope.ts'
import type { AnswerStreams } from './answer.ts'
import { isTooMuch } from './too-much.ts'
import type { Transfer } from './transfer.ts'

/** A queued request in the hands of one connection. Exactly one of `answer` and `fail` is called. */
export interface CollectedRequest {
  readonly id: string
  /** The subscription, for errors. */
  readonly endpoint: string
  readonly message: EncodedMessage
  /** The caller has given up. */
  readonly isGivenUp: boolean
  /** An exchange is under way: `cut` is called where the caller gives up before {@link exchanged}. */
  exchanging(cut: () => void): void
  /** It is over, with its data streams. */
  exchanged(): void
  /** All of it has left, with its data streams. */
  sent(): void
  /** Has the document of the response read by whoever asked, and gives the data streams that follow it. Throws what is wrong with it. */
  read(document: Buffer, budget: MemoryShare): readonly DataStream[] | Promise<readonly DataStream[]>
  /** It has been read; `streams` where data streams follow. */
  answer(streams: AnswerStreams | undefined): void
  fail(why: unknown): void
}

/** Where one polling agent’s connection gets its work. */
export interface RequestSource {
  /** The next request, if one waits. */
  tryDequeue(): CollectedRequest | undefined
  /** The next request, or `undefined` after `waitMs`, or as soon as the source is closed. */
  dequeue(waitMs: number): Promise<CollectedRequest | undefined>
  /** The same for a short wait that is mostly over at once, and costs less: it lasts `waitMs` at least and twice that at most. */
  dequeueSoon(waitMs: number): Promise<CollectedRequest | undefined>
  /** Nothing comes from it any more. */
  readonly over: boolean
  /** No more requests are wanted. Idempotent. */
  close(): void
  /** The same once nothing waits that may come from it. Idempotent. */
  leave(): void
}

const nothing = Buffer.alloc(0)
const nullEncoded: EncodedMessage = { document: nullMessage, streams: [] }

/**
 * The client’s conversation with a polling agent that called in (spec §3.3), after identification. Resolves when the agent ended it, or no more
 * requests come for it; rejects with what broke it. A failure after a request was collected has gone to that request’s caller.
 *
 * PROCEED is written as soon as the response has been read, before NEXT: it carries the acknowledgement that an agent with Nagle’s
 * algorithm on waits for (§3.5, the difference between 22 and 2,500 calls a second). Where NEXT came along with the response, PROCEED
 * travels with the next request instead, where that follows within `pollingProceedDelayMs`.
 */
export async function servePoller(transfer: Transfer, source: RequestSource): Promise<void> {
  const { channel, options } = transfer
  const { limits } = options
  const nextTimeoutMs =
    limits.livenessReplyMs > 0
      ? limits.livenessReplyMs
      : limits.tcpClientHeartbeatTimeoutShouldActuallyBeUsed
        ? limits.tcpClientHeartbeatReceiveTimeoutMs
        : limits.tcpClientReceiveTimeoutMs
  void channel.closed.then(() => source.close())
  let before: Buffer = nothing
  for (;;) {
    let item = source.tryDequeue()
    if (!item && before.length > 0) {
      // Whoever got the last response may be about to call again: PROCEED and that request then share a write.
      item = await source.dequeueSoon(limits.pollingProceedDelayMs)
      if (!item) await transfer.sendProceed()
    }
    if (!item) {
      before = nothing
      item = await source.dequeue(limits.pollingQueueWaitTimeoutMs)
    }
    if (channel.failure !== undefined) {
      const why = channel.failure instanceof Error ? channel.failure : closedMeanwhile()
      item?.fail(why)
      throw why
    }
    if (!item) {
      if (source.over) return
      await transfer.send(nullEncoded)
      if ((await expectNext(transfer, nextTimeoutMs)) === 'END') return
      await transfer.sendProceed()
      continue
    }
    if (item.isGivenUp) {
      // Given up between collection and sending: the connection has carried nothing of it.
      item.fail(cancelledWhile('Transferring', { phase: 'request', endpoint: item.endpoint }))
      continue
    }
    if (before.length > 0) options.observer?.controlSent?.('PROCEED')
    await exchangeWithPoller(transfer, item, before)
    channel.receiveTimeoutMs = nextTimeoutMs
    const buffered = channel.read()
    if (buffered instanceof Promise) {
      await transfer.sendProceed()
      before = nothing
      const chunk = await buffered
      if (chunk !== undefined) channel.unread(chunk)
    } else {
      if (buffered !== undefined) channel.unread(buffered)
      before = PROCEED
    }
    const word = expectNext(transfer, nextTimeoutMs)
    if ((word instanceof Promise ? await word : word) === 'END') return
  }
}

async function exchangeWithPoller(transfer: Transfer, item: CollectedRequest, before: Buffer): Promise<void> {
  const { channel, options } = transfer
  const writtenBefore = channel.bytesWritten
  transfer.begin()
  item.exchanging(() => channel.destroy(cancelledWhile('Transferring', { delivery: 'unknown' })))
  let unread = false
  try {
    const sent = transfer.send(item.message, before, nothing, item.id)
    if (sent) await sent
    item.sent()
    const { limits } = options
    const received = transfer.receive(limits.tcpClientReceiveResponseTimeoutMs, true)
    const document = received instanceof Promise ? await received : received
    unread = true
    const read = item.read(document, options.budget)
    const announced = read instanceof Promise ? await read : read
    unread = false
    if (announced.length === 0) {
      item.answer(undefined)
      return
    }
    const streams = transfer.receiveStreams(item.id, announced, { delivery: 'executed', endpoint: item.endpoint })
    item.answer(streams)
    await streams.done
  } catch (why) {
    // An answer that is too much for us has come to its end all the same. Its connection goes on: without it, the agent would be away for
    // seconds, for all callers.
    if (isTooMuch(why) && (unread || transfer.passedOver(why))) {
      item.fail(why.with({ delivery: 'executed', phase: 'response' }))
      return
    }
    item.fail(toldWithDelivery(why, channel.bytesWritten > writtenBefore))
    throw why
  } finally {
    transfer.done()
    item.exchanged()
  }
}

/** The error as the caller gets it: once a byte of the request may have left, it may have run, and once a result came, it has. */
function toldWithDelivery(why: unknown, bytesLeft: boolean): unknown {
  if (!(why instanceof HalibutError)) return why
  const delivery = why instanceof UnfitResultError ? 'executed' : bytesLeft ? 'unknown' : 'not_sent'
  const told = bytesLeft ? (why.phase ?? 'response') : why.phase === 'stream' ? 'stream' : 'request'
  if (why.kind === 'cancelled') return cancelledWhile('Transferring', { phase: told, delivery, endpoint: why.endpoint, cause: why })
  return why.with({ delivery, phase: told })
}

function expectNext(transfer: Transfer, timeoutMs: number): 'NEXT' | 'END' | Promise<'NEXT' | 'END'> {
  const word = transfer.expectNextOrEnd(timeoutMs)
  return word instanceof Promise ? word.catch(endOfSilence) : word
}

/** A silent agent is closed quietly, as the reference does; it will call in again. */
function endOfSilence(why: unknown): 'END' {
  if (why instanceof HalibutError && why.kind === 'io_timeout') return 'END'
  throw why
}

function closedMeanwhile(): HalibutError {
  return new HalibutError('connection_lost', 'the polling agent’s connection has been closed')
}
