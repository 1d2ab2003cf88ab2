import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { basename } from 'node:path'
import { Command } from 'commander'
import { messageOf } from '../base/message-of.ts'
import { steadyTime } from '../base/steady-time.ts'
import { acceptedSettings } from './accepted-settings.ts'
import { columns } from './columns.ts'
import { commandLine, folderFlag } from './commands.ts'
import { type ExitName, exitCodes } from './exit-codes.ts'
import { CliError } from './failure.ts'
import type { CliIo } from './io.ts'
import { whyLost } from './lost-agents.ts'
import type { Plan } from './plan.ts'
import type { RestoreReport } from './restore-report.ts'
import { tellNext } from './tell-answer.ts'

interface RestoreOptions {
  readonly stateFolder?: string
  readonly check?: boolean
  readonly head?: string
  readonly json?: boolean
}

/** `restore`: puts a backup in the place of a state, or tells what that would do. */
export function restoreVerb(plan: Plan): Command {
  return new Command('restore')
    .description('puts what a backup holds in the place of what a state folder holds, while no gateway uses that')
    .argument('<backup>', 'a file of backup, or of backup.create')
    .option(
      '--check',
      'changes nothing: tells whose backup it is, which agents would be gained, lost or changed, and which would not trust it',
    )
    .option('--head <file>', 'the signed head that its audit log must fit; default: the one beside it, where there is one')
    .option('--state-folder <path>', 'whose state; default: that of the settings')
    .option('--json', 'the same as one line of JSON')
    .addHelpText(
      'after',
      `
What is replaced stays in the state folder, as state.db.before-restore-… .
The audit log of the backup goes on with an entry that tells of it: state.restored.
A backup whose audit log does not hold is not restored; its exit code is ${exitCodes.tampered.code}.

Examples:
  $ halibut-gateway restore /var/backups/halibut-gateway.backup --check
  $ halibut-gateway restore /var/backups/halibut-gateway.backup --state-folder /var/lib/halibut-gateway`,
    )
    .action((backup: string, options: RestoreOptions) => plan(io => restore(backup, options, io), options.json))
}

async function restore(backup: string, options: RestoreOptions, io: CliIo): Promise<ExitName> {
  const folder = options.stateFolder ?? acceptedSettings([], io).stateFolder
  const { reportRestore } = await import('./restore-report.ts')
  const report = await reportRestore(backup, folder, await headsOf(backup, options.head))
  if (options.check || !report.audit.ok) {
    io.out(options.json ? `${JSON.stringify(report)}\n` : `${textOf(report)}\n`)
    if (!report.audit.ok) return 'tampered'
    return tellNext(io, options, [
      ['while no gateway runs with it', commandLine('restore', backup, ...headFlag(options.head), ...folderFlag(options.stateFolder))],
    ])
  }
  const { restoreBackup } = await import('../store/backup.ts')
  const { openStateFolder } = await import('../store/state-folder.ts')
  const { nextEntry } = await import('../audit/chain.ts')
  const { formatEntry } = await import('../audit/entry.ts')
  const { replaced } = await restoreBackup(backup, await openStateFolder(folder), head =>
    nextEntry(
      head,
      steadyTime(),
      formatEntry({
        who: 'local',
        role: 'admin',
        action: 'state.restored',
        outcome: 'done',
        facts: { user: userName(), backup: basename(backup), entries: head?.sequence ?? 0, hash: head?.hash },
      }),
    ),
  )
  const agents = report.agents.filter(({ change }) => change !== 'lost').length
  const { revived } = report
  if (options.json) io.out(`${JSON.stringify({ folder, replaced, identity: report.backup.identity, agents, revived })}\n`)
  else {
    io.out(`${folder} holds what is in ${backup}: ${agents} agents\n`)
    if (replaced !== undefined) io.out(`what was there before is in ${replaced}\n`)
    if (revived.length > 0) io.out(`what was revoked since is worth something again, until it is revoked again: ${listed(revived)}\n`)
  }
  return 'done'
}

function headFlag(head: string | undefined): string[] {
  return head === undefined ? [] : ['--head', head]
}

/** Who of this machine’s users it was: a name, where there is one. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown')
  }
}

async function headsOf(backup: string, given: string | undefined): Promise<string[]> {
  const { headFileOf } = await import('../audit/signed-backup.ts')
  const file = given ?? headFileOf(backup)
  if (given === undefined && !existsSync(file)) return []
  try {
    return [await readFile(file, 'utf8')]
  } catch (cause) {
    throw new CliError('usage', `the head: ${messageOf(cause)}`, 'name the file of a signed head')
  }
}

function textOf({ backup, present, isSameIdentity, audit, heads, agents, lost, revived }: RestoreReport): string {
  const whose = (identity: RestoreReport['backup']['identity']): string =>
    identity ? `${identity.thumbprint} (${identity.subject}, valid until ${identity.validTo})` : 'none'
  const trust =
    isSameIdentity === undefined
      ? 'there is no gateway here yet'
      : isSameIdentity
        ? 'the same as now: agents go on trusting this gateway'
        : 'ANOTHER ONE THAN NOW: agents that trust the present one refuse the restored gateway, until they trust this one'
  const lines = [
    `identity      ${whose(backup.identity)}`,
    `              ${trust}`,
    ...(present?.identity && isSameIdentity === false ? [`present       ${whose(present.identity)}`] : []),
    `state         version ${backup.version}; this gateway knows ${backup.newest}`,
    `tokens        ${backup.tokens}`,
    `audit log     ${audit.ok ? `the entries ${audit.first} to ${audit.last} hold${heads === 0 ? '; there is no head to hold them against' : ''}` : `${audit.finding}: ${audit.message}`}`,
    `agents        ${summary(agents)}`,
    `              ${count(agents, ({ trusts }) => trusts === 'yes')} were seen to trust the restored gateway, ${lost.length} would be lost`,
    ...(revived.length > 0 ? [`revoked       WORTH SOMETHING AGAIN, until it is revoked again: ${listed(revived)}`] : []),
  ]
  const why = new Map(lost.map(each => [each.agent, whyLost(each)]))
  const rows = agents
    .filter(({ id, change }) => change !== 'kept' || why.has(id))
    .map(({ id, change, trusts, what }) => [id, change, trusts, why.has(id) ? `${what}; ${why.get(id)}` : what])
  const known = new Set(agents.map(({ id }) => id))
  for (const each of lost)
    if (!known.has(each.agent)) rows.push([each.agent, 'kept', 'no', `it stands in the settings file; ${whyLost(each)}`])
  return rows.length === 0 ? lines.join('\n') : `${lines.join('\n')}\n\n${columns(['AGENT', 'IT IS', 'TRUSTS IT', 'WHY'], rows)}`
}

function listed(revived: RestoreReport['revived']): string {
  return revived.map(({ what, id, name }) => `the ${what} ${name === undefined ? id : `${name} (${id})`}`).join(', ')
}

function summary(agents: RestoreReport['agents']): string {
  const changes = (['kept', 'gained', 'lost', 'changed'] as const).map(each => `${count(agents, ({ change }) => change === each)} ${each}`)
  return changes.join(', ')
}

function count<T>(all: readonly T[], counts: (each: T) => boolean): number {
  return all.filter(counts).length
}
