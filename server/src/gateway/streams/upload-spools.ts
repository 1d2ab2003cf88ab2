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
 * Makes the spools of uploads without a length, each for a session. What all of them keep in memory and on disk is limited, and each session
 * has a share of that; an upload beyond it ends as `length_required`.
 */
export function createUploadSpools(): (session: string) => Spool {
  const memory = new MemoryBudget(defaultLimits.spoolMemoryBytesInFlight, 'spoolMemoryBytesInFlight')
  const disk = new MemoryBudget(gatewayLimits.allUnsizedUploadBytes, 'allUnsizedUploadBytes', {
    kind: 'length_required',
    advice: 'say the length of the data stream, or send it again when other uploads without one have ended',
  })
  return session => createStreamSpool(spoolLimits, memory.share(session), disk.share(session))
}
