import { mkdir, mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openFileStore, type StoredAgent } from '../../../../server/src/store/file-store.ts'
import { openStateFolder } from '../../../../server/src/store/state-folder.ts'

const agent: StoredAgent = { id: 'a', uri: 'poll://a/', thumbprint: 'A'.repeat(40) }

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

test('agents and the identity survive, and writes at the same time lose nothing', async () => {
  const path = await freshFolder()
  const store = await openFileStore(await openStateFolder(path))
  expect([await store.loadIdentity(), store.agents()]).toEqual([undefined, []])
  await Promise.all(['a', 'b', 'c'].map(id => store.saveAgent({ ...agent, id })))
  await store.removeAgent('b')
  await store.saveIdentity('pem')
  const again = await openFileStore(await openStateFolder(path))
  expect(again.agents().map(each => each.id)).toEqual(['a', 'c'])
  expect(await again.loadIdentity()).toBe('pem')
})

test.each([
  ['{', 'is not readable'],
  ['{"version":2,"agents":[]}', 'version 2 is not 1'],
  ['{"version":1,"agents":[{"id":1}]}', 'agents is not a list of agents'],
])('a state file that reads %s is refused with its place, and is not changed', async (text, message) => {
  const path = await freshFolder()
  await mkdir(path)
  await writeFile(join(path, 'state.json'), text)
  await expect(openFileStore(await openStateFolder(path))).rejects.toThrow(message)
  expect(await readFile(join(path, 'state.json'), 'utf8')).toBe(text)
})

test('a path that is no folder is refused with what to do', async () => {
  const path = await freshFolder()
  await writeFile(path, '')
  await expect(openStateFolder(path)).rejects.toMatchObject({ kind: 'invalid_argument', advice: expect.stringContaining('--state-folder') })
})
