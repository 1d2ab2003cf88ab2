import { closeSync, openSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { HalibutError } from '../base/errors.ts'
import { connect } from './connection.ts'
import type { StateFolder } from './state-folder.ts'

const lockName = 'owner.lock'
const pidName = 'owner.pid'

/** A state folder that belongs to this process. */
export interface Ownership {
  /** Gives it up. */
  release(): Promise<void>
}

/**
 * Takes a state folder for this process. The lock is the system’s own, on a file, so that it ends with the process however that ends; the pid beside
 * it is only for telling. Rejects with `invalid_argument` where another process has it.
 */
export async function ownStateFolder(folder: StateFolder): Promise<Ownership> {
  const path = join(folder.path, lockName)
  closeSync(openSync(path, 'a', 0o600))
  const lock = connect(path)
  try {
    await lock.exec('BEGIN EXCLUSIVE')
  } catch (why) {
    lock.close()
    if ((why as { code?: string }).code?.startsWith('SQLITE_BUSY')) throw await taken(folder)
    throw why
  }
  await folder.clean()
  await folder.replace(pidName, `${process.pid}\n`)
  return {
    release: async () => {
      await rm(join(folder.path, pidName), { force: true })
      await lock.exec('ROLLBACK')
      lock.close()
    },
  }
}

async function taken(folder: StateFolder): Promise<HalibutError> {
  const pid = Number(await folder.read(pidName))
  const owner = pid === process.pid ? 'this process already' : isAlive(pid) ? `the process ${pid}` : 'another process'
  return new HalibutError('invalid_argument', `the state in ${folder.path} belongs to ${owner}`, {
    advice: 'a gateway runs with it: stop that one first, or name another folder with --state-folder',
  })
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (why) {
    return (why as NodeJS.ErrnoException).code === 'EPERM'
  }
}
