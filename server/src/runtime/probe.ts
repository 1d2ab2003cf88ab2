import { cancelledWhile } from '../base/cancelled.ts'
import { HalibutError } from '../base/errors.ts'
import { identifyAsDialler } from '../exchange/identify.ts'
import type { Transfer } from '../exchange/transfer.ts'
import { CallDeadline, checkTime } from './call-deadline.ts'
import { listeningFailure } from './call-failures.ts'
import type { Endpoint } from './endpoint.ts'
import type { ProbeOptions } from './options.ts'

/** What a probe learned. */
export interface ProbeAnswer {
  /** SHA-1 of the agent’s certificate. */
  readonly thumbprint: string
  readonly roundTripMs: number
}

/** What a probe is made with. */
export interface ProbeSetting {
  readonly dial: (endpoint: Endpoint, signal: AbortSignal | undefined) => Promise<Transfer>
  /** Aborted when the runtime closes. */
  readonly ending: AbortSignal
  readonly defaultTimeoutMs: number
  readonly ownThumbprint: string
}

/** Dials an agent, identifies, and ends: proof that it is there and trusts us. */
export async function probe(endpoint: Endpoint, options: ProbeOptions, setting: ProbeSetting): Promise<ProbeAnswer> {
  checkTime('timeoutMs', options.timeoutMs)
  const { uri } = endpoint
  const { ending, ownThumbprint } = setting
  const startedAt = performance.now()
  const timeoutMs = options.timeoutMs ?? setting.defaultTimeoutMs
  const deadline = new CallDeadline({ signal: options.signal ?? ending, timeoutMs }, undefined)
  let transfer: Transfer | undefined
  const cut = (): void => transfer?.channel.destroy(cancelledWhile('Connecting', { phase: 'identify' }))
  deadline.signal.addEventListener('abort', cut, { once: true })
  try {
    transfer = await setting.dial(endpoint, deadline.signal)
    await identifyAsDialler(transfer, { type: 'client' })
    await transfer.end()
    return { thumbprint: transfer.channel.peer.thumbprint ?? '', roundTripMs: performance.now() - startedAt }
  } catch (why) {
    transfer?.channel.destroy()
    const stage = transfer ? 'initialise' : 'connect'
    const told = deadline.told(listeningFailure(why, { uri, stage, bytesLeft: false, isNew: true, began: false, ownThumbprint }))
    if (!(told instanceof HalibutError) || told.kind !== 'deadline_exceeded') throw told
    throw told.with({}, `a probe of ${uri} did not end within ${timeoutMs} ms: ${told.reason ?? 'no answer came'}`)
  } finally {
    deadline.end()
  }
}
