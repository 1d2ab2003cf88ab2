import { noStreams } from '../../server/src/gateway/streams/stream-table.ts'
import type { RequestContext } from '../../server/src/rpc/call-context.ts'

/** What a request of an operator runs with that nobody gives up, reads or counts. */
export function createRequestContext(): RequestContext {
  return {
    principal: { name: 'somebody', role: 'operator' },
    receivedMs: performance.now(),
    signal: new AbortController().signal,
    streams: noStreams(),
    begun: () => undefined,
    sendItem: () => undefined,
    writable: async () => undefined,
  }
}
