import type { ErrorKind } from '@halibut-gateway/schemas/wire'

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

/** Takes an entry; resolves when it is kept. */
export type AuditSink = (entry: AuditEntry) => Promise<void>

/** An entry as it is stored. */
export function formatEntry({ who, role, action, agent, outcome, facts, traceId }: AuditEntry): string {
  return JSON.stringify({ who, role, action, agent, outcome, facts, traceId })
}

/** What {@link formatEntry} wrote. */
export function parseEntry(text: string): AuditEntry {
  return JSON.parse(text) as AuditEntry
}
