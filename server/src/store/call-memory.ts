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

/** What {@link openCallMemory} is told. */
export interface CallMemoryOptions {
  /** Whether a record is as it was written. */
  readonly isWhole: (record: OutcomeRecord) => boolean
  /** Hears how many are not. */
  readonly onDamaged: (count: number) => void
}

/**
 * The memory of calls in a store; a store that never had one begins an epoch. So does one of which a record is damaged, since nobody knows which key
 * it was of: the others are forgotten with it, and whoever sends a key of before is told that its outcome is not known.
 */
export async function openCallMemory(store: Store, { isWhole, onDamaged }: CallMemoryOptions): Promise<CallMemory> {
  const kept = await store.outcomes.all()
  const damaged = kept.filter(record => !isWhole(record)).length
  if (damaged > 0) onDamaged(damaged)
  const known = store.meta.get(epochRecord)?.text
  const isLost = damaged > 0 || known === ''
  const epoch = isLost || known === undefined ? randomUUID() : known
  if (epoch !== known)
    await store.change(draft => {
      // Those that run as well, which are of no time yet.
      if (isLost) draft.outcomes.removeBefore(Number.MAX_SAFE_INTEGER + 1)
      draft.meta.put({ id: epochRecord, text: epoch })
    })
  return {
    epoch,
    records: isLost ? [] : kept,
    put: record => store.change(draft => draft.outcomes.put(record)),
    removeBefore: atMs => store.change(draft => draft.outcomes.removeBefore(atMs)),
  }
}
