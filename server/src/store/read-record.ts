import type { RecordKind, Records } from './records.ts'

/** A row of which something was changed or lost since it was written, and what became of it. */
export interface DamagedRow {
  readonly kind: string
  readonly id: string
  readonly instead: string
}

/** What {@link readRecord} makes of a row. */
export interface ReadRecord {
  /** `undefined`: it is left out. */
  readonly record: Records[RecordKind] | undefined
  /** What counts in its place; `undefined`: it is as it was written. */
  readonly instead?: string
}

/** Members without which nobody can work with a record, and what `typeof` says of them. */
const needed: { readonly [K in RecordKind]: Readonly<Record<string, string>> } = {
  agents: { uri: 'string' },
  contracts: { contract: 'object', addedMs: 'number' },
  denied: { deniedMs: 'number', by: 'string' },
  certificates: { firstSeenMs: 'number', lastSeenMs: 'number' },
  identities: { state: 'string', certificatePem: 'string', addedMs: 'number' },
  acceptances: { accepted: 'object' },
  tokens: { name: 'string', secretHash: 'string', role: 'string', createdMs: 'number' },
  meta: { text: 'string' },
}

/**
 * Reads the document of a row. A damaged one is left out, and where that would let somebody in, the strictest record that there is takes its place:
 * one row does not keep all others from being used.
 */
export function readRecord(kind: string, id: string, document: string): ReadRecord {
  if (!isKind(kind)) return { record: undefined, instead: 'it is left out' }
  const value = parsed(document)
  if (isRecord(value, id, needed[kind])) return { record: value }
  switch (kind) {
    case 'denied':
      return { record: { id, deniedMs: 0, by: 'gateway' }, instead: 'it is denied still' }
    case 'certificates':
      return { record: { id, firstSeenMs: 0, lastSeenMs: 0, revokedMs: 0 }, instead: 'it counts as revoked' }
    case 'meta':
      return { record: { id, text: '' }, instead: 'it counts as empty' }
    default:
      return { record: undefined, instead: 'it is left out' }
  }
}

/** What a JSON document says; `undefined` where it is none. */
export function parsed(document: string): unknown {
  try {
    return JSON.parse(document)
  } catch {
    return undefined
  }
}

function isKind(kind: string): kind is RecordKind {
  return Object.hasOwn(needed, kind)
}

function isRecord(value: unknown, id: string, members: Readonly<Record<string, string>>): value is Records[RecordKind] {
  if (typeof value !== 'object' || value === null) return false
  const record = value as Readonly<Record<string, unknown>>
  return record['id'] === id && Object.entries(members).every(([name, type]) => typeof record[name] === type && record[name] !== null)
}
