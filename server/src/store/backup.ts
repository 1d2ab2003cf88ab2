import { randomBytes } from 'node:crypto'
import { copyFile, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { HalibutError } from '../base/errors.ts'
import { syncFolder } from '../base/replace-file.ts'
import { ask, type Connection, connect, openConnection } from './connection.ts'
import { ownStateFolder } from './ownership.ts'
import { type AuditRecord, epochRecord } from './records.ts'
import { databaseName, migrate, stateSchema, stateTables } from './schema.ts'
import { type StateContent, StateCopy } from './state-copy.ts'
import type { StateFolder } from './state-folder.ts'
import type { AuditHead } from './store.ts'
import { toStoreError } from './store-failure.ts'

/**
 * Writes what a database has now into a file of its own (mode 0600), while others read and write it: the file is there whole, and on the disk,
 * or not at all. Rejects with `invalid_argument` where there is a file of this name.
 */
export async function writeBackup(database: string, path: string): Promise<void> {
  const beside = join(dirname(path), temporaryName())
  await reserve(path)
  try {
    await reserve(beside)
    await closing(connect(database), connection => connection.exec(`VACUUM INTO ${quote(beside)}`))
    await flush(beside)
    await rename(beside, path)
    await syncFolder(dirname(path))
  } catch (why) {
    for (const file of [beside, path]) await rm(file, { force: true })
    throw toStoreError(path, why)
  }
}

/** The same for what lies in a state folder, whichever process has it. Rejects with `invalid_argument` where nothing does. */
export async function backUpFolder(folder: string, path: string): Promise<void> {
  // It is a state of ours, and there; a connection would make one.
  const state = await StateCopy.open(folder)
  state.close()
  await writeBackup(join(folder, databaseName), path)
}

/** Looks into a backup and touches nothing. Rejects with `invalid_argument` where it is none, with `internal_error` where it is damaged. */
export async function checkBackup(path: string): Promise<StateContent> {
  const copy = await StateCopy.open(path)
  try {
    await copy.check()
    return await copy.content()
  } catch (why) {
    throw toStoreError(path, why)
  } finally {
    copy.close()
  }
}

/** What restoring has done. */
export interface Restored {
  readonly content: StateContent
  /** The file with what was there before; `undefined`: nothing was. */
  readonly replaced: string | undefined
}

/**
 * Puts what a backup holds in the place of what a state folder holds, all of it or nothing. What it replaces is kept beside it. Rejects with `invalid_argument`
 * where a gateway runs with that folder, or the file is no backup. A damaged database is moved aside. `told`: the entry that tells of it, behind the newest one
 * of the backup; it is there with what was restored.
 */
export async function restoreBackup(
  path: string,
  folder: StateFolder,
  told: (head: AuditHead | undefined) => AuditRecord,
): Promise<Restored> {
  const content = await checkBackup(path)
  const target = join(folder.path, databaseName)
  const copy = join(folder.path, temporaryName())
  const ownership = await ownStateFolder(folder)
  try {
    await reserve(copy)
    await copyFile(path, copy)
    // It may be of an older version.
    await closing(await openConnection(copy), connection => migrate(connection, stateSchema, path))
    const moment = new Date().toISOString().replaceAll(/[^0-9TZ]/g, '')
    const { connection, aside } = await openTarget(target, moment)
    return await closing(connection, async () => {
      const replaced = aside ?? ((await isEmpty(connection)) ? undefined : `${target}.before-restore-${moment}`)
      if (aside === undefined && replaced !== undefined) await writeBackup(target, replaced)
      await connection.exec(`ATTACH ${quote(copy)} AS backup`)
      const steps = stateTables.flatMap(table => [`DELETE FROM ${table}`, `INSERT INTO ${table} SELECT * FROM backup.${table}`])
      await connection.exec(`BEGIN IMMEDIATE; ${[...steps, ...forgetKeys].join('; ')}`)
      const { sequence, atMs, text, hash } = told(content.auditHead)
      await ask(connection, 'INSERT INTO audit (sequence, at_ms, text, hash) VALUES (?, ?, ?, ?)', sequence, atMs, text, hash)
      await connection.exec('COMMIT')
      return { content, replaced }
    })
  } catch (why) {
    throw toStoreError(target, why)
  } finally {
    for (const suffix of ['', '-wal', '-shm']) await rm(`${copy}${suffix}`, { force: true })
    await ownership.release()
  }
}

/** Calls that were made since the backup are not in it: their keys belong to an epoch that is over, so that none of them runs again. */
const forgetKeys = ['DELETE FROM outcomes', `DELETE FROM records WHERE kind = 'meta' AND id = '${epochRecord}'`]

async function isEmpty(connection: Connection): Promise<boolean> {
  const [row] = await ask(connection, `SELECT ${stateTables.map(table => `EXISTS (SELECT 1 FROM ${table})`).join(' OR ')} AS found`)
  return row?.['found'] === 0
}

/** The database of a state folder; a damaged one goes aside with all that is beside it. */
async function openTarget(target: string, moment: string): Promise<{ readonly connection: Connection; readonly aside?: string }> {
  const open = async (): Promise<Connection> => {
    const connection = await openConnection(target)
    try {
      await migrate(connection, stateSchema, target)
    } catch (why) {
      connection.close()
      throw why
    }
    return connection
  }
  try {
    return { connection: await open() }
  } catch (why) {
    if (!/^SQLITE_(CORRUPT|NOTADB)/.test((why as { code?: string }).code ?? '')) throw why
    const aside = `${target}.damaged-${moment}`
    for (const suffix of ['', '-wal', '-shm'])
      await rename(`${target}${suffix}`, `${aside}${suffix}`).catch((cause: NodeJS.ErrnoException) => {
        if (cause.code !== 'ENOENT') throw cause
      })
    return { connection: await open(), aside }
  }
}

/** Makes an empty file that only its owner can read; whoever finds one of this name there is told. */
async function reserve(path: string): Promise<void> {
  try {
    await (await open(path, 'wx', 0o600)).close()
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw code === 'EEXIST'
      ? new HalibutError('invalid_argument', `there is a file ${path} already`, { advice: 'name another file', cause })
      : new HalibutError('invalid_argument', `${path} cannot be written: ${message}`, { cause })
  }
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A state folder that is opened removes what is called so. */
function temporaryName(): string {
  return `.backup.${randomBytes(6).toString('hex')}.tmp`
}

async function closing<T>(connection: Connection, use: (connection: Connection) => Promise<T>): Promise<T> {
  try {
    return await use(connection)
  } finally {
    connection.close()
  }
}

function quote(path: string): string {
  return `'${path.replaceAll("'", "''")}'`
}
