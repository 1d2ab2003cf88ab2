import type { ErrorKind } from '@halibut-gateway/schemas/wire'
import type { Draft } from '../store/store.ts'

/**
 * Who did what to which agent, and what came of it. It tells which service and method was called, never a value of the call: what a contract marks
 * as secret cannot get here.
 */
export interface AuditEntry {
  /** The principal’s name; `gateway` for what the gateway does by itself. */
  readonly who: string
  readonly role?: string | undefined
  /** A method of the one map, or what the gateway did, such as `gateway.started`. */
  readonly action: string
  readonly agent?: string | undefined
  readonly outcome: 'done' | ErrorKind
  /** Short facts: names, ids, thumbprints; never a secret. */
  readonly facts?: Readonly<Record<string, string | number | boolean | undefined>> | undefined
  readonly traceId?: string | undefined
}

/** Takes what is to be written down. */
export interface AuditSink {
  /** Resolves when the entry is kept. */
  record(entry: AuditEntry): Promise<void>
  /** Does what the entry tells of: both are kept, or neither. Rejects with what `act` throws, or where they cannot be kept; then nothing has changed. */
  change<T>(entry: AuditEntry, act: (draft: Draft) => T): Promise<T>
  /** Why nothing can be kept now; `undefined`: it can. */
  readonly failing: string | undefined
}

/** An entry as it is stored. */
export function formatEntry({ who, role, action, agent, outcome, facts, traceId }: AuditEntry): string {
  return JSON.stringify({ who, role, action, agent, outcome, facts, traceId })
}

/** What {@link formatEntry} wrote. Somebody may have changed it: what is no entry is shown as one that nobody has made. */
export function parseEntry(text: string): AuditEntry {
  try {
    const entry = JSON.parse(text) as AuditEntry
    if (isEntry(entry)) return entry
  } catch {
    // It is told below.
  }
  return { who: 'nobody', action: 'unreadable', outcome: 'internal_error', facts: { text: text.slice(0, unreadableChars) } }
}

const unreadableChars = 512

function isEntry(value: unknown): value is AuditEntry {
  if (typeof value !== 'object' || value === null) return false
  const { who, role, action, agent, outcome, facts, traceId } = value as Record<string, unknown>
  const isFacts =
    facts === undefined ||
    (typeof facts === 'object' &&
      facts !== null &&
      !Array.isArray(facts) &&
      Object.values(facts).every(each => ['string', 'number', 'boolean'].includes(typeof each)))
  return (
    isFacts &&
    [who, action, outcome].every(each => typeof each === 'string') &&
    [role, agent, traceId].every(each => each === undefined || typeof each === 'string')
  )
}
