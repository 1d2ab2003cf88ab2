import { chmod, readdir, readFile, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { HalibutError } from '../base/errors.ts'
import { makeFolder } from '../base/make-folder.ts'
import { messageOf } from '../base/message-of.ts'
import { replaceFile, syncFolder } from '../base/replace-file.ts'

/** The one folder where state lies: a few small files, each of them either its old or its new content, whatever happens. */
export interface StateFolder {
  /** Absolute. */
  readonly path: string
  /** A file’s text; `undefined` where there is none. */
  read(name: string): Promise<string | undefined>
  /** Replaces a file whole: it is written beside, flushed to the disk, then renamed. Only its owner can read it. */
  replace(name: string, text: string): Promise<void>
  /** Removes what a process that died has left half-written. Only for whom the folder belongs to. */
  clean(): Promise<void>
}

/** Opens a state folder, which is made where it does not exist (mode 0700). Throws `invalid_argument` that names what to do. */
export async function openStateFolder(path: string): Promise<StateFolder> {
  const folder = resolve(path)
  try {
    const made = await makeFolder(folder)
    if (made !== undefined) {
      await chmod(folder, 0o700)
      // The names on the way to it are to last as long as what is in it.
      for (let at = folder; at !== dirname(made); at = dirname(at)) await syncFolder(dirname(at))
    }
  } catch (cause) {
    throw unusable(folder, cause)
  }
  return {
    path: folder,
    read: async name => {
      try {
        return await readFile(join(folder, name), 'utf8')
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw unusable(join(folder, name), cause)
      }
    },
    replace: async (name, text) => {
      try {
        await replaceFile(join(folder, name), text)
      } catch (cause) {
        throw unusable(join(folder, name), cause)
      }
    },
    clean: async () => {
      for (const name of await readdir(folder)) if (isLeftover(name)) await rm(join(folder, name), { force: true })
    },
  }
}

/** Files that a process left when it died between writing and renaming, and what SQLite has beside them. */
function isLeftover(name: string): boolean {
  return /^\..+\.[0-9a-f]{12}\.tmp(-wal|-shm)?$/.test(name)
}

function unusable(path: string, cause: unknown): HalibutError {
  const why = messageOf(cause)
  return new HalibutError('invalid_argument', `the state in ${path} is not usable: ${why}`, {
    advice: 'check that it is a folder that this user may read and write, or name another with --state-folder',
    cause,
  })
}
