import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { toPem } from '../../../../server/src/runtime/certificates.ts'
import { checkBackup, restoreBackup } from '../../../../server/src/store/backup.ts'
import { openCallMemory } from '../../../../server/src/store/call-memory.ts'
import { openConnection } from '../../../../server/src/store/connection.ts'
import { type EmbeddedStore, openEmbeddedStore } from '../../../../server/src/store/embedded-store.ts'
import type { AuditRecord } from '../../../../server/src/store/records.ts'
import { newestStateVersion } from '../../../../server/src/store/schema.ts'
import { StateCopy } from '../../../../server/src/store/state-copy.ts'
import { openStateFolder, type StateFolder } from '../../../../server/src/store/state-folder.ts'
import type { AuditHead } from '../../../../server/src/store/store.ts'
import { testIdentity } from '../../../support/certificates.ts'
import { failureOf } from '../../../support/world.ts'

let root = ''
let backup = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'backup-'))
  backup = join(root, "it's a backup.db")
})
afterEach(() => rm(root, { recursive: true }))

const folderOf = (name: string) => openStateFolder(join(root, name))
const open = async (name: string): Promise<EmbeddedStore> => openEmbeddedStore(await folderOf(name))
const agent = (id: string) => ({ id, uri: `poll://${id}/`, thumbprint: 'A'.repeat(40) })
const identity = testIdentity('gateway')

/** A store that has something of everything. */
async function filled(name: string): Promise<EmbeddedStore> {
  const store = await open(name)
  await store.change(draft => {
    for (const id of ['b', 'a']) draft.agents.put(agent(id))
    draft.meta.put({ id: 'identity', text: toPem(identity) })
    draft.tokens.put({ id: 't', name: 'one', secretHash: 'x', role: 'admin', createdMs: 1 })
    for (let sequence = 1; sequence <= 3; sequence++) draft.audit.append({ sequence, atMs: 1, text: `${sequence}`, hash: `h${sequence}` })
    draft.outcomes.put({ id: 'o', atMs: 1, outcome: 'done' })
  })
  return store
}

/** Restores it with an entry that tells of it. */
const restore = async (path: string, folder: StateFolder) => restoreBackup(path, folder, behind)
const behind = (head: AuditHead | undefined): AuditRecord => {
  const sequence = (head?.sequence ?? 0) + 1
  return { sequence, atMs: 2, text: `restored behind ${head?.hash}`, hash: `h${sequence}` }
}

const look = async (store: EmbeddedStore): Promise<unknown> => [
  store.agents.all(),
  store.meta.all(),
  store.tokens.all(),
  store.audit.head,
  await store.audit.read({ limit: 10 }),
]

test('a backup is made while the store is written to, has what was acknowledged before, and only its owner can read it', async () => {
  await using store = await filled('one')
  const writing: Promise<void>[] = []
  const write = (): void => {
    for (let i = 0; i < 200; i++) writing.push(store.meta.put({ id: `${writing.length}`, text: 'x'.repeat(500) }))
  }
  write()
  await Promise.all(writing)
  write()
  const made = store.backUp(backup)
  write()
  await Promise.all([made, ...writing])
  expect((await stat(backup)).mode & 0o777).toBe(0o600)
  expect((await readdir(root)).sort()).toEqual(["it's a backup.db", 'one'])
  await restore(backup, await folderOf('two'))
  await using other = await open('two')
  for (let i = 0; i < 200; i++) expect(other.meta.get(`${i}`)).toBeDefined()
  expect(store.meta.size).toBeGreaterThanOrEqual(600)
})

test('what is restored is what was there when the backup was made, all of it, and an entry behind it that tells so', async () => {
  const store = await filled('one')
  const [agents, meta, tokens, , entries] = (await look(store)) as [unknown, unknown, unknown, unknown, unknown[]]
  const told = behind(store.audit.head)
  await store.backUp(backup)
  await store.agents.put(agent('later'))
  await store.change(draft => draft.audit.append({ sequence: 4, atMs: 1, text: '4', hash: 'h4' }))
  await store.close()
  await restore(backup, await folderOf('one'))
  await restore(backup, await folderOf('empty'))
  for (const name of ['one', 'empty']) {
    await using restored = await open(name)
    const head = { sequence: told.sequence, hash: told.hash }
    expect(await look(restored)).toEqual([agents, meta, tokens, head, [...entries, told]])
    await restored.agents.put(agent('c'))
    expect(restored.agents.all().map(({ id }) => id)).toEqual(['b', 'a', 'c'])
  }
  expect((await readdir(join(root, 'empty'))).filter(name => name.includes('tmp'))).toEqual([])
})

test('a look into a backup tells whose it is and which agents it knows, and touches nothing', async () => {
  {
    await using store = await filled('one')
    await store.backUp(backup)
  }
  const [bytes, files] = [await readFile(backup), await readdir(root)]
  expect(await checkBackup(backup)).toEqual({
    version: newestStateVersion,
    identities: [],
    acceptances: [],
    publicUrl: undefined,
    keptIdentity: identity.thumbprint,
    identity: { thumbprint: identity.thumbprint, subject: expect.stringContaining('CN='), validTo: expect.stringMatching(/^\d{4}-.*Z$/) },
    agents: [agent('b'), agent('a')],
    tokens: 1,
    credentials: [
      { what: 'token', id: 't', name: 'one', isRevoked: false },
      { what: 'certificate', id: 'A'.repeat(40), isRevoked: false },
    ],
    auditHead: { sequence: 3, hash: 'h3' },
  })
  expect([(await readFile(backup)).equals(bytes), await readdir(root)]).toEqual([true, files])
})

test('a backup goes into no file that is there already, and into none where a path is wrong', async () => {
  await using store = await filled('one')
  await writeFile(backup, 'precious')
  expect(await failureOf(store.backUp(backup))).toMatchObject({ kind: 'invalid_argument', message: `there is a file ${backup} already` })
  expect(await readFile(backup, 'utf8')).toBe('precious')
  expect(await failureOf(store.backUp(join(root, 'no', 'where')))).toMatchObject({ kind: 'invalid_argument' })
  expect((await readdir(root)).sort()).toEqual(["it's a backup.db", 'one'])
})

test('what a gateway runs with is not restored over', async () => {
  await using store = await filled('one')
  await store.backUp(backup)
  await store.agents.put(agent('later'))
  const why = await failureOf(restore(backup, await folderOf('one')))
  expect(why.message).toContain('belongs to this process already')
  expect(store.agents.size).toBe(3)
})

test('what is no backup, or a damaged one, is told with its name and changes nothing', async () => {
  const store = await filled('one')
  const before = await look(store)
  for (let i = 0; i < 100; i++) await store.agents.put({ ...agent(`x${i}`), name: 'y'.repeat(1_000) })
  await store.backUp(backup)
  for (let i = 0; i < 100; i++) await store.agents.remove(`x${i}`)
  await store.close()
  const good = await readFile(backup)
  const flipped = Buffer.from(good)
  flipped.fill(0xff, 4_096, good.length - 4_096)
  await (await openConnection(join(root, 'other.db'))).exec('CREATE TABLE theirs (a)')
  await writeFile(join(root, 'flipped.db'), flipped)
  await writeFile(join(root, 'cut.db'), good.subarray(0, good.length / 2))
  await writeFile(join(root, 'empty.db'), '')
  await writeFile(join(root, 'text.db'), 'a text'.repeat(1_000))
  for (const name of ['flipped.db', 'cut.db', 'empty.db', 'text.db', 'other.db', 'missing.db']) {
    const path = join(root, name)
    for (const why of [await failureOf(checkBackup(path)), await failureOf(restore(path, await folderOf('one')))])
      expect([name, why.message]).toEqual([name, expect.stringContaining(path)])
  }
  await using again = await open('one')
  expect(await look(again)).toEqual(before)
})

test('a damaged state goes aside when a backup takes its place', async () => {
  {
    await using store = await filled('one')
    await store.backUp(backup)
  }
  const path = join(root, 'one', 'state.db')
  await writeFile(path, 'a text'.repeat(1_000))
  await restore(backup, await folderOf('one'))
  await using store = await open('one')
  expect(store.agents.size).toBe(2)
  const aside = (await readdir(join(root, 'one'))).find(name => name.startsWith('state.db.damaged-'))
  expect(await readFile(join(root, 'one', aside ?? ''), 'utf8')).toBe('a text'.repeat(1_000))
})

const asTheyAre = { isWhole: () => true, onDamaged: () => undefined }

test('keys of calls belong to another epoch after a restore, since those of later calls are not in the backup', async () => {
  const store = await filled('one')
  const { epoch } = await openCallMemory(store, asTheyAre)
  await store.backUp(backup)
  await store.close()
  {
    await using same = await open('one')
    expect(await openCallMemory(same, asTheyAre)).toMatchObject({ epoch, records: [{ id: 'o' }] })
  }
  await restore(backup, await folderOf('one'))
  await using restored = await open('one')
  const after = await openCallMemory(restored, asTheyAre)
  expect([after.epoch === epoch, after.records]).toEqual([false, []])
})

test('whom agents know is told also where the key stands in a file of the settings, and then nobody signs with the kept one', async () => {
  const named = testIdentity('named')
  {
    await using store = await filled('one')
    await store.identities.put({ id: named.thumbprint, state: 'present', certificatePem: named.certificatePem, addedMs: 1 })
    await store.backUp(backup)
  }
  const copy = await StateCopy.open(backup)
  try {
    expect(await copy.content()).toMatchObject({ identity: { thumbprint: named.thumbprint }, keptIdentity: identity.thumbprint })
    expect([await copy.identityPem(), (await copy.certificatePems()).length]).toEqual([undefined, 2])
  } finally {
    copy.close()
  }
})
