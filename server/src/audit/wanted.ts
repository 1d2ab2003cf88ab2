import type { AuditRecord } from '../store/records.ts'
import type { AuditQuery } from '../store/store.ts'

/** Whether a query is for an entry, as the search of a store decides it: for entries that come while somebody looks. */
export function isWanted({ atMs, text }: AuditRecord, query: Omit<AuditQuery, 'limit' | 'before'>): boolean {
  if (atMs < (query.fromMs ?? atMs) || atMs >= (query.toMs ?? Number.POSITIVE_INFINITY)) return false
  const entry = membersOf(text)
  const { outcome, text: part } = query
  if ((['who', 'agent', 'action'] as const).some(name => query[name] !== undefined && query[name] !== entry[name])) return false
  if (outcome === 'failed' && [undefined, 'done'].includes(entry['outcome'] as string | undefined)) return false
  if (outcome !== undefined && outcome !== 'failed' && entry['outcome'] !== outcome) return false
  return part === undefined || valuesOf(entry).some(value => lowered(value).includes(lowered(part)))
}

/** What is no JSON object has none. */
function membersOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function valuesOf(value: unknown): string[] {
  if (value === null) return []
  return typeof value === 'object' ? Object.values(value).flatMap(valuesOf) : [String(value)]
}

/** Letters of ASCII count the same, large or small. */
function lowered(text: string): string {
  return text.replaceAll(/[A-Z]/g, letter => letter.toLowerCase())
}
