import { mkdtemp, readdir, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { ownStateFolder } from '../../../../server/src/store/ownership.ts'
import { openStateFolder } from '../../../../server/src/store/state-folder.ts'

const synced = vi.hoisted(() => [] as string[])

vi.mock('../../../../server/src/base/replace-file.ts', async original => ({
  ...(await original<object>()),
  syncFolder: async (folder: string) => void synced.push(folder),
}))

async function freshFolder(): Promise<string> {
  return join(await mkdtemp(join(tmpdir(), 'state-')), 'inner')
}

test('the folder is made with mode 0700, its files with 0600', async () => {
  const path = await freshFolder()
  const folder = await openStateFolder(path)
  await folder.replace('x.pem', 'secret')
  expect((await stat(path)).mode & 0o777).toBe(0o700)
  expect((await stat(join(path, 'x.pem'))).mode & 0o777).toBe(0o600)
  expect(await folder.read('x.pem')).toBe('secret')
  expect(await folder.read('y.pem')).toBeUndefined()
})

test('what a process left half-written is removed by the next owner, and by nobody else; the file stays as it was', async () => {
  const path = await freshFolder()
  const folder = await openStateFolder(path)
  await folder.replace('x.pem', 'whole')
  const owner = await ownStateFolder(folder)
  const leftovers = ['.x.pem.0123456789ab.tmp', '.backup.0123456789ab.tmp', '.backup.0123456789ab.tmp-wal']
  for (const name of leftovers) await writeFile(join(path, name), 'ha')
  await expect(ownStateFolder(await openStateFolder(path))).rejects.toThrow('belongs to this process already')
  expect(await readdir(path)).toEqual(expect.arrayContaining(leftovers))
  await owner.release()
  await (await ownStateFolder(folder)).release()
  expect((await readdir(path)).sort()).toEqual(['owner.lock', 'x.pem'])
  expect(await folder.read('x.pem')).toBe('whole')
})

test('the names of a new folder, and of those above it that were made for it, are on the disk before anything is in it', async () => {
  const path = await freshFolder()
  synced.length = 0
  await openStateFolder(join(path, 'a', 'b'))
  expect(synced).toEqual([join(path, 'a'), path, join(path, '..')])
  synced.length = 0
  await openStateFolder(join(path, 'a', 'b'))
  expect(synced).toEqual([])
})

test('a path that is no folder is refused with what to do', async () => {
  const path = await freshFolder()
  await writeFile(path, '')
  await expect(openStateFolder(path)).rejects.toMatchObject({ kind: 'invalid_argument', advice: expect.stringContaining('--state-folder') })
})
