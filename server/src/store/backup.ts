import { randomBytes, X509Certificate } from 'node:crypto'
import { access, constants, copyFile, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { HalibutError } from '../base/errors.ts'
import { syncFolder } from '../base/replace-file.ts'
import { ask, type Connection, connect, openConnection } from './connection.ts'
import { ownStateFolder } from './ownership.ts'
import { type AgentRecord, epochRecord, identityRecord, type MetaRecord } from './records.ts'
import { databaseName, migrate, stateSchema, stateTables, versionOf } from './schema.ts'
import type { StateFolder } from './state-folder.ts'
import { toStoreError } from './store-failure.ts'

/** What is in a backup. */
export interface BackupContent {
  /** The version of its state. */
  readonly version: number
  /** Who a gateway is that is started with it: what agents trust. */
  readonly identity: { readonly thumbprint: string; readonly subject: string; readonly validTo: string } | undefined
  /** The agents that it knows. */
  readonly agents: readonly AgentRecord[]
  readonly tokens: number
  /** The newest entry of its audit log. */
  readonly auditHead: { readonly sequence: number; readonly hash: string } | undefined
}

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

/** Looks into a backup and touches nothing. Rejects with `invalid_argument` where it is none, with `internal_error` where it is damaged. */
export async function checkBackup(path: string): Promise<BackupContent> {
  try {
    await access(path, constants.R_OK)
    return await closing(connect(`${pathToFileURL(path).href}?mode=ro&immutable=1`), connection => readContent(connection, path))
  } catch (why) {
    throw unusable(path, why)
  }
}

/**
 * Puts what a backup holds in the place of what a state folder holds, all of it or nothing. Rejects with `invalid_argument` where a gateway runs
 * with that folder, or the file is no backup. A damaged database is moved aside.
 */
export async function restoreBackup(path: string, folder: StateFolder): Promise<BackupContent> {
  const content = await checkBackup(path)
  const target = join(folder.path, databaseName)
  const copy = join(folder.path, temporaryName())
  const ownership = await ownStateFolder(folder)
  try {
    await reserve(copy)
    await copyFile(path, copy)
    // It may be of an older version.
    await closing(await openConnection(copy), connection => migrate(connection, stateSchema, path))
    await closing(await openTarget(target), async connection => {
      await connection.exec(`ATTACH ${quote(copy)} AS backup`)
      const steps = stateTables.flatMap(table => [`DELETE FROM ${table}`, `INSERT INTO ${table} SELECT * FROM backup.${table}`])
      await connection.exec(`BEGIN IMMEDIATE; ${[...steps, ...forgetKeys].join('; ')}; COMMIT`)
    })
    return content
  } catch (why) {
    throw toStoreError(target, why)
  } finally {
    for (const suffix of ['', '-wal', '-shm']) await rm(`${copy}${suffix}`, { force: true })
    await ownership.release()
  }
}

/** Calls that were made since the backup are not in it: their keys belong to an epoch that is over, so that none of them runs again. */
const forgetKeys = ['DELETE FROM outcomes', `DELETE FROM records WHERE kind = 'meta' AND id = '${epochRecord}'`]

/** The database of a state folder; a damaged one goes aside with all that is beside it. */
async function openTarget(target: string): Promise<Connection> {
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
    return await open()
  } catch (why) {
    if (!/^SQLITE_(CORRUPT|NOTADB)/.test((why as { code?: string }).code ?? '')) throw why
    const aside = `${target}.damaged-${new Date().toISOString().replaceAll(/[^0-9TZ]/g, '')}`
    for (const suffix of ['', '-wal', '-shm'])
      await rename(`${target}${suffix}`, `${aside}${suffix}`).catch((cause: NodeJS.ErrnoException) => {
        if (cause.code !== 'ENOENT') throw cause
      })
    return open()
  }
}

async function readContent(copy: Connection, path: string): Promise<BackupContent> {
  const version = await versionOf(copy, path)
  if (version === 0) throw new HalibutError('invalid_argument', `${path} is not a backup of a gateway`)
  const [check] = await ask(copy, 'PRAGMA quick_check(1)')
  if (check?.['quick_check'] !== 'ok')
    throw new HalibutError('internal_error', `the backup ${path} is damaged`, { advice: 'use another one' })
  const documents = async (kind: string): Promise<unknown[]> =>
    (await ask(copy, 'SELECT document FROM records WHERE kind = ? ORDER BY position', kind)).map(row => JSON.parse(String(row['document'])))
  const [agents, meta, tokens] = [await documents('agents'), await documents('meta'), await documents('tokens')]
  const pem = (meta as MetaRecord[]).find(({ id }) => id === identityRecord)?.text
  const [head] = await ask(copy, 'SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1')
  return {
    version,
    identity: pem === undefined ? undefined : identityOf(pem),
    agents: agents as AgentRecord[],
    tokens: tokens.length,
    auditHead: head && { sequence: Number(head['sequence']), hash: String(head['hash']) },
  }
}

function identityOf(pem: string): BackupContent['identity'] {
  const { fingerprint, subject, validTo } = new X509Certificate(pem)
  return { thumbprint: fingerprint.replaceAll(':', ''), subject, validTo: new Date(validTo).toISOString() }
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

function unusable(path: string, why: unknown): HalibutError {
  const { code } = why as NodeJS.ErrnoException
  if (code === 'ENOENT') return new HalibutError('invalid_argument', `there is no file ${path}`, { cause: why })
  if (code === 'SQLITE_NOTADB') return new HalibutError('invalid_argument', `${path} is not a backup of a gateway`, { cause: why })
  return toStoreError(path, why)
}

function quote(path: string): string {
  return `'${path.replaceAll("'", "''")}'`
}
