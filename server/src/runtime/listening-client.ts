import { setTimeout as pause } from 'node:timers/promises'
import { offAbort, onAbort } from '../base/abort-listeners.ts'
import { cancelledWhile } from '../base/cancelled.ts'
import type { HalibutError } from '../base/errors.ts'
import { timerMs } from '../base/timer.ts'
import type { EncodedMessage } from '../codec/envelope.ts'
import type { AnswerReader, AnswerStreams } from '../exchange/answer.ts'
import type { AgentConversation } from '../exchange/call-agent.ts'
import { callWithin, type OnCallStep } from './call-deadline.ts'
import { cancelledCall, listeningFailure, toldOf } from './call-failures.ts'
import type { ConnectionPool } from './connection-pool.ts'
import type { Endpoint } from './endpoint.ts'
import { linkedSignal } from './linked-signal.ts'
import { type AttemptStage, listeningVerdict } from './retry-policy.ts'

/** A request on its way to a listening agent. */
export interface ListeningCall {
  readonly endpoint: Endpoint
  readonly pool: ConnectionPool
  readonly request: AnswerReader & { readonly id: string; readonly message: EncodedMessage }
  readonly signal: AbortSignal | undefined
  /** Fires when the runtime closes: no attempt follows. */
  readonly ending: AbortSignal
  /** How long it may wait for a connection that is ready, where `signal` does not know. Milliseconds; `undefined`: no limit. */
  readonly waitMs: number | undefined
  /** The request is about to leave on a connection that is ready for it. */
  readonly onBegun: (() => void) | undefined
  /** Hears of attempts to open a connection, and of those that failed. */
  readonly onStep: OnCallStep | undefined
  /** Opens a connection; it is not identified yet. */
  readonly dial: (signal: AbortSignal | undefined) => Promise<AgentConversation>
  readonly ownThumbprint: string
  readonly log: (message: string, error: unknown) => void
}

/**
 * Calls a listening agent (spec §8.1): a pooled connection or a new one, made ready, then the exchange. Attempts that fail before the
 * request could begin are repeated after a pause; nothing is repeated once it may have begun.
 */
export async function callListening(call: ListeningCall): Promise<AnswerStreams | undefined> {
  const { endpoint, pool, signal, waitMs } = call
  if (signal?.aborted) throw cancelledCall(undefined, { uri: endpoint.uri, stage: 'connect', bytesLeft: false })
  const turn = pool.reserve(signal, endpoint.uri, waitMs, call.request.id)
  const waitsSince = turn ? performance.now() : undefined
  if (turn) await turn
  let streaming = false
  try {
    // A connection that is idle needs no time to be opened in.
    const streams = await (waitMs === undefined || pool.idleCount > 0 ? attempt(call) : attemptWithin(call, waitMs, waitsSince))
    if (streams) {
      streaming = true
      streams.done.then(
        () => pool.release(),
        () => pool.release(),
      )
    }
    return streams
  } finally {
    if (!streaming) pool.release()
  }
}

function attemptWithin(call: ListeningCall, waitMs: number, waitsSince: number | undefined): Promise<AnswerStreams | undefined> {
  const ms = waitsSince === undefined ? waitMs : Math.max(1, waitMs - (performance.now() - waitsSince))
  return callWithin({ signal: call.signal }, { name: 'connectWaitMs', ms: Math.round(ms) }, (signal, begun) => {
    const onBegun = (): void => {
      begun()
      call.onBegun?.()
    }
    return attempt({ ...call, signal, onBegun })
  })
}

async function attempt(call: ListeningCall): Promise<AnswerStreams | undefined> {
  const { endpoint, pool, request, signal } = call
  const { retryCountLimit, connectionErrorRetryTimeoutMs, retryListeningSleepIntervalMs } = endpoint.limits
  const startedAt = performance.now()
  const uri = endpoint.uri
  let lastFailure: HalibutError | undefined
  for (let index = 0; ; index++) {
    let stage: AttemptStage = 'connect'
    let isNew = false
    let conversation: AgentConversation | undefined
    let writtenBefore = 0
    let cut: (() => void) | undefined
    try {
      if (signal?.aborted) throw cancelledWhile('Connecting', { phase: 'connect' })
      conversation = pool.take()
      if (!conversation) {
        isNew = true
        call.onStep?.('connect')
        conversation = await call.dial(signal)
        pool.add(conversation)
      }
      const used = conversation
      const { channel } = used.transfer
      if (signal) {
        cut = () =>
          channel.destroy(stage === 'exchange' ? cancelledWhile('Transferring', { delivery: 'unknown' }) : cancelledWhile('Connecting'))
        onAbort(signal, cut)
        if (signal.aborted) throw cancelledWhile('Connecting', { phase: 'connect' })
      }
      stage = 'initialise'
      const initialised = used.initialise()
      if (initialised) await initialised
      stage = 'exchange'
      call.onBegun?.()
      writtenBefore = channel.bytesWritten
      const streams = await used.exchange(request.message, request.id, request, uri)
      if (streams) giveBackAfter(streams, used, call, cut)
      else {
        if (cut && signal) offAbort(signal, cut)
        pool.giveBack(used)
      }
      return streams
    } catch (why) {
      if (cut && signal) offAbort(signal, cut)
      if (conversation) void pool.drop(conversation)
      const verdict = listeningVerdict(stage, why)
      const bytesLeft = stage === 'exchange' && conversation !== undefined && conversation.transfer.channel.bytesWritten > writtenBefore
      const failed = { uri, stage, bytesLeft, isNew, began: !verdict.again && verdict.began, ownThumbprint: call.ownThumbprint }
      const told = toldOf(why)
      if (told.kind === 'cancelled') throw cancelledCall(told, failed, lastFailure)
      const failure = listeningFailure(told, failed)
      if (verdict.again) {
        call.log(told.kind === 'connect_refused' ? refusedText(uri) : failure.message, why)
        if (stage === 'initialise' && index === 1) void pool.clear()
        const late = performance.now() - startedAt >= connectionErrorRetryTimeoutMs
        if (index + 1 < retryCountLimit && !late) {
          lastFailure = told
          call.onStep?.('failed', failure)
          await sleep(retryListeningSleepIntervalMs, call)
          if (signal?.aborted) throw cancelledCall(undefined, { uri, stage: 'connect', bytesLeft: false }, lastFailure)
          continue
        }
      }
      throw failure
    }
  }
}

/** Gives the connection back when the last data stream of the response has arrived. `cut`: what cuts it off until then. */
function giveBackAfter(
  streams: AnswerStreams,
  conversation: AgentConversation,
  { pool, signal }: ListeningCall,
  cut: (() => void) | undefined,
): void {
  const detach = (): void => {
    if (cut && signal) offAbort(signal, cut)
  }
  streams.done.then(
    () => {
      detach()
      pool.giveBack(conversation)
    },
    () => {
      detach()
      void pool.drop(conversation)
    },
  )
}

/** The pause between two attempts. A runtime that closes ends it early; the next attempt then fails at once. */
async function sleep(ms: number, { signal, ending }: ListeningCall): Promise<void> {
  const linked = linkedSignal(signal, ending)
  await pause(timerMs(ms), undefined, { signal: linked.signal }).catch(() => {})
  linked.release()
}

/** What .NET logs. */
function refusedText(uri: string): string {
  return `The remote host at ${uri} refused the connection. This may mean that the expected listening service is not running.`
}
