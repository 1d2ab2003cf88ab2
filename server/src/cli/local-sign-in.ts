import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogSink } from '../base/log.ts'
import { messageOf } from '../base/message-of.ts'
import type { StateFolder } from '../store/state-folder.ts'

/** How whoever may read a state folder signs in at the gateway that runs with it. */
export interface LocalSignIn {
  /** Where it listens. */
  readonly url: string
  /** A Host header that it answers. */
  readonly host: string
  /** An admin’s, of this one run. */
  readonly token: string
}

const fileName = 'local-sign-in.json'

/**
 * Puts it into the state folder, for the command line on this machine; gives what takes it away again. It is worth nothing once the process has
 * ended, however that ended, and no backup holds it.
 */
export async function offerLocalSignIn(folder: StateFolder, signIn: LocalSignIn, log: LogSink): Promise<() => Promise<void>> {
  try {
    await folder.replace(fileName, JSON.stringify(signIn))
  } catch (why) {
    const cause = messageOf(why)
    log('warn', 'the command line on this machine cannot sign in by the state folder', { cause })
  }
  return () => rm(join(folder.path, fileName), { force: true })
}

/** That of the gateway that runs with a state folder, or did when it was killed; `undefined` where there is none. */
export function readLocalSignIn(folder: string): LocalSignIn | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, fileName), 'utf8')) as LocalSignIn
  } catch (why) {
    if ((why as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw why
  }
}
