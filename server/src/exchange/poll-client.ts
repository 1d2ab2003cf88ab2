import { NEXT } from '../codec/control-message.ts'
import { RequestServer, type ServiceSide } from './serve-requests.ts'
import type { Transfer } from './transfer.ts'

/**
 * The polling service’s conversation (spec §3.3), after identification: endless, rejects with what ended it; resolves only where the service
 * takes no more requests, which END in the place of NEXT has told the client. Response and NEXT leave in one write: apart, NEXT would wait for
 * the acknowledgement of the response at a peer that delays it (§3.5).
 */
export async function pollClient(transfer: Transfer, service: ServiceSide): Promise<void> {
  const { limits } = transfer.options
  const server = new RequestServer(transfer, service)
  for (;;) {
    server.rest()
    if (!(await server.serveOne(limits.tcpClientReceiveRequestTimeoutForPollingMs, NEXT))) {
      const sent = server.draining ? transfer.sendEnd() : transfer.sendNext()
      if (sent) await sent
    }
    if (server.draining) return
    const proceed = transfer.expectProceed(limits.tcpClientHeartbeatReceiveTimeoutMs)
    if (proceed) await proceed
    // Between the look above and PROCEED the service may have been told to end.
    if (server.draining) return
  }
}
