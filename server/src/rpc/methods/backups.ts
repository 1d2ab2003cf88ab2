import type { FolderBackup } from '../../audit/backup-folder.ts'
import { HalibutError } from '../../base/errors.ts'
import type { Handlers } from '../run.ts'

/** Makes a backup; rejects with `too_many_calls` while another one is made. */
export type BackupMaker = () => Promise<FolderBackup>

/** `backup.create`. `make`: default a gateway that keeps nothing. */
export function backupsMethods(make?: BackupMaker): Pick<Handlers, 'backup.create'> {
  return {
    'backup.create': async () => {
      if (!make) throw new HalibutError('not_found', 'this gateway keeps nothing that a backup could be made of')
      const { name, atMs, bytes, sha256, head } = await make()
      return { name, time: new Date(atMs).toISOString(), bytes, sha256, ...(head !== undefined && { head }) }
    },
  }
}
