import { deferred } from '../base/deferred.ts'
import { HalibutError } from '../base/errors.ts'
import type { ServiceSide } from '../exchange/serve-requests.ts'
import type { Acceptor } from './acceptor.ts'
import type { OutgoingCalls } from './outgoing-calls.ts'
import type { RequestQueues } from './queue/request-queues.ts'

/** What opens no connection any more, once it was told so. */
export interface Drainable {
  /** Resolves when no connection is left. */
  drain(): Promise<unknown>
}

/** Where a runtime has what it accepted. */
export interface Accepted {
  readonly service: ServiceSide
  readonly pollings: Drainable
  readonly queues: RequestQueues
  readonly calls: OutgoingCalls
  readonly acceptor: Acceptor
}

/** Lets what was accepted come to its end, without limit. `why`: what callers are told whose requests nobody can collect any more. */
export async function drain({ service, pollings, queues, calls, acceptor }: Accepted, why: HalibutError): Promise<void> {
  service.draining = true
  for (const server of service.serving) server.endIfIdle()
  const polled = pollings.drain()
  queues.drain(why)
  await calls.idle()
  await acceptor.subscribersGone()
  await polled
  while (service.serving.size > 0) await Promise.all([...service.serving].map(server => server.over))
}

/** For the answers to requests that are cut off. */
const refuseWithinMs = 1_000

/** Who waits for a service of ours is told that nothing comes, so far as that can be said in a moment. */
export async function refuseRunning({ serving }: ServiceSide): Promise<void> {
  const why = new HalibutError('closed', 'the service is closing; the call was cut off while it ran')
  const refused = [...serving].map(server => server.giveUp(why))
  if (refused.length === 0) return
  const moment = deferred<void>()
  const timer = setTimeout(moment.resolve, refuseWithinMs)
  await Promise.race([Promise.all(refused), moment.promise])
  clearTimeout(timer)
}
