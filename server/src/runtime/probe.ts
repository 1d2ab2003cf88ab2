import { cancelledWhile } from '../base/cancelled.ts'
import { HalibutError } from '../base/errors.ts'
import { identifyAsDialler } from '../exchange/identify.ts'
import type { Transfer } from '../exchange/transfer.ts'
import { CallDeadline, checkTime } from './call-deadline.ts'
import { listeningFailure } from './call-failures.ts'
import type { Endpoint } from './endpoint.ts'
import type { Dial } from './open-conversation.ts'
import type { ProbeOptions } from './options.ts'
import { mayBeDistrust, type OwnCertificates } from './own-certificates.ts'

/** What a probe learned. */
export interface ProbeAnswer {
  /** SHA-1 of the agent’s certificate. */
  readonly thumbprint: string
  /** SHA-256 of the same. */
  readonly thumbprint256: string
  /** Until when the agent’s certificate is valid: UTC milliseconds since 1970. */
  readonly expiresMs: number | undefined
  /** SHA-1 of the certificate of ours that it accepts: the newest that it does. */
  readonly own: string
  readonly roundTripMs: number
}

/** What a probe is made with. */
export interface ProbeSetting {
  readonly own: OwnCertificates
  readonly dial: Dial
  /** Aborted when the runtime closes. */
  readonly ending: AbortSignal
  readonly defaultTimeoutMs: number
}

/** Dials an agent, identifies, and ends: proof that it is there and trusts us. */
export async function probe(endpoint: Endpoint, options: ProbeOptions, setting: ProbeSetting): Promise<ProbeAnswer> {
  checkTime('timeoutMs', options.timeoutMs)
  const { uri } = endpoint
  const { own, dial, ending } = setting
  const timeoutMs = options.timeoutMs ?? setting.defaultTimeoutMs
  const deadline = new CallDeadline({ signal: options.signal ?? ending, timeoutMs }, undefined)
  let transfer: Transfer | undefined
  const cut = (): void => transfer?.channel.destroy(cancelledWhile('Connecting', { phase: 'identify' }))
  deadline.signal.addEventListener('abort', cut, { once: true })
  try {
    const order = own.order(endpoint, true)
    for (const [index, certificate] of order.entries()) {
      try {
        transfer = undefined
        const startedAt = performance.now()
        transfer = await dial(endpoint, deadline.signal, certificate)
        await identifyAsDialler(transfer, { type: 'client' })
        await transfer.end()
        own.accepted(endpoint, certificate)
        const { thumbprint = '', thumbprint256 = '', expiresMs } = transfer.channel.peer
        return { thumbprint, thumbprint256, expiresMs, own: certificate.thumbprint, roundTripMs: performance.now() - startedAt }
      } catch (why) {
        transfer?.channel.destroy()
        if (index + 1 === order.length || deadline.signal.aborted || !mayBeDistrust(why)) throw why
      }
    }
    throw new Error('there is always a certificate to present')
  } catch (why) {
    const stage = transfer ? 'initialise' : 'connect'
    const ownThumbprint = own.text
    const told = deadline.told(listeningFailure(why, { uri, stage, bytesLeft: false, isNew: true, began: false, ownThumbprint }))
    if (!(told instanceof HalibutError) || told.kind !== 'deadline_exceeded') throw told
    throw told.with({}, `a probe of ${uri} did not end within ${timeoutMs} ms: ${told.reason ?? 'no answer came'}`)
  } finally {
    deadline.end()
  }
}
