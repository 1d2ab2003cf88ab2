import { expect, test } from 'vitest'
import { Audit } from '../../../../server/src/audit/audit.ts'
import { type AuditEntry, parseEntry } from '../../../../server/src/audit/entry.ts'
import { OwedEntries } from '../../../../server/src/audit/owed-entries.ts'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'
import { testIdentity } from '../../../support/certificates.ts'
import { MemoryBackend, openMemoryStore } from '../../../support/memory-store.ts'

const { auditOwedEntries, auditOwedRefusals } = gatewayLimits
const done: AuditEntry = { who: 'ann', action: 'audit.search', outcome: 'done' }
const refused: AuditEntry = {
  who: 'eve',
  role: 'viewer',
  action: 'agent.invoke',
  agent: 'a',
  outcome: 'forbidden',
  facts: { service: 'S' },
}

test('what is refused as often as somebody likes is one entry with its count, and takes no room from what was done', () => {
  const owed = new OwedEntries()
  for (let n = 0; n < 2 * auditOwedEntries; n++) owed.add({ ...refused, facts: { service: `S${n}` } }, 1_000 + n)
  owed.add(done, 500)
  expect([owed.size, owed.lost]).toEqual([2, 0])
  expect(owed.take()).toEqual([
    { entry: done, atMs: 500, lastMs: 500, count: 1 },
    { entry: { ...refused, facts: { service: 'S0' } }, atMs: 1_000, lastMs: 999 + 2 * auditOwedEntries, count: 2 * auditOwedEntries },
  ])
  expect(owed.size).toBe(0)
})

test('what was refused in more ways than there is room for is counted by its outcome', () => {
  const owed = new OwedEntries()
  for (let n = 0; n < auditOwedRefusals + 500; n++) owed.add({ ...refused, agent: `a${n}` }, n)
  expect([owed.size, owed.lost]).toEqual([auditOwedRefusals + 1, 0])
  expect(owed.take().at(-1)).toEqual({
    entry: { who: 'gateway', action: 'audit.refused', outcome: 'forbidden' },
    atMs: auditOwedRefusals,
    lastMs: auditOwedRefusals + 499,
    count: 500,
  })
})

test('one caller leaves room for the others, and has it again when its entries are kept', () => {
  const owed = new OwedEntries()
  for (let n = 0; n < auditOwedEntries; n++) owed.add(done, n)
  expect([owed.size, owed.lost]).toEqual([auditOwedEntries / 2, auditOwedEntries / 2])
  owed.add({ ...done, who: 'bob' }, 1)
  expect([owed.size, owed.lost]).toEqual([auditOwedEntries / 2 + 1, auditOwedEntries / 2])
  const taken = owed.take()
  owed.add(done, 2)
  expect(owed.size).toBe(0)
  owed.kept(taken)
  owed.add(done, 3)
  expect(owed.size).toBe(1)
})

test('what could not be kept once more waits on before what has come meanwhile, and what was refused is counted together', () => {
  const owed = new OwedEntries()
  owed.add(done, 1)
  owed.add(refused, 2)
  const taken = owed.take()
  owed.add({ ...done, action: 'audit.head' }, 3)
  owed.add(refused, 4)
  owed.putBack(taken)
  expect(owed.take().map(({ entry, atMs, count, lastMs }) => [entry.action, atMs, count, lastMs])).toEqual([
    ['audit.search', 1, 1, 1],
    ['agent.invoke', 2, 2, 4],
    ['audit.head', 3, 1, 3],
  ])
})

test('while a disk takes nothing a caller who may do nothing fills no log, and all that was done is written when it can be', async () => {
  const backend = new MemoryBackend()
  await using store = openMemoryStore(backend)
  const clock = { now: 1_000 }
  const audit = new Audit(
    store,
    () => testIdentity('gateway'),
    () => clock.now,
  )
  backend.failure = new HalibutError('storage_failed', 'the disk is full')
  const record = async (entry: AuditEntry): Promise<void> => {
    await expect(audit.record(entry)).rejects.toThrow('the disk is full')
    clock.now += 1_000
  }
  for (let n = 0; n < 3; n++) await record(refused)
  await record(done)
  expect([audit.owed, audit.lost]).toEqual([2, 0])
  backend.failure = undefined
  await store.meta.put({ id: 'there is room', text: '' })
  await expect.poll(() => store.audit.head?.sequence).toBe(2)
  const entries = await store.audit.read({ limit: 10 })
  expect(entries.map(({ atMs, text }) => [atMs, parseEntry(text)])).toEqual([
    [1_000, { ...refused, facts: { service: 'S', count: 3, until: new Date(3_000).toISOString() } }],
    [4_000, done],
  ])
  expect([audit.owed, (await audit.verify()).ok]).toEqual([0, true])
})
