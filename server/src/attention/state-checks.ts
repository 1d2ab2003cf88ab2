import { gatewayLimits } from '../base/limits.ts'
import type { StoreState } from '../store/store.ts'
import type { Check } from './attention.ts'
import { dayOf } from './fleet-checks.ts'

/** Whether what people change can be kept. */
export function storeCheck(store: { readonly state: StoreState }): Check {
  return {
    name: 'state',
    *look() {
      const { state } = store
      if (state.at !== 'failing') return
      yield {
        code: 'store_failing',
        subject: '',
        sinceMs: state.sinceMs,
        version: state.reason,
        tell: () => ({
          text: `changes and calls are refused, since nothing of them could be written down: ${state.reason}`,
          action: { text: 'make room on the disk of the state folder, and look whether it can be written' },
        }),
      }
    },
  }
}

/** Whether there is a backup that is new enough. `lastMs`: of the newest one; `undefined`: there is none. `sinceMs`: since when there is something to lose. */
export function backupCheck(lastMs: () => number | undefined, sinceMs: number): Check {
  return {
    name: 'backup',
    *look(now) {
      const last = lastMs()
      const overdueMs = (last ?? sinceMs) + gatewayLimits.backupAttentionMs
      if (now < overdueMs) return
      yield {
        code: 'backup_overdue',
        subject: '',
        sinceMs: overdueMs,
        version: last,
        tell: () => ({
          text: last === undefined ? 'there is no backup of the state' : `the last backup of the state was made on ${dayOf(last)}`,
          action: { text: 'make one, and keep it on another machine', command: 'halibut-gateway backup' },
        }),
      }
    },
  }
}
