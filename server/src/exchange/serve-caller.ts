import { HalibutError } from '../base/errors.ts'
import { RequestServer, type ServiceSide } from './serve-requests.ts'
import type { Transfer } from './transfer.ts'

const nothingAfter = Buffer.alloc(0)

/**
 * The listening service’s conversation (spec §3.2), after identification, until the caller ends it. Resolves when the connection was
 * ended as the protocol has it (END, a null message, an idle time-out), or the service takes no more requests; rejects with what broke it.
 */
export async function serveCaller(transfer: Transfer, service: ServiceSide): Promise<void> {
  const { limits } = transfer.options
  const server = new RequestServer(transfer, service)
  if (await transfer.endsBeforeRequest(limits.tcpListeningNextRequestIdleTimeoutMs)) return
  for (;;) {
    if (!(await server.serveOne(limits.tcpListeningNextRequestIdleTimeoutMs, nothingAfter)) || server.draining) return
    server.rest()
    let word: 'NEXT' | 'END'
    try {
      // An idle pooled connection waits here, under the general receive timeout (the trap of §3.2).
      const next = transfer.expectNextOrEnd(limits.tcpClientReceiveTimeoutMs)
      word = next instanceof Promise ? await next : next
    } catch (why) {
      if (why instanceof HalibutError && why.kind === 'io_timeout' && !transfer.insideLine) return
      throw why
    }
    if (word === 'END') return
    server.wake()
    const sent = transfer.sendProceed()
    if (sent) await sent
  }
}
