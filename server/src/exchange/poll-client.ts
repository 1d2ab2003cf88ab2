import { NEXT } from '../codec/control-message.ts'
import { RequestServer, type ServiceSide } from './serve-requests.ts'
import type { Transfer } from './transfer.ts'

/**
 * The polling service’s conversation (spec §3.3), after identification: endless, rejects with what ended it. Response and NEXT leave in
 * one write: apart, NEXT would wait for the acknowledgement of the response at a peer that delays it (§3.5).
 */
export async function pollClient(transfer: Transfer, service: ServiceSide): Promise<never> {
  const { limits } = transfer.options
  const server = new RequestServer(transfer, service)
  for (;;) {
    if (!(await server.serveOne(limits.tcpClientReceiveRequestTimeoutForPollingMs, NEXT))) {
      const sent = transfer.sendNext()
      if (sent) await sent
    }
    const proceed = transfer.expectProceed(limits.tcpClientHeartbeatReceiveTimeoutMs)
    if (proceed) await proceed
  }
}
