import { Command } from 'commander'
import type { StateCopy } from '../store/state-copy.ts'
import { acceptedSettings } from './accepted-settings.ts'
import { commandLine, folderFlag } from './commands.ts'
import type { ExitName } from './exit-codes.ts'
import type { CliIo } from './io.ts'
import type { Plan } from './plan.ts'
import { tellNext } from './tell-answer.ts'

interface BackupOptions {
  readonly stateFolder?: string
  readonly json?: boolean
}

/** `backup`: all that is kept as one file, also while a gateway uses it. */
export function backupVerb(plan: Plan): Command {
  return new Command('backup')
    .description('writes all that a gateway keeps into one file, also while it runs, and the signed head of its audit log beside it')
    .argument('<file>', 'must not be there yet; the head goes to the same name with .head')
    .option('--state-folder <path>', 'whose state; default: that of the settings')
    .option('--json', 'what was written as one line of JSON')
    .addHelpText(
      'after',
      `
Whoever has the file can pass for the gateway: its certificate and key are in it, and the hashes of its tokens.

Examples:
  $ halibut-gateway backup /var/backups/halibut-gateway.backup
  $ halibut-gateway backup "/var/backups/$(date +%F).backup" --state-folder /var/lib/halibut-gateway --json`,
    )
    .action((file: string, options: BackupOptions) => plan(io => backUp(file, options, io), options.json))
}

async function backUp(file: string, { stateFolder, json }: BackupOptions, io: CliIo): Promise<ExitName> {
  const settings = stateFolder === undefined ? acceptedSettings([], io) : undefined
  const folder = stateFolder ?? settings?.stateFolder ?? ''
  const { backUpFolder } = await import('../store/backup.ts')
  const { headFileOf, writeSignedBackup } = await import('../audit/signed-backup.ts')
  const { signerOf } = await import('../audit/open-copy.ts')
  const { loadIdentityFile } = await import('../settings/world.ts')
  const signerIn = async (copy: StateCopy) => {
    const pem = await copy.identityPem()
    if (pem !== undefined) return signerOf(pem)
    if (!settings || settings.identity === '') return undefined
    // Its key stands in the file that the settings name.
    const [named, { identity }] = [await loadIdentityFile(settings), await copy.content()]
    return named.thumbprint === identity?.thumbprint ? named : undefined
  }
  const { bytes, sha256, content, head } = await writeSignedBackup(file, path => backUpFolder(folder, path), signerIn)
  const headFile = head === undefined ? undefined : headFileOf(file)
  const entries = content.auditHead?.sequence ?? 0
  if (json)
    io.out(
      `${JSON.stringify({ file, bytes, sha256, headFile, thumbprint: content.identity?.thumbprint, agents: content.agents.length, entries })}\n`,
    )
  else io.out(`${file}: ${bytes} bytes, ${content.agents.length} agents, the audit log up to entry ${entries}\n`)
  if (headFile !== undefined && !json) io.out(`${headFile}: the signed head of the audit log; keep it where the backup is not\n`)
  return tellNext(io, { json }, [['what it would do here', commandLine('restore', file, '--check', ...folderFlag(stateFolder))]])
}
