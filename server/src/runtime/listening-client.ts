import { setTimeout as pause } from 'node:timers/promises'
import { offAbort, onAbort } from '../base/abort-listeners.ts'
import { HalibutError } from '../base/errors.ts'
import type { EncodedMessage } from '../codec/envelope.ts'
import type { TypeResolver } from '../codec/type-registry.ts'
import type { AgentConversation, Exchanged } from '../exchange/call-agent.ts'
import type { ReceivedStreams } from '../exchange/received-streams.ts'
import { toldWithDelivery } from '../exchange/serve-poller.ts'
import type { ConnectionPool } from './connection-pool.ts'
import type { Endpoint } from './endpoint.ts'
import { linkedSignal } from './linked-signal.ts'
import { type AttemptStage, listeningVerdict, saysReset } from './retry-policy.ts'

/** A request on its way to a listening agent. */
export interface ListeningCall {
  readonly endpoint: Endpoint
  readonly pool: ConnectionPool
  readonly id: string
  readonly message: EncodedMessage
  readonly types: TypeResolver
  readonly signal: AbortSignal | undefined
  /** Fires when the runtime closes: no attempt follows. */
  readonly ending: AbortSignal
  /** The request is about to leave on a connection that is ready for it. */
  readonly onBegun: (() => void) | undefined
  /** Opens a connection; it is not identified yet. */
  readonly dial: (signal: AbortSignal | undefined) => Promise<AgentConversation>
  readonly ownThumbprint: string
  readonly log: (message: string, error: unknown) => void
}

/**
 * Calls a listening agent (spec §8.1): a pooled connection or a new one, made ready, then the exchange. Attempts that fail before the
 * request could begin are repeated after a pause; nothing is repeated once it may have begun.
 */
export async function callListening(call: ListeningCall): Promise<Exchanged> {
  const { endpoint, pool, signal } = call
  const turn = pool.reserve(signal, endpoint.uri)
  if (turn) await turn
  let streaming = false
  try {
    const exchanged = await attempt(call)
    if (exchanged.streams) {
      streaming = true
      exchanged.streams.done.then(
        () => pool.release(),
        () => pool.release(),
      )
    }
    return exchanged
  } finally {
    if (!streaming) pool.release()
  }
}

async function attempt(call: ListeningCall): Promise<Exchanged> {
  const { endpoint, pool, signal } = call
  const { retryCountLimit, connectionErrorRetryTimeoutMs, retryListeningSleepIntervalMs } = endpoint.limits
  const startedAt = performance.now()
  let hasBegun = false
  for (let index = 0; ; index++) {
    let stage: AttemptStage = 'connect'
    let conversation: AgentConversation | undefined
    let writtenBefore = 0
    let cut: (() => void) | undefined
    try {
      if (signal?.aborted) throw cancelledWhile('Connecting')
      conversation = pool.take()
      if (!conversation) {
        conversation = await call.dial(signal)
        pool.add(conversation)
      }
      const used = conversation
      const { channel } = used.transfer
      if (signal) {
        cut = () => channel.destroy(cancelledWhile(hasBegun ? 'Transferring' : 'Connecting'))
        onAbort(signal, cut)
        if (signal.aborted) throw cancelledWhile('Connecting')
      }
      stage = 'initialise'
      const initialised = used.initialise()
      if (initialised) await initialised
      stage = 'exchange'
      hasBegun = true
      call.onBegun?.()
      writtenBefore = channel.bytesWritten
      const exchanged = await used.exchange(call.message, call.id, call.types, endpoint.uri)
      if (exchanged.streams) giveBackAfter(exchanged.streams, used, call, cut)
      else {
        if (cut && signal) offAbort(signal, cut)
        pool.giveBack(used)
      }
      return exchanged
    } catch (why) {
      if (cut && signal) offAbort(signal, cut)
      if (conversation) void pool.drop(conversation)
      const verdict = listeningVerdict(stage, why)
      const bytesLeft = stage === 'exchange' && conversation !== undefined && conversation.transfer.channel.bytesWritten > writtenBefore
      if (verdict.again) {
        call.log(retryText(endpoint, why), why)
        if (stage === 'initialise' && index === 1) void pool.clear()
        const late = performance.now() - startedAt >= connectionErrorRetryTimeoutMs
        if (index + 1 < retryCountLimit && !late) {
          await sleep(retryListeningSleepIntervalMs, call)
          continue
        }
      }
      throw finalError(call, why, stage, verdict.again ? false : verdict.began, bytesLeft)
    }
  }
}

/** Gives the connection back when the last data stream of the response has arrived. `cut`: what cuts it off until then. */
function giveBackAfter(
  streams: ReceivedStreams,
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
async function sleep(ms: number, { signal, ending, endpoint }: ListeningCall): Promise<void> {
  const linked = linkedSignal(signal, ending)
  await pause(ms, undefined, { signal: linked.signal }).catch(() => {})
  linked.release()
  if (signal?.aborted) throw cancelledText(endpoint, cancelledWhile('Connecting'))
}

/** The error of spec §8.1: where it began, the last failure’s text, and the hint about our own certificate. */
function finalError(call: ListeningCall, why: unknown, stage: AttemptStage, began: boolean, bytesLeft: boolean): HalibutError {
  const { endpoint } = call
  const inner =
    why instanceof HalibutError ? why : new HalibutError('internal_error', why instanceof Error ? why.message : String(why), { cause: why })
  if (inner.kind === 'cancelled') return cancelledText(endpoint, toldWithDelivery(inner, bytesLeft) as HalibutError)
  const rejected = !began && saysReset(inner) ? rejectedHint(call.ownThumbprint) : ''
  const text = `An error occurred when sending a request to '${endpoint.uri}', ${began ? 'after the request began: ' : 'before the request could begin: '}${inner.message}${rejected}`
  return new HalibutError(stage === 'initialise' && inner.kind === 'connection_lost' ? 'identify_failed' : inner.kind, text, {
    phase: inner.phase ?? (stage === 'connect' ? 'connect' : stage === 'initialise' ? 'identify' : bytesLeft ? 'response' : 'request'),
    delivery: bytesLeft ? 'unknown' : 'not_sent',
    endpoint: endpoint.uri,
    dotnetType: 'Halibut.HalibutClientException',
    cause: inner,
  })
}

function cancelledText(endpoint: Endpoint, why: HalibutError): HalibutError {
  return new HalibutError(
    'cancelled',
    `An error occurred when sending a request to '${endpoint.uri}', after the request began: ${why.message}`,
    {
      phase: why.phase ?? 'connect',
      delivery: why.delivery,
      endpoint: endpoint.uri,
      dotnetType: why.dotnetType,
      cause: why,
    },
  )
}

/** The error of a call that was cancelled, as .NET words it (spec §6.4). */
function cancelledWhile(what: 'Connecting' | 'Transferring'): HalibutError {
  return new HalibutError('cancelled', `The Request was cancelled while ${what}.`, {
    phase: what === 'Connecting' ? 'connect' : 'response',
    dotnetType: `Halibut.Exceptions.${what}RequestCancelledException`,
  })
}

function rejectedHint(ownThumbprint: string): string {
  return `The server aborted the connection before it was fully established. This usually means that the server rejected the certificate that we provided. We provided a certificate with a thumbprint of '${ownThumbprint}'.`
}

function retryText(endpoint: Endpoint, why: unknown): string {
  if (why instanceof HalibutError && why.kind === 'connect_refused') {
    return `The remote host at ${endpoint.uri} refused the connection. This may mean that the expected listening service is not running.`
  }
  return why instanceof Error ? why.message : String(why)
}
