import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { BackupFolder } from '../../../../server/src/audit/backup-folder.ts'

const unused = (): never => {
  throw new Error('nothing is made here')
}

test('when the newest backup was made is known after a restart, of those that a gateway made, and of none where there is no folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'halibut-backups-'))
  const lastOf = async (path: string): Promise<number | undefined> => {
    const backups = new BackupFolder({ folder: path, backUp: unused, signer: unused })
    await backups.look()
    return backups.lastMs
  }
  try {
    expect(await lastOf(folder)).toBeUndefined()
    const times = ['20260101T000000.000Z', '20260615T102030.405Z', '20260615T102030.404Z']
    for (const time of times) await writeFile(join(folder, `halibut-gateway-${time}.backup`), '')
    await writeFile(join(folder, 'halibut-gateway-20270101T000000.000Z.backup.head'), '')
    expect(await lastOf(folder)).toBe(Date.UTC(2026, 5, 15, 10, 20, 30, 405))
    expect(await lastOf(join(folder, 'nowhere'))).toBeUndefined()
  } finally {
    await rm(folder, { recursive: true })
  }
})
