import { HalibutError } from '../base/errors.ts'
import { ask, type Connection } from './connection.ts'

/** The database in a state folder; what SQLite keeps beside it is called `state.db-…`. */
export const databaseName = 'state.db'

/** How a database comes from one version to the next. */
export interface Migration {
  /** The version that it leads to. */
  readonly version: number
  readonly sql: string
}

/** The shape of a database: what it is now, and how older ones become that. */
export interface Schema {
  /** The newest shape. Run at every start: it makes what is missing, and is nothing where nothing is. */
  readonly sql: string
  /** From the oldest to the newest; without one the version is 1. */
  readonly migrations: readonly Migration[]
}

/** The database of the state. A change of it needs a migration, and the newest shape here. */
export const stateSchema: Schema = {
  sql: `
    CREATE TABLE IF NOT EXISTS records (
      position INTEGER PRIMARY KEY,
      kind TEXT NOT NULL,
      id TEXT NOT NULL,
      document TEXT NOT NULL CHECK (json_valid(document)),
      UNIQUE (kind, id)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS audit (
      sequence INTEGER PRIMARY KEY,
      at_ms INTEGER NOT NULL,
      text TEXT NOT NULL,
      hash TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS outcomes (
      id TEXT PRIMARY KEY,
      at_ms INTEGER NOT NULL,
      document TEXT NOT NULL CHECK (json_valid(document))
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS outcomes_by_age ON outcomes (at_ms);
  `,
  migrations: [
    {
      // Outcomes of calls belonged to names until then, which somebody else may have got: their keys are of an epoch that is over.
      version: 2,
      sql: "DELETE FROM outcomes; DELETE FROM records WHERE kind = 'meta' AND id = 'epoch'",
    },
  ],
}

/** The version of a state that this gateway writes. */
export const newestStateVersion = newestVersion(stateSchema)

/** What a backup brings back. */
export const stateTables = ['records', 'audit'] as const

/** "HGWS": whose file it is. */
const applicationId = 0x48475753

/**
 * Brings a database to the newest version, in one transaction: what fails leaves it as it was. Rejects with `invalid_argument` where it is not one of ours, or a newer
 * version has written it.
 */
export async function migrate(connection: Connection, schema: Schema, path: string): Promise<void> {
  const newest = newestVersion(schema)
  const version = await versionOf(connection, path)
  if (version > newest)
    throw new HalibutError(
      'invalid_argument',
      `${path} was written by a newer version of the gateway (state ${version}, this one knows ${newest})`,
      {
        advice: 'start that version, or restore a backup that this one has made',
      },
    )
  const due = version === 0 ? [] : schema.migrations.filter(migration => migration.version > version)
  await connection.exec('BEGIN IMMEDIATE')
  try {
    for (const { sql } of due) await connection.exec(sql)
    await connection.exec(schema.sql)
    if (version !== newest) await connection.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${newest}`)
    await connection.exec('COMMIT')
  } catch (why) {
    await connection.exec('ROLLBACK').catch(() => undefined)
    throw why
  }
}

/** The version of a database; 0: it is empty. Rejects with `invalid_argument` where it is not one of ours. */
export async function versionOf(connection: Connection, path: string): Promise<number> {
  const [[version], [application], tables] = [
    await ask(connection, 'PRAGMA user_version'),
    await ask(connection, 'PRAGMA application_id'),
    await ask(connection, 'SELECT name FROM sqlite_master LIMIT 1'),
  ]
  const isOurs = application?.['application_id'] === applicationId
  if (!isOurs && tables.length > 0) throw new HalibutError('invalid_argument', `${path} is a database, but not the state of a gateway`)
  return isOurs ? Number(version?.['user_version']) : 0
}

function newestVersion({ migrations }: Schema): number {
  return migrations.at(-1)?.version ?? 1
}
