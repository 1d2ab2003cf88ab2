import { BatchDraft, emptyRecordMaps, type RecordMaps } from '../../server/src/store/batch-draft.ts'
import type { AuditRecord, RecordKind, Records } from '../../server/src/store/records.ts'
import type { Change, RecordDraft, Repositories, Repository } from '../../server/src/store/store.ts'

/** A store whose changes are kept at once, so that clocks may stand still; it can be told to refuse. */
export interface InstantStore extends Repositories {
  change: Change
  /** What changes fail with, so that none of them happens. */
  failure: Error | undefined
  /** How many were kept that changed something. */
  readonly changes: number
  /** The audit log. */
  readonly entries: readonly AuditRecord[]
  /** Nobody is told. */
  onStateChange(): () => void
}

export function createInstantStore(records: { readonly [K in RecordKind]?: readonly Records[K][] } = {}): InstantStore {
  const maps = emptyRecordMaps()
  const entries: AuditRecord[] = []
  let changes = 0
  const repository = <K extends RecordKind>(kind: K): Repository<Records[K]> => {
    const all = (): ReadonlyMap<string, Records[K]> => (maps as { readonly [L in RecordKind]: ReadonlyMap<string, Records[L]> })[kind]
    return {
      get: id => all().get(id),
      all: () => [...all().values()],
      get size() {
        return all().size
      },
      put: record => store.change(draft => (draft[kind] as RecordDraft<Records[K]>).put(record)),
      remove: id => store.change(draft => draft[kind].remove(id)),
    }
  }
  const store: InstantStore = {
    agents: repository('agents'),
    contracts: repository('contracts'),
    denied: repository('denied'),
    certificates: repository('certificates'),
    identities: repository('identities'),
    acceptances: repository('acceptances'),
    tokens: repository('tokens'),
    meta: repository('meta'),
    failure: undefined,
    get changes() {
      return changes
    },
    entries,
    onStateChange: () => () => undefined,
    change: async act => {
      const batch = new BatchDraft(maps, entries.at(-1))
      const result = batch.run(act)
      if (store.failure && batch.changes.length > 0) throw store.failure
      batch.applyTo(maps)
      if (batch.changes.length > 0) changes++
      for (const each of batch.changes) if (each.type === 'append-audit') entries.push(each.record)
      return result
    },
  }
  fill(maps, records)
  return store
}

function fill(maps: RecordMaps, records: { readonly [K in RecordKind]?: readonly { readonly id: string }[] }): void {
  for (const [kind, all] of Object.entries(records) as [RecordKind, readonly { readonly id: string }[]][])
    for (const record of all) (maps[kind] as Map<string, unknown>).set(record.id, record)
}
