import { mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeFolder } from '../../../../server/src/base/make-folder.ts'
import { openStateFolder } from '../../../../server/src/store/state-folder.ts'

test('a folder is made with those above it that are missing, and one that is there stays as it is', async () => {
  const root = await mkdtemp(join(tmpdir(), 'halibut-folder-'))
  try {
    const deep = join(root, 'a', 'b', 'c')
    expect(await makeFolder(deep)).toBe(join(root, 'a'))
    expect((await stat(deep)).mode & 0o777).toBe(0o700)
    expect(await makeFolder(deep)).toBeUndefined()
    await mkdir(join(root, 'real'))
    await symlink(join(root, 'real'), join(root, 'link'))
    expect(await makeFolder(join(root, 'link'))).toBeUndefined()
    expect(await Promise.all(Array.from({ length: 8 }, () => makeFolder(join(root, 'at', 'once'))))).toContain(join(root, 'at'))
    await writeFile(join(root, 'file'), '')
    await expect(makeFolder(join(root, 'file'))).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(makeFolder(join(root, 'file', 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' })
  } finally {
    await rm(root, { recursive: true })
  }
})

test('a folder where none can be is told at once, and what to do', async () => {
  await expect(openStateFolder('/proc/halibut-gateway/state')).rejects.toMatchObject({
    kind: 'invalid_argument',
    message: expect.stringContaining('the state in /proc/halibut-gateway/state is not usable'),
    advice: expect.stringContaining('--state-folder'),
  })
})
