import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a folder, by default one that only its owner can look into, with those above it that are missing; gives the topmost one that it has made. `mkdir` of
 * Node tries again without end where a folder cannot hold others, as those below `/proc`.
 */
export async function makeFolder(path: string, mode = 0o700): Promise<string | undefined> {
  try {
    return await make(path, mode)
  } catch (why) {
    if ((why as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw why
    const above = await makeFolder(dirname(path), mode)
    const made = await make(path, mode)
    return above ?? made
  }
}

/** Where it is there already nothing is made. */
async function make(path: string, mode: number): Promise<string | undefined> {
  try {
    await mkdir(path, { mode })
    return path
  } catch (why) {
    if ((why as NodeJS.ErrnoException).code === 'EEXIST' && (await stat(path)).isDirectory()) return undefined
    throw why
  }
}
