import type { HalibutError } from '../base/errors.ts'
import type { Limits } from '../base/limits.ts'
import { pause } from '../base/pause.ts'
import { identifyAsDialler } from '../exchange/identify.ts'
import { pollClient } from '../exchange/poll-client.ts'
import type { ServiceSide } from '../exchange/serve-requests.ts'
import type { Transfer } from '../exchange/transfer.ts'
import { dotnetSentence, sentence, toldOf } from './call-failures.ts'
import { clientException } from './dotnet-exception.ts'
import type { Endpoint } from './endpoint.ts'
import { type AttemptStage, pollingPauseMs, pollingVerdict, saysReset } from './retry-policy.ts'

/** One polling connection of a service that is to be kept up. */
export interface PollingLoopOptions {
  readonly endpoint: Endpoint
  /** The printed subscription. */
  readonly subscription: string
  readonly service: ServiceSide
  readonly limits: Limits
  readonly dial: (signal: AbortSignal) => Promise<Transfer>
  /** Cuts the connection. */
  readonly signal: AbortSignal
  /** No connection is opened any more; one that is there ends with what it has. Fires with {@link signal} at the latest. */
  readonly draining: AbortSignal
  readonly onIdentified: () => void
  readonly ownThumbprint: string
  readonly log: (message: string, error: unknown) => void
}

/** Connects, serves, and connects again after a pause, until `draining` fires (spec §7.5). Never rejects. */
export async function runPollingLoop(options: PollingLoopOptions): Promise<void> {
  const { draining, limits, log } = options
  const random = Math.random()
  /** Since the first try after a success. */
  let tryingSince: number | undefined
  const succeeded = (): void => {
    tryingSince = undefined
  }
  while (!draining.aborted) {
    tryingSince ??= performance.now()
    let failure: unknown
    try {
      await connectAndServe(options, () => {
        succeeded()
        options.onIdentified()
      })
      succeeded()
    } catch (why) {
      failure = why
    }
    if (draining.aborted) return
    const elapsed = tryingSince === undefined ? 0 : performance.now() - tryingSince
    const pauseMs = pollingPauseMs(elapsed, random, limits.pollingReconnectMinMs, limits.pollingReconnectMaxMs)
    if (failure !== undefined) {
      const { message } = toldOf(failure)
      log(`${message.replace(/\.$/, '')}. Trying again in ${(pauseMs / 1_000).toFixed(1)} seconds`, failure)
    }
    await pause(pauseMs, draining)
  }
}

/** One cycle: up to `retryCountLimit` attempts to connect, then the conversation until it ends (spec §8.2). */
async function connectAndServe(options: PollingLoopOptions, onIdentified: () => void): Promise<void> {
  const { endpoint, signal, draining, service, subscription } = options
  const { retryCountLimit, connectionErrorRetryTimeoutMs, retryListeningSleepIntervalMs } = endpoint.limits
  const startedAt = performance.now()
  for (let index = 0; ; index++) {
    let stage: AttemptStage = 'connect'
    let transfer: Transfer | undefined
    let cut: (() => void) | undefined
    try {
      const dialled = await options.dial(draining)
      transfer = dialled
      cut = () => void dialled.channel.close(0)
      signal.addEventListener('abort', cut, { once: true })
      draining.addEventListener('abort', cut, { once: true })
      // Between the end of the dial and here nobody heard it.
      if (draining.aborted) cut()
      stage = 'initialise'
      await identifyAsDialler(transfer, { type: 'subscriber', subscription })
      draining.removeEventListener('abort', cut)
      stage = 'exchange'
      onIdentified()
      await pollClient(transfer, service)
      await dialled.channel.close()
      return
    } catch (why) {
      // Disposed while it waits for work: the peer just sees the connection end (spec §3.2).
      if (transfer && !draining.aborted) void transfer.end()
      if (draining.aborted) return
      const verdict = pollingVerdict(stage, why)
      const late = performance.now() - startedAt >= connectionErrorRetryTimeoutMs
      if (!verdict.again || index + 1 >= retryCountLimit || late)
        throw finalError(options, why, stage, verdict.again ? false : verdict.began)
      await pause(retryListeningSleepIntervalMs, draining)
      if (draining.aborted) return
    } finally {
      if (cut) for (const each of [signal, draining]) each.removeEventListener('abort', cut)
    }
  }
}

function finalError(
  { endpoint: { uri }, ownThumbprint }: PollingLoopOptions,
  why: unknown,
  stage: AttemptStage,
  began: boolean,
): HalibutError {
  const inner = toldOf(why)
  const message =
    stage === 'exchange'
      ? `the connection to ${uri} broke off: ${inner.message}`
      : sentence(inner, { uri, stage, bytesLeft: false, isNew: true, ownThumbprint })
  const dotnetMessage =
    began && saysReset(inner)
      ? `The server ${uri} aborted the connection before it was fully established. This usually means that the server rejected the certificate that we provided. We provided a certificate with a thumbprint of '${ownThumbprint}'.`
      : dotnetSentence(uri, began, inner.dotnetMessage)
  return inner.with({ endpoint: uri, cause: inner, dotnetType: clientException, dotnetMessage }, message)
}
