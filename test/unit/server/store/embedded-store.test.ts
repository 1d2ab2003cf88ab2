import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type Database from 'libsql/promise'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'
import { certificateFromPem } from '../../../../server/src/runtime/certificates.ts'
import { ask, openConnection } from '../../../../server/src/store/connection.ts'
import { type EmbeddedStore, openEmbeddedStore } from '../../../../server/src/store/embedded-store.ts'
import { newestStateVersion } from '../../../../server/src/store/schema.ts'
import { openStateFolder } from '../../../../server/src/store/state-folder.ts'
import { failureOf } from '../../../support/world.ts'

const seam = vi.hoisted(() => ({ connections: [] as InstanceType<typeof Database>[], rewrite: (sql: string): string => sql }))

// Every connection there is, with what it is told.
vi.mock('libsql/promise', async original => {
  const { default: Real } = await original<{ default: typeof Database }>()
  return {
    default: class extends Real {
      constructor(path: string, options?: object) {
        super(path, options)
        seam.connections.push(this)
      }

      override exec(sql: string) {
        return super.exec(seam.rewrite(sql))
      }
    },
  }
})

let folder = ''

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'store-')), 'state')
  seam.connections.length = 0
})
afterEach(async () => {
  seam.rewrite = sql => sql
  await rm(join(folder, '..'), { recursive: true })
})

const open = async (): Promise<EmbeddedStore> => openEmbeddedStore(await openStateFolder(folder))
const agent = (id: string, name?: string) => ({ id, uri: `poll://${id}/`, thumbprint: 'A'.repeat(40), name })

test('only its owner can read the folder and each file in it, while the store is open and afterwards', async () => {
  const rights = async (): Promise<number[]> =>
    Promise.all((await readdir(folder)).map(async name => (await stat(join(folder, name))).mode & 0o777))
  {
    await using store = await open()
    await store.agents.put(agent('a'))
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    expect(await readdir(folder)).toEqual(expect.arrayContaining(['owner.lock', 'owner.pid', 'state.db', 'state.db-shm', 'state.db-wal']))
    expect(new Set(await rights())).toEqual(new Set([0o600]))
  }
  expect(new Set(await rights())).toEqual(new Set([0o600]))
})

test('each connection of a store that writes has WAL and synchronous=FULL', async () => {
  await using store = await open()
  await store.agents.put(agent('a'))
  // The first one is the lock, which is never written to.
  const others = seam.connections.slice(1)
  expect(others).toHaveLength(2)
  for (const connection of others) {
    expect(await ask(connection, 'PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }])
    expect(await ask(connection, 'PRAGMA synchronous')).toEqual([{ synchronous: 2 }])
  }
})

test('a connection that would not flush what it commits is refused', async () => {
  seam.rewrite = sql => sql.replace('synchronous = FULL', 'synchronous = NORMAL')
  expect(await failureOf(open())).toMatchObject({ kind: 'internal_error', message: expect.stringContaining('"synchronous":1') })
  seam.rewrite = sql => sql
  await (await open()).close()
})

test('a second one of the same process is refused, until the first is closed', async () => {
  const first = await open()
  expect(await failureOf(open())).toMatchObject({
    kind: 'invalid_argument',
    message: `the state in ${folder} belongs to this process already`,
    advice: expect.stringContaining('--state-folder'),
  })
  await first.agents.put(agent('a'))
  await first.close()
  await using second = await open()
  expect(second.agents.size).toBe(1)
})

test('a second process is refused with the pid of the first; a first that was killed is no obstacle', { timeout: 60_000 }, async () => {
  const program = fileURLToPath(new URL('../../../support/store-writer.ts', import.meta.url))
  const first = spawn(process.execPath, ['--conditions=@halibut-gateway/source', '--import', 'tsx', program, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const gone = once(first, 'exit')
  try {
    await Promise.race([once(first.stdout, 'data'), gone])
    expect((await failureOf(open())).message).toBe(`the state in ${folder} belongs to the process ${first.pid}`)
  } finally {
    first.kill('SIGKILL')
    await gone
  }
  expect(await readFile(join(folder, 'owner.pid'), 'utf8')).toBe(`${first.pid}\n`)
  await using store = await open()
  expect(store.agents.size).toBeGreaterThan(0)
})

test('a full disk refuses changes and says so, what is read is what was kept, and the store works again when there is room', async () => {
  await using store = await open()
  await store.agents.put(agent('a', 'kept'))
  const writer = seam.connections[1] as InstanceType<typeof Database>
  const [pages] = await ask(writer, 'PRAGMA page_count')
  await writer.exec(`PRAGMA max_page_count = ${pages?.['page_count']}`)
  const large = 'x'.repeat(100_000)
  const why = await failureOf(store.agents.put(agent('a', large)))
  expect(why).toMatchObject({ kind: 'storage_failed', retryable: true, advice: expect.stringContaining('free space') })
  expect(why.message).toBe(`the state in ${join(folder, 'state.db')} cannot be used: the disk is full`)
  expect([store.state.at, store.agents.get('a')?.name]).toEqual(['failing', 'kept'])
  expect(await store.audit.read({ limit: 1 })).toEqual([])
  await writer.exec('PRAGMA max_page_count = 1000000')
  await store.agents.put(agent('a', large))
  expect([store.state.at, store.agents.get('a')?.name]).toEqual(['ready', large])
})

test('a disk that became read-only refuses changes and says so, and nothing ends of it', async () => {
  await using store = await open()
  await seam.connections[1]?.exec('PRAGMA query_only = ON')
  const why = await failureOf(store.agents.put(agent('a')))
  expect(why).toMatchObject({ kind: 'storage_failed', advice: expect.stringContaining('writable') })
  expect(why.message).toContain('it cannot be written to')
  await seam.connections[1]?.exec('PRAGMA query_only = OFF')
  await store.agents.put(agent('a'))
  expect(store.agents.size).toBe(1)
})

test('a flush that fails is a change that has not happened; the next one is kept', async () => {
  {
    await using store = await open()
    seam.rewrite = sql => (sql === 'COMMIT' ? 'SELECT broken' : sql)
    expect(await failureOf(store.agents.put(agent('a')))).toMatchObject({ kind: 'internal_error' })
    expect([store.agents.size, store.state.at]).toEqual([0, 'failing'])
    seam.rewrite = sql => sql
    await store.agents.put(agent('b'))
  }
  await using again = await open()
  expect(again.agents.all().map(({ id }) => id)).toEqual(['b'])
})

test('damaged rows are told and left out, and nobody is let in by one', async () => {
  {
    await using store = await open()
    await store.agents.put(agent('a'))
    await store.agents.put(agent('b'))
    await store.agents.put(agent('c'))
    await store.tokens.put({ id: 't', name: 't', secretHash: 'h', role: 'admin', createdMs: 1 })
    await store.denied.put({ id: 'D', deniedMs: 1, by: 'ann' })
    await store.certificates.put({ id: 'R', firstSeenMs: 1, lastSeenMs: 1, revokedMs: 1 })
    await store.meta.put({ id: 'rules', text: '{}' })
  }
  const database = await openConnection(join(folder, 'state.db'))
  await database.exec(`
    PRAGMA ignore_check_constraints = ON;
    UPDATE records SET document = '{"id":"a"' WHERE id = 'a';
    UPDATE records SET document = '{"id":"b"}' WHERE id = 'b';
    UPDATE records SET document = 'null' WHERE id = 't';
    UPDATE records SET document = '' WHERE id IN ('D', 'R', 'rules');
    INSERT INTO records (kind, id, document) VALUES ('toString', 'k', '{"id":"k"}');
    INSERT INTO outcomes (id, at_ms, document) VALUES ('o', 1, '{')`)
  database.close()
  const damaged: string[] = []
  await using store = await openEmbeddedStore(await openStateFolder(folder), ({ kind, id, instead }) =>
    damaged.push(`${kind} ${id}: ${instead}`),
  )
  expect(damaged).toEqual([
    'agents a: it is left out',
    'agents b: it is left out',
    'tokens t: it is left out',
    'denied D: it is denied still',
    'certificates R: it counts as revoked',
    'meta rules: it counts as empty',
    'toString k: it is left out',
  ])
  expect([store.agents.all().map(({ id }) => id), store.tokens.size]).toEqual([['c'], 0])
  expect([store.denied.get('D')?.deniedMs, store.certificates.get('R')?.revokedMs, store.meta.get('rules')?.text]).toEqual([0, 0, ''])
  expect(await store.outcomes.all()).toEqual([{ id: 'o', atMs: 1, outcome: undefined }])
  await store.agents.put(agent('a'))
  expect(store.agents.size).toBe(2)
})

test.each([
  ['something else', 'not a database at all, but a text that is long enough to be taken for the head of one'.repeat(20), 'is damaged'],
  ['a file that breaks off', undefined, 'is damaged'],
])('%s in the place of the database is told with what to do, and left alone', async (_what, text, message) => {
  const path = join(folder, 'state.db')
  {
    await using store = await open()
    for (let i = 0; i < 50; i++) await store.agents.put(agent(`a${i}`, 'x'.repeat(2_000)))
  }
  const wrong = text ?? (await readFile(path)).subarray(0, 5_000)
  await writeFile(path, wrong)
  const why = await failureOf(open())
  expect(why).toMatchObject({ kind: 'internal_error', advice: expect.stringContaining('restore a backup') })
  expect(why.message).toContain(message)
  expect((await readFile(path)).equals(Buffer.from(wrong))).toBe(true)
})

test('a database of somebody else’s is refused and left alone', async () => {
  await (await openStateFolder(folder)).path
  const other = await openConnection(join(folder, 'state.db'))
  await other.exec('CREATE TABLE theirs (a)')
  expect(await failureOf(open())).toMatchObject({
    kind: 'invalid_argument',
    message: expect.stringContaining('not the state of a gateway'),
  })
  expect(await ask(other, 'SELECT name FROM sqlite_master')).toEqual([{ name: 'theirs' }])
  other.close()
})

test('a state of a newer version is refused with both versions, and left alone', async () => {
  await (await open()).close()
  const newer = await openConnection(join(folder, 'state.db'))
  await newer.exec('PRAGMA user_version = 7')
  expect((await failureOf(open())).message).toContain(
    `written by a newer version of the gateway (state 7, this one knows ${newestStateVersion})`,
  )
  expect(await ask(newer, 'PRAGMA user_version')).toEqual([{ user_version: 7 }])
  newer.close()
})

const recorded = fileURLToPath(new URL('../../../support/states/version-0.1', import.meta.url))

test('what version 0.1 left, a PEM file and a JSON file, is taken over once: the same identity, the same agents in their order', async () => {
  await cp(recorded, folder, { recursive: true })
  const pem = await readFile(join(recorded, 'identity.pem'), 'utf8')
  const { agents } = JSON.parse(await readFile(join(recorded, 'state.json'), 'utf8')) as { agents: { id: string }[] }
  expect(agents.length).toBeGreaterThan(1)
  {
    await using store = await open()
    expect([store.meta.get('identity')?.text, store.agents.all()]).toEqual([pem, agents])
    await store.agents.remove(agents[0]?.id ?? '')
  }
  expect((await readdir(folder)).filter(name => !name.startsWith('owner') && !name.startsWith('state.db')).sort()).toEqual([
    'identity.pem.before-upgrade',
    'state.json.before-upgrade',
  ])
  await using again = await open()
  expect(again.agents.size).toBe(agents.length - 1)
  expect(certificateFromPem({ certificatePem: again.meta.get('identity')?.text ?? '' }).thumbprint).toMatch(/^[0-9A-F]{40}$/)
})

test('a take-over that ended between keeping and renaming is finished, and undoes nothing', async () => {
  await cp(recorded, folder, { recursive: true })
  {
    await using store = await open()
    for (const { id } of store.agents.all()) await store.agents.remove(id)
  }
  await cp(join(folder, 'state.json.before-upgrade'), join(folder, 'state.json'))
  await using again = await open()
  expect([again.agents.size, (await readdir(folder)).includes('state.json')]).toEqual([0, false])
})

test.each([
  ['{', 'is not readable'],
  ['{"version":2,"agents":[]}', 'version 2 is not 1'],
  ['{"version":1,"agents":[{"id":1}]}', 'agents is not a list of agents'],
])('a state file that reads %s is refused with its place, and is not changed', async (text, message) => {
  await openStateFolder(folder)
  await writeFile(join(folder, 'state.json'), text)
  expect(await failureOf(open())).toMatchObject({ kind: 'invalid_argument', message: expect.stringContaining(message) })
  expect(await readFile(join(folder, 'state.json'), 'utf8')).toBe(text)
})

test('a batch of changes costs one flush', async () => {
  await using store = await open()
  let commits = 0
  seam.rewrite = sql => {
    if (sql === 'COMMIT') commits++
    return sql
  }
  await Promise.all(Array.from({ length: 2_000 }, (_, i) => store.meta.put({ id: `${i}`, text: '' })))
  expect(commits).toBe(2_000 / gatewayLimits.storeBatchChanges)
})
