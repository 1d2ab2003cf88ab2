import { randomUUID } from 'node:crypto'
import { epochRecord, type OutcomeRecord } from './records.ts'
import type { Store } from './store.ts'

/** What is known of calls with idempotency keys, and where that is kept. */
export interface CallMemory {
  /** What the keys belong to. It stays as long as nothing of what it stands for is lost. */
  readonly epoch: string
  /** From before this process, the oldest first. */
  readonly records: readonly OutcomeRecord[]
  /** Resolves when it is on the disk; what is asked for at the same time is flushed together. */
  put(record: OutcomeRecord): Promise<void>
  /** Forgets those that are older. */
  removeBefore(atMs: number): Promise<void>
}

/** The memory of calls in a store; a store that never had one begins an epoch. */
export async function openCallMemory(store: Store): Promise<CallMemory> {
  const epoch = store.meta.get(epochRecord)?.text ?? randomUUID()
  if (!store.meta.get(epochRecord)) await store.meta.put({ id: epochRecord, text: epoch })
  return {
    epoch,
    records: await store.outcomes.all(),
    put: record => store.change(draft => draft.outcomes.put(record)),
    removeBefore: atMs => store.change(draft => draft.outcomes.removeBefore(atMs)),
  }
}
