import { hash } from 'node:crypto'
import type { AuditRecord } from '../store/records.ts'
import type { AuditDraft, AuditHead } from '../store/store.ts'

/** What the first entry follows. */
export const beginning = { sequence: 0, hash: '0'.repeat(64) } as const

/** The hash of an entry: of that of the one before, and of its own number, time and stored bytes. SHA-256, lower-case hex. */
export function hashEntry(previous: string, { sequence, atMs, text }: Omit<AuditRecord, 'hash'>): string {
  return hash('sha256', `${previous}\n${sequence}\n${atMs}\n${text}`, 'hex')
}

/** The entry behind the newest one. */
export function nextEntry(head: AuditHead | undefined, atMs: number, text: string): AuditRecord {
  const before = head ?? beginning
  const entry = { sequence: before.sequence + 1, atMs, text }
  return { ...entry, hash: hashEntry(before.hash, entry) }
}

/** Adds an entry behind the newest one. */
export function appendText(audit: AuditDraft, atMs: number, text: string): void {
  audit.append(nextEntry(audit.head, atMs, text))
}
