import { MemoryBudget } from '../../server/src/base/memory-budget.ts'
import { SessionWindows } from '../../server/src/gateway/streams/session-windows.ts'

/** What the windows of the only session of a gateway have. */
export function createWindows(memory: MemoryBudget = new MemoryBudget(2 ** 40, 'streamBytesInFlight')): SessionWindows {
  return new SessionWindows(memory.share('only'))
}
