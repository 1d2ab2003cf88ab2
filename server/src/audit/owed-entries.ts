import type { ErrorKind } from '@halibut-gateway/schemas/wire'
import { gatewayLimits } from '../base/limits.ts'
import { MemoryBudget } from '../base/memory-budget.ts'
import { type AuditEntry, formatEntry } from './entry.ts'

/** An entry that could not be kept when it was due, or several that are told as one. */
export interface OwedEntry {
  readonly atMs: number
  readonly entry: AuditEntry
  /** How many it stands for. */
  readonly count: number
  readonly lastMs: number
}

/** What was refused before anything was done: whoever may do nothing can have as much of it as they like. */
const refusals: ReadonlySet<AuditEntry['outcome']> = new Set<ErrorKind>(['unauthorized', 'forbidden', 'invalid_params', 'too_many_calls'])

/**
 * The entries that wait until something can be kept. Each caller may have as many as are then left for all others. What was refused has room of its own, and
 * takes none from what was done: the same of the same caller is one entry with its count, and what there is no room for is counted by its outcome alone.
 */
export class OwedEntries {
  readonly #done: OwedEntry[] = []
  readonly #room = new MemoryBudget(gatewayLimits.auditOwedEntries, 'auditOwedEntries')
  readonly #refused = new Map<string, OwedEntry>()
  #lost = 0

  get size(): number {
    return this.#done.length + this.#refused.size
  }

  /** Entries that there was no room for. */
  get lost(): number {
    return this.#lost
  }

  add(entry: AuditEntry, atMs: number): void {
    const owed: OwedEntry = { entry, atMs, count: 1, lastMs: atMs }
    if (refusals.has(entry.outcome)) this.#refuse(owed)
    else if (this.#room.share(entry.who).tryReserve(1)) this.#done.push(owed)
    else this.#lost++
  }

  /** All of them, the oldest first: none is left here. */
  take(): readonly OwedEntry[] {
    const all = [...this.#done.splice(0), ...this.#refused.values()].sort((a, b) => a.atMs - b.atMs)
    this.#refused.clear()
    return all
  }

  /** They are kept now. */
  kept(owed: readonly OwedEntry[]): void {
    for (const { entry } of owed) if (!refusals.has(entry.outcome)) this.#room.share(entry.who).release(1)
  }

  /** They are not: they wait on, before those that have come meanwhile. */
  putBack(owed: readonly OwedEntry[]): void {
    this.#done.unshift(...owed.filter(({ entry }) => !refusals.has(entry.outcome)))
    for (const each of owed) if (refusals.has(each.entry.outcome)) this.#refuse(each)
  }

  #refuse(owed: OwedEntry): void {
    const { who, action, agent, outcome } = owed.entry
    const key = JSON.stringify([who, action, agent, outcome])
    const isKnown = this.#refused.has(key) || this.#refused.size < gatewayLimits.auditOwedRefusals
    const of = isKnown ? key : outcome
    const { entry } = isKnown ? owed : { entry: { who: 'gateway', action: 'audit.refused', outcome } }
    const before = this.#refused.get(of)
    this.#refused.set(of, {
      entry: before?.entry ?? entry,
      atMs: Math.min(before?.atMs ?? owed.atMs, owed.atMs),
      lastMs: Math.max(before?.lastMs ?? owed.lastMs, owed.lastMs),
      count: (before?.count ?? 0) + owed.count,
    })
  }
}

/** The text of an entry that had to wait: of several it tells how many, and when the last of them was. */
export function owedText({ entry, count, lastMs }: OwedEntry): string {
  if (count === 1) return formatEntry(entry)
  return formatEntry({ ...entry, facts: { ...entry.facts, count, until: new Date(lastMs).toISOString() } })
}
