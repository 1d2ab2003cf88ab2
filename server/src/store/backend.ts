import type { AuditRecord, OutcomeRecord, RecordKind } from './records.ts'
import type { AuditHead, AuditPage, AuditQuery, AuditRange } from './store.ts'

/** Where a store keeps what it keeps. It is asked for one thing after another as far as changes go. */
export interface StoreBackend {
  /** Makes changes durable, in their order: all or, where it rejects, none of them. */
  commit(changes: readonly StoredChange[]): Promise<void>
  readAudit(range: AuditRange): Promise<readonly AuditRecord[]>
  searchAudit(query: AuditQuery): Promise<AuditPage>
  /** The oldest first. */
  readOutcomes(): Promise<readonly OutcomeRecord[]>
  close(): Promise<void>
}

/** What is in memory from the beginning. */
export interface StoredContent {
  /** Each kind in the order in which they came. */
  readonly records: readonly StoredRecord[]
  readonly head: AuditHead | undefined
}

/** A record as text. */
export interface StoredRecord {
  readonly kind: RecordKind
  readonly id: string
  /** JSON. */
  readonly document: string
}

/** One step of a change. */
export type StoredChange =
  | ({ readonly type: 'put' } & StoredRecord)
  | { readonly type: 'remove'; readonly kind: RecordKind; readonly id: string }
  | { readonly type: 'append-audit'; readonly record: AuditRecord }
  | { readonly type: 'trim-audit'; readonly upTo: number }
  | { readonly type: 'put-outcome'; readonly id: string; readonly atMs: number; readonly document: string }
  | { readonly type: 'trim-outcomes'; readonly beforeMs: number }
