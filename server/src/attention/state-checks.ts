import type { StoreState } from '../store/store.ts'
import type { Check } from './attention.ts'

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
          text: `changes are refused since they cannot be kept, calls go on: ${state.reason}`,
          action: { text: 'make room on the disk of the state folder, and look whether it can be written' },
        }),
      }
    },
  }
}
