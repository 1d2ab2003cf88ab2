import { closeSync, openSync } from 'node:fs'
import Database from 'libsql/promise'
import { HalibutError } from '../base/errors.ts'

/** A connection to a database file, as far as it is used here; the library has no types of its own. */
export interface Connection {
  /** Runs statements, on a thread of its own. */
  exec(sql: string): Promise<void>
  prepare(sql: string): Promise<Statement>
  /** The file is let go when the last prepared statement has been collected. */
  close(): void
}

/** What a statement can be given. */
export type Value = string | number | null

/** A statement that was prepared. */
export interface Statement {
  /** At once, on this thread. */
  run(values: readonly Value[]): unknown
  /** The rows are looked for on this thread too, as they are read. */
  all(values: readonly Value[]): Promise<unknown[]>
}

/** A row of an answer. */
export type Row = Readonly<Record<string, unknown>>

/** Opens a database file as it is, and waits for no lock unless told so. */
export function connect(path: string, waitMs = 0): Connection {
  return new Database(path, { timeout: waitMs }) as Connection
}

/**
 * Opens a database file, which is made where it does not exist; only its owner can read it, and SQLite gives the files beside it the same rights.
 * What a connection commits is on the disk when it says so: WAL with `synchronous=FULL`, looked at and not only asked for. A kill alone would not
 * tell it from `NORMAL`, which keeps a file whole but forgets its last changes when the power goes.
 */
export async function openConnection(path: string): Promise<Connection> {
  closeSync(openSync(path, 'a', 0o600))
  const connection = connect(path, busyTimeoutMs)
  try {
    await ask(connection, 'PRAGMA journal_mode = WAL')
    await connection.exec('PRAGMA synchronous = FULL')
    const [[journal], [synchronous]] = [await ask(connection, 'PRAGMA journal_mode'), await ask(connection, 'PRAGMA synchronous')]
    if (journal?.['journal_mode'] !== 'wal' || synchronous?.['synchronous'] !== fullSynchronous)
      throw new HalibutError(
        'internal_error',
        `${path}: the database does not write through to the disk (${JSON.stringify({ ...journal, ...synchronous })})`,
        {
          advice: 'choose a state folder on a local disk',
        },
      )
  } catch (why) {
    connection.close()
    throw why
  }
  return connection
}

/** All rows that a statement gives. */
export async function ask(connection: Connection, sql: string, ...values: (string | number)[]): Promise<readonly Row[]> {
  const statement = await connection.prepare(sql)
  return (await statement.all(values)) as Row[]
}

/** Another connection of this process may be in a checkpoint. */
const busyTimeoutMs = 5_000
const fullSynchronous = 2
