import { mkdtemp, readdir, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStateFolder } from '../../../../server/src/store/state-folder.ts'

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

test('what a process left half-written is removed, and the file stays as it was', async () => {
  const path = await freshFolder()
  await (await openStateFolder(path)).replace('state.json', 'whole')
  await writeFile(join(path, '.state.json.0123456789ab.tmp'), 'ha')
  const folder = await openStateFolder(path)
  expect(await readdir(path)).toEqual(['state.json'])
  expect(await folder.read('state.json')).toBe('whole')
})

test('a path that is no folder is refused with what to do', async () => {
  const path = await freshFolder()
  await writeFile(path, '')
  await expect(openStateFolder(path)).rejects.toMatchObject({ kind: 'invalid_argument', advice: expect.stringContaining('--state-folder') })
})
