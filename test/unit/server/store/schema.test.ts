import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ask, type Connection, openConnection } from '../../../../server/src/store/connection.ts'
import { migrate, newestStateVersion, type Schema, stateSchema, versionOf } from '../../../../server/src/store/schema.ts'

const first: Schema = { sql: 'CREATE TABLE IF NOT EXISTS agents (id TEXT PRIMARY KEY) STRICT', migrations: [] }
const third: Schema = {
  sql: `CREATE TABLE IF NOT EXISTS agents (id TEXT PRIMARY KEY, name TEXT NOT NULL, length INTEGER NOT NULL DEFAULT 0) STRICT;
    CREATE INDEX IF NOT EXISTS by_name ON agents (name)`,
  migrations: [
    { version: 2, sql: "ALTER TABLE agents ADD COLUMN name TEXT NOT NULL DEFAULT ''; UPDATE agents SET name = id" },
    { version: 3, sql: 'ALTER TABLE agents ADD COLUMN length INTEGER NOT NULL DEFAULT 0; UPDATE agents SET length = length(name)' },
  ],
}

let folder = ''
let connection: Connection
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'schema-'))
  connection = await openConnection(join(folder, 'x.db'))
})
afterEach(async () => {
  connection.close()
  await rm(folder, { recursive: true })
})

const rows = () => ask(connection, 'SELECT * FROM agents')
const bring = (schema: Schema) => migrate(connection, schema, 'x.db')

test('an empty database has the newest shape at once, and no migration runs on it', async () => {
  await bring({ ...third, migrations: third.migrations.map(({ version }) => ({ version, sql: 'SELECT broken' })) })
  await connection.exec("INSERT INTO agents (id, name) VALUES ('a', 'b')")
  expect([await rows(), await versionOf(connection, '')]).toEqual([[{ id: 'a', name: 'b', length: 0 }], 3])
})

test('an old one is brought to the newest version by the migrations that it lacks, each once', async () => {
  await bring(first)
  await connection.exec("INSERT INTO agents VALUES ('one')")
  await bring({ ...third, sql: '', migrations: third.migrations.slice(0, 1) })
  await connection.exec("UPDATE agents SET name = 'second'")
  for (let i = 0; i < 2; i++) await bring(third)
  expect([await rows(), await versionOf(connection, '')]).toEqual([[{ id: 'one', name: 'second', length: 6 }], 3])
  expect(await ask(connection, "SELECT name FROM sqlite_master WHERE type = 'index' AND name = 'by_name'")).toHaveLength(1)
})

test('a migration that fails leaves the database as it was, those before it too', async () => {
  await bring(first)
  await connection.exec("INSERT INTO agents VALUES ('one')")
  const broken = [...third.migrations.slice(0, 1), { version: 3, sql: 'UPDATE agents SET name = 1; SELECT broken' }]
  await expect(bring({ ...third, migrations: broken })).rejects.toThrow('broken')
  expect([await rows(), await versionOf(connection, '')]).toEqual([[{ id: 'one' }], 1])
  await bring(third)
  expect(await rows()).toEqual([{ id: 'one', name: 'one', length: 3 }])
})

test('what became of calls while that belonged to names is forgotten with their epoch, so that none of them runs again, and nothing else is', async () => {
  await bring({ ...stateSchema, migrations: [] })
  await connection.exec(`
    INSERT INTO records (kind, id, document) VALUES ('meta', 'epoch', '{"id":"epoch","text":"e"}'), ('meta', 'identity', '{"id":"identity","text":"i"}');
    INSERT INTO outcomes VALUES ('["ci","k"]', 1, '{}')
  `)
  for (let i = 0; i < 2; i++) await bring(stateSchema)
  expect(await versionOf(connection, '')).toBe(newestStateVersion)
  expect(await ask(connection, 'SELECT kind, id FROM records')).toEqual([{ kind: 'meta', id: 'identity' }])
  expect(await ask(connection, 'SELECT id FROM outcomes')).toEqual([])
})
