import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { defaultLimits, gatewayLimits } from '../../base/limits.ts'
import { MemoryBudget } from '../../base/memory-budget.ts'
import type { Spool } from '../../runtime/data-streams.ts'
import { createStreamSpool } from '../../runtime/stream-spool.ts'

const spoolLimits = {
  spoolMemoryBytes: defaultLimits.spoolMemoryBytes,
  spoolFileBytes: facadeLimits.unsizedUploadBytes,
  streamUnreadMs: defaultLimits.streamUnreadMs,
}

/**
 * Makes the spools of sessions, for what must be whole before it goes on. What all of them keep in memory and on disk is limited, and each
 * session has a share of that; what finds no room ends with `memory_limit`.
 */
export function createSessionSpools(): (session: string) => Spool {
  const memory = new MemoryBudget(defaultLimits.spoolMemoryBytesInFlight, 'spoolMemoryBytesInFlight')
  const disk = new MemoryBudget(gatewayLimits.sessionSpoolBytesInFlight, 'sessionSpoolBytesInFlight')
  return session => createStreamSpool(spoolLimits, memory.share(session), disk.share(session))
}
