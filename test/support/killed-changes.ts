import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type AuditEntry, parseEntry } from '../../server/src/audit/entry.ts'
import { entriesOf, verifyAudit } from '../../server/src/audit/verify.ts'
import { openEmbeddedStore } from '../../server/src/store/embedded-store.ts'
import { openStateFolder } from '../../server/src/store/state-folder.ts'
import type { Store } from '../../server/src/store/store.ts'
import { thumbprintOf } from './changes.ts'
import { seededRandom } from './cutting-relay.ts'
import { linesUntilKilled } from './killed-program.ts'

/** What came of killing. */
export interface KilledChangesResult {
  readonly kills: number
  /** Changes that were answered, of all processes together. */
  readonly answered: number
  /** Those that were kept although nobody had been told yet. */
  readonly unanswered: number
}

/**
 * Kills a process in which people change what a gateway keeps, again and again at random moments, and looks each time whether there is one entry of the audit
 * log for each change, and one change for each entry.
 */
export async function killChanges(kills: number, seed: number): Promise<KilledChangesResult> {
  const random = seededRandom(seed)
  const folder = await mkdtemp(join(tmpdir(), 'halibut-killed-changes-'))
  const answered: string[] = []
  let written = 0
  try {
    for (let kill = 0; kill < kills; kill++) {
      answered.push(...(await linesUntilKilled(new URL('./change-writer.ts', import.meta.url), [folder], random() * 200)))
      await using store = await openEmbeddedStore(await openStateFolder(folder))
      const entries = await readEntries(store)
      written = entries.length
      expectOneEach(answered, entries)
      expectState(store, entries)
    }
  } finally {
    await rm(folder, { recursive: true })
  }
  return { kills, answered: answered.length, unanswered: written - answered.length }
}

async function readEntries(store: Store): Promise<readonly AuditEntry[]> {
  const entries: AuditEntry[] = []
  for await (const { text } of entriesOf(store.audit, 0)) entries.push(parseEntry(text))
  expect(await verifyAudit(entriesOf(store.audit, 0), { anchor: undefined, heads: [] })).toMatchObject({ ok: true, last: entries.length })
  return entries
}

/** What was answered has one entry, and nothing has more than one. */
function expectOneEach(answered: readonly string[], entries: readonly AuditEntry[]): void {
  expect(entries.filter(({ outcome }) => outcome !== 'done')).toEqual([])
  const keys = entries.map(keyOf)
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  expect([...counts].filter(([key, count]) => count !== 1 && key !== 'rules.set')).toEqual([])
  expect(answered.filter(key => !counts.has(key))).toEqual([])
  expect(counts.get('rules.set') ?? 0).toBeGreaterThanOrEqual(answered.filter(key => key === 'rules.set').length)
}

function keyOf({ action, agent, facts = {} }: AuditEntry): string {
  const of = agent ?? facts['id'] ?? facts['thumbprint']
  return of === undefined ? action : `${action} ${of}`
}

/** What is kept is what the entries tell, no more and no less. */
function expectState(store: Store, entries: readonly AuditEntry[]): void {
  const of = (action: string): string[] =>
    entries.filter(entry => entry.action === action).map(entry => keyOf(entry).slice(action.length + 1))
  const [added, updated, removed, approved, repinned] = [
    of('agents.add'),
    new Set(of('agents.update')),
    new Set(of('agents.remove')),
    of('trust.approve'),
    new Set(of('trust.repin')),
  ]
  const isNew = (id: string): boolean => id.startsWith('k-')
  const replaced = new Set(approved.filter(id => !isNew(id)))
  const agents = [...added.filter(id => !removed.has(id)), ...approved.filter(isNew)].map(id => ({
    id,
    thumbprint: thumbprintOf(replaced.has(id) ? `r-${id.slice(2)}` : repinned.has(id) ? `s-${id.slice(2)}` : id),
    tags: updated.has(id) ? ['updated'] : undefined,
  }))
  const byId = <T extends { readonly id: string }>(all: readonly T[]): T[] => [...all].sort((a, b) => (a.id < b.id ? -1 : 1))
  expect(byId(store.agents.all().map(({ id, thumbprint, tags }) => ({ id, thumbprint, tags })))).toEqual(byId(agents))
  const forgotten = new Set(of('contracts.remove'))
  const contracts = of('contracts.add').filter(agent => !forgotten.has(agent))
  expect(
    store.contracts
      .all()
      .map(({ agent }) => agent)
      .sort(),
  ).toEqual(contracts.sort())
  const restored = new Set(of('trust.restore'))
  const revoked = [...of('trust.revoke').filter(id => !restored.has(id)), ...[...replaced, ...repinned].map(thumbprintOf)]
  const kept = store.certificates.all().flatMap(({ id, revokedMs }) => (revokedMs === undefined ? [] : id))
  expect(kept.sort()).toEqual(revoked.sort())
  expect(
    store.denied
      .all()
      .map(({ id }) => id)
      .sort(),
  ).toEqual(of('trust.deny').sort())
  const over = new Set(of('tokens.revoke'))
  const tokens = of('tokens.create').map(id => ({ id, isRevoked: over.has(id) }))
  expect(byId(store.tokens.all().map(({ id, revokedMs }) => ({ id, isRevoked: revokedMs !== undefined })))).toEqual(byId(tokens))
  const rules = JSON.parse(store.meta.get('rules')?.text ?? '{"revision":0}') as { readonly revision: number }
  expect(rules.revision).toBe(of('rules.set').length)
}
