import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServiceImplementation } from '@halibut-gateway/schemas/contract'
import { DataStream } from '@halibut-gateway/server'
import type { fileStore } from './contracts.ts'

/** Keeps files in `folder`. A file that is being uploaded is not there before all of it is. */
export function createFileStore(folder: string): ServiceImplementation<typeof fileStore, DataStream> {
  let uploads = 0
  const describe = async (name: string) => {
    const { size, mtime } = await stat(pathOf(folder, name))
    return { Name: name, Length: BigInt(size), Modified: mtime }
  }
  return {
    List: async () => {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const names = (await readdir(folder)).filter(name => !name.startsWith('.')).sort()
      return Promise.all(names.map(describe))
    },
    Upload: async (name, content) => {
      const path = pathOf(folder, name)
      const beside = join(folder, `.upload-${++uploads}`)
      await mkdir(folder, { recursive: true, mode: 0o700 })
      try {
        await content.saveTo(beside)
        await rename(beside, path)
      } catch (error) {
        await rm(beside, { force: true })
        throw error
      }
      return describe(name)
    },
    Download: name => DataStream.fromFile(pathOf(folder, name)),
    Delete: async name => {
      const path = pathOf(folder, name)
      const there = await stat(path).then(
        () => true,
        () => false,
      )
      await rm(path, { force: true })
      return there
    },
  }
}

function pathOf(folder: string, name: string): string {
  if (!/^[\w][\w .-]{0,199}$/.test(name))
    throw new Error(`'${name}' is not a file name: use letters, digits, spaces, dots, dashes and underscores`)
  return join(folder, name)
}
