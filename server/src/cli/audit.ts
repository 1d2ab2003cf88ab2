import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { MethodParams, MethodResult } from '@halibut-gateway/client'
import { Command } from 'commander'
import { messageOf } from '../base/message-of.ts'
import { acceptedSettings } from './accepted-settings.ts'
import { columns } from './columns.ts'
import { commandLine } from './commands.ts'
import { type ExitName, exitCodes } from './exit-codes.ts'
import { CliError } from './failure.ts'
import { type GatewayOptions, withGateway, withGatewayOptions } from './gateway-client.ts'
import type { CliIo } from './io.ts'
import { several, wholeNumber } from './option-values.ts'
import type { Plan } from './plan.ts'

/** `audit`: who did what, and whether that is still what was written down. */
export function auditVerb(plan: Plan): Command {
  return new Command('audit')
    .description('who did what to which agent, and whether the log of it is whole')
    .helpCommand(false)
    .addCommand(searchVerb(plan))
    .addCommand(verifyVerb(plan))
    .addCommand(headVerb(plan))
    .addCommand(exportVerb(plan))
}

/** One entry as the gateway tells it. */
type FoundEntry = MethodResult<'audit.search'>['entries'][number]

interface SearchOptions extends GatewayOptions {
  readonly from?: string
  readonly to?: string
  readonly who?: string
  readonly agent?: string
  readonly action?: string
  readonly outcome?: string
  readonly text?: string
  readonly limit: number
}

function searchVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('search'))
    .description('entries of the audit log of a gateway that runs, the newest first')
    .option('--from <time>', 'at this time or later, such as 2026-05-31 or 2026-05-31T18:00:00Z')
    .option('--to <time>', 'before this time')
    .option('--who <name>', 'whose token or sign-in it was')
    .option('--agent <id>', 'the agent that it was about')
    .option('--action <method>', 'what was done, such as agent.invoke')
    .option('--outcome <kind>', 'done, failed (all but done), or the kind of an error')
    .option('--text <text>', 'stands anywhere in the entry, in large or small letters')
    .option('--limit <count>', 'how many entries at most', wholeNumber(9_999_999), 100)
    .addHelpText(
      'after',
      `
Examples:
  $ halibut-gateway audit search --agent web-1 --from 2026-05-31
  $ halibut-gateway audit search --outcome failed --limit 1000 --json | jq -r .who | sort | uniq -c`,
    )
    .action((options: SearchOptions) => plan(io => search(options, io), options.json))
}

async function search({ from, to, who, agent, action, outcome, text, limit, ...options }: SearchOptions, io: CliIo): Promise<ExitName> {
  const given = Object.entries({ from, to, who, agent, action, outcome, text }).filter(([, value]) => value !== undefined)
  const query = Object.fromEntries(given) as MethodParams<'audit.search'>
  const entries = await withGateway(options, io, async (client, signal) => {
    const found: FoundEntry[] = []
    for (let cursor: string | undefined; ; ) {
      const page = { ...query, limit: Math.min(limit - found.length, pageEntries), ...(cursor !== undefined && { cursor }) }
      const answer = await client.request('audit.search', page, { signal })
      found.push(...answer.entries)
      cursor = answer.next
      if (cursor === undefined || found.length >= limit) return found
    }
  })
  if (options.json) for (const entry of entries) io.out(`${JSON.stringify(entry)}\n`)
  else io.out(`${columns(['ENTRY', 'TIME', 'WHO', 'ACTION', 'AGENT', 'OUTCOME', 'FACTS'], entries.map(rowOf))}\n`)
  return 'done'
}

function rowOf({ sequence, time, who, action, agent, outcome, facts = {} }: FoundEntry): string[] {
  const told = Object.entries(facts).map(([name, value]) => `${name}=${String(value)}`)
  return [String(sequence), time, who, action, agent ?? '-', outcome, told.join(' ')]
}

const pageEntries = 1_000

interface CopyOptions {
  readonly stateFolder?: string
  readonly json?: boolean
}

/** Of what a verb looks at that needs no gateway. */
function withCopy(command: Command): Command {
  return command
    .argument('[path]', 'a state folder, a backup, or a file of audit export; default: the state folder of the settings')
    .option('--state-folder <path>', 'the state folder, where no path is given')
}

function pathOf(path: string | undefined, { stateFolder }: CopyOptions, io: CliIo): string {
  return path ?? stateFolder ?? acceptedSettings([], io).stateFolder
}

interface VerifyOptions extends CopyOptions {
  readonly head: readonly string[]
}

function verifyVerb(plan: Plan): Command {
  return withCopy(new Command('verify'))
    .description(
      'looks through an audit log, without the gateway: finds what was changed, removed, put elsewhere or cut off, and says where',
    )
    .option(
      '--head <file>',
      'a signed head that was kept elsewhere, as audit head, a backup, a webhook or syslog has it; once for each',
      several,
      [],
    )
    .option('--json', 'what was found as one line of JSON')
    .addHelpText(
      'after',
      `
Its exit code is ${exitCodes.done.code} where the log holds, and ${exitCodes.tampered.code} where it does not.
Only a head that was kept elsewhere shows that the end of a log was cut off, or all of it written anew.

Examples:
  $ halibut-gateway audit verify
  $ halibut-gateway audit verify /var/backups/halibut-gateway.backup --head /mnt/elsewhere/halibut-gateway.head`,
    )
    .action((path: string | undefined, options: VerifyOptions) => plan(io => verify(pathOf(path, options, io), options, io), options.json))
}

async function verify(path: string, { head, json }: VerifyOptions, io: CliIo): Promise<ExitName> {
  const heads = await Promise.all(head.map(readHead))
  const { openAuditCopy } = await import('../audit/open-copy.ts')
  const { verifyCopy } = await import('../audit/audit-copy.ts')
  const copy = await openAuditCopy(path)
  try {
    const { verification, heads: held, signers } = await verifyCopy(copy, heads)
    if (json) io.out(`${JSON.stringify({ path, ...verification, heads: held, signers })}\n`)
    else if (!verification.ok) io.out(`${path}: ${verification.finding}: ${verification.message}\n`)
    else {
      const { first, last } = verification
      io.out(`${path}: ${last < first ? 'there is no entry' : `the entries ${first} to ${last} hold`}\n`)
      if (held === 0)
        io.out(
          `whether its end was cut off only a head can tell that was kept elsewhere: ${commandLine('audit', 'verify', path, '--head', '<file>')}\n`,
        )
      else io.out(`its heads were signed by ${signers.join(' and ')}: compare that with the thumbprint of the gateway\n`)
    }
    return verification.ok ? 'done' : 'tampered'
  } finally {
    await copy.close()
  }
}

async function readHead(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new CliError('usage', `--head: ${messageOf(cause)}`, 'name the file of a signed head')
  }
}

function headVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('head'))
    .description('how far the audit log has come, signed: three lines of text to be kept elsewhere')
    .argument('[path]', 'a state folder or a backup; default: it is asked of the gateway that runs')
    .addHelpText(
      'after',
      `
Examples:
  $ halibut-gateway audit head > /mnt/elsewhere/halibut-gateway.head
  $ halibut-gateway audit head /var/lib/halibut-gateway`,
    )
    .action((path: string | undefined, options: GatewayOptions) =>
      plan(async io => {
        const head = path === undefined ? await askedHead(options, io) : await copiedHead(path)
        if (head === undefined) throw new CliError('notFound', 'there is no entry yet, and so no head', 'ask again later')
        io.out(options.json ? `${JSON.stringify({ head })}\n` : head)
        return 'done'
      }, options.json),
    )
}

async function askedHead(options: GatewayOptions, io: CliIo): Promise<string | undefined> {
  return (await withGateway(options, io, (client, signal) => client.request('audit.head', {}, { signal }))).head
}

async function copiedHead(path: string): Promise<string | undefined> {
  const { openAuditCopy } = await import('../audit/open-copy.ts')
  const { headOf } = await import('../audit/audit-copy.ts')
  const copy = await openAuditCopy(path)
  try {
    return await headOf(copy)
  } finally {
    await copy.close()
  }
}

interface ExportOptions extends CopyOptions {
  readonly output?: string
}

function exportVerb(plan: Plan): Command {
  return withCopy(new Command('export'))
    .description('the audit log as lines of JSON with its signed head, for whoever is to look through it without the gateway')
    .option('--output <file>', 'where it goes; default: the standard output')
    .option('--json', 'errors as JSON too; the log is JSON in any case')
    .addHelpText(
      'after',
      `
It needs no gateway, and does not mind one that runs.

Examples:
  $ halibut-gateway audit export --output audit.jsonl
  $ halibut-gateway audit export /var/lib/halibut-gateway | gzip > audit.jsonl.gz`,
    )
    .action((path: string | undefined, options: ExportOptions) =>
      plan(io => exportLog(pathOf(path, options, io), options, io), options.json),
    )
}

async function exportLog(path: string, { output }: ExportOptions, io: CliIo): Promise<ExitName> {
  const { openAuditCopy } = await import('../audit/open-copy.ts')
  const { exportLines } = await import('../audit/export.ts')
  const copy = await openAuditCopy(path)
  try {
    const write =
      output === undefined ? { line: (text: string) => io.bytes(Buffer.from(text)), end: async () => undefined } : await openFile(output)
    for await (const line of exportLines(copy)) await write.line(`${line}\n`)
    await write.end()
    return 'done'
  } finally {
    await copy.close()
  }
}

/** A file that must not be there yet, for its owner alone. */
async function openFile(path: string): Promise<{ line(text: string): Promise<void>; end(): Promise<void> }> {
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 })
  try {
    await once(file, 'open')
  } catch (cause) {
    throw new CliError('usage', `--output: ${messageOf(cause)}`, 'name a file that is not there yet')
  }
  const failed = new Promise<never>((_, reject) => file.on('error', reject))
  failed.catch(() => undefined)
  return {
    line: async text => {
      if (!file.write(text)) await Promise.race([once(file, 'drain'), failed])
    },
    end: async () => {
      const finished = once(file, 'finish')
      file.end()
      await Promise.race([finished, failed])
    },
  }
}
