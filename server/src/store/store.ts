import type { AuditRecord, OutcomeRecord, RecordKind, Records } from './records.ts'

/**
 * What must survive: the one thing that access, trust, fleet and audit know of it.
 *
 * What is read is what was acknowledged: a change is seen once its promise has resolved, and then neither the end of the process nor that of the
 * machine loses it. A change is whole or not there. Changes come one after another, in the order in which they were asked for; several are
 * made durable together. One that is refused, since the disk is full for example, rejects and has not happened; the next one tries again.
 */
export interface Store extends Repositories {
  readonly audit: AuditLog
  readonly outcomes: OutcomeLog
  /** Whether changes can be kept. */
  readonly state: StoreState
  /**
   * Several changes that are one. `act` runs soon, by itself: nothing else changes between what it reads and what it writes, and it sees what was
   * asked for before it. It must be done when it returns. What it throws rejects the promise, and nothing of it has happened.
   */
  change<T>(act: (draft: Draft) => T): Promise<T>
  /** Calls `listener` after each change of {@link state}; gives a function that ends this. */
  onStateChange(listener: (state: StoreState) => void): () => void
  /** Calls `listener` after each flush that was tried; gives a function that ends this. */
  onFlush(listener: (flush: StoreFlush) => void): () => void
  /** Lets what was asked for come to its end; what comes later is refused with `closed`. Idempotent. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Makes several changes that are one, as {@link Store.change} does. Whoever hands it on may have something of its own in it, such as the entry of the
 * audit log that tells of it; `facts` are for that.
 */
export type Change = <T>(act: (draft: Draft) => T, facts?: Readonly<Record<string, string>>) => Promise<T>

/** Changes that were made durable together, or could not be. */
export interface StoreFlush {
  readonly kept: boolean
  readonly durationMs: number
}

/** Whether changes can be kept: `failing` since the first that could not, until one could again. */
export type StoreState = { readonly at: 'ready' } | { readonly at: 'failing'; readonly sinceMs: number; readonly reason: string }

/** The records by their kind. All of them are in memory, so that looking costs nothing. */
export type Repositories = { readonly [K in RecordKind]: Repository<Records[K]> }

/** Records of one kind, as they were acknowledged. */
export interface RecordView<T> {
  get(id: string): T | undefined
  /** In the order in which they came; one that was replaced stays in its place. */
  all(): readonly T[]
  readonly size: number
}

/** Records of one kind, and changes that need no others. */
export interface Repository<T> extends RecordView<T> {
  /** Adds a record, or replaces the one of the same id. */
  put(record: T): Promise<void>
  /** Gives whether there was one. */
  remove(id: string): Promise<boolean>
}

/** What a change of several things sees and does. */
export interface Draft extends RecordDrafts {
  readonly audit: AuditDraft
  readonly outcomes: OutcomeDraft
}

/** The records within a change, by their kind. */
export type RecordDrafts = { readonly [K in RecordKind]: RecordDraft<Records[K]> }

/** Records of one kind within a change. */
export interface RecordDraft<T> extends RecordView<T> {
  put(record: T): void
  remove(id: string): boolean
}

/** The newest entry of the audit log. */
export type AuditHead = Pick<AuditRecord, 'sequence' | 'hash'>

/** Entries in their order. They are not kept in memory. */
export interface AuditLog {
  /** `undefined` where there never was one. */
  readonly head: AuditHead | undefined
  /** At most `limit` entries above `after` (default 0) in ascending order, or below `before` in descending order. */
  read(range: AuditRange): Promise<readonly AuditRecord[]>
  /**
   * The newest entries that a query is for. It looks at a part of the log where that takes long, and says where to go on: a page may have fewer entries
   * than there was room for, none even, and there may be more all the same.
   */
  search(query: AuditQuery): Promise<AuditPage>
}

/** What is looked for in the audit log. Texts that are no JSON objects have no members. */
export interface AuditQuery {
  readonly limit: number
  /** Entries below this sequence. Default: all. */
  readonly before?: number | undefined
  readonly fromMs?: number | undefined
  /** Entries that are older. */
  readonly toMs?: number | undefined
  /** What members of the text are, to the letter. */
  readonly who?: string | undefined
  readonly agent?: string | undefined
  readonly action?: string | undefined
  /** `failed`: all but `done`. */
  readonly outcome?: string | undefined
  /** Stands in a value somewhere in the text; letters of ASCII count the same, large or small. */
  readonly text?: string | undefined
}

/** Entries in descending order. */
export interface AuditPage {
  readonly entries: readonly AuditRecord[]
  /** What is `before` for the next page; absent where the log has been looked through. */
  readonly next?: number | undefined
}

/** Which entries of the audit log. */
export type AuditRange = { readonly limit: number } & (
  | { readonly after?: number; readonly before?: never }
  | { readonly before: number; readonly after?: never }
)

/** The audit log within a change. */
export interface AuditDraft {
  readonly head: AuditHead | undefined
  /** Throws `invalid_argument` where the sequence does not follow that of the head. */
  append(record: AuditRecord): void
  /** Forgets the entries up to a sequence, but never the newest one. */
  removeUpTo(sequence: number): void
}

/** What became of calls. They are not kept in memory. */
export interface OutcomeLog {
  /** All that there are, the oldest first. */
  all(): Promise<readonly OutcomeRecord[]>
}

/** Outcomes within a change. */
export interface OutcomeDraft {
  put(record: OutcomeRecord): void
  /** Forgets those that are older. */
  removeBefore(atMs: number): void
}
