import type { Grant, TokenSnapshot } from '@halibut-gateway/schemas'
import { isRole, roles } from '@halibut-gateway/schemas/wire'
import { Command } from 'commander'
import { steadyTime } from '../base/steady-time.ts'
import { columns } from './columns.ts'
import { CliError } from './failure.ts'
import { withGatewayOptions } from './gateway-client.ts'
import type { Plan } from './plan.ts'
import { tellAnswer } from './tell-answer.ts'
import { type TokenOptions, withTokens } from './token-admin.ts'

interface CreateOptions extends TokenOptions {
  readonly name: string
  readonly role: string
  readonly expires?: string
  readonly agents?: readonly string[]
  readonly services?: readonly string[]
  readonly methods?: readonly string[]
}

/** `token`: what people and programs sign in with. */
export function tokenVerb(plan: Plan): Command {
  return new Command('token')
    .description('the tokens that people and programs sign in with')
    .helpCommand(false)
    .addCommand(createVerb(plan))
    .addCommand(listVerb(plan))
    .addCommand(revokeVerb(plan))
}

function withTokenOptions(command: Command): Command {
  return withGatewayOptions(command).option(
    '--state-folder <path>',
    'sign in as whoever may read the state folder of the gateway, whether it runs or not; in the place of --url and --token-file',
  )
}

function createVerb(plan: Plan): Command {
  return withTokenOptions(new Command('create'))
    .description('makes a token and prints it, this once')
    .requiredOption('--name <name>', 'what rules and the audit log are to know it by')
    .requiredOption('--role <role>', `${roles.join(', ')}`)
    .option('--expires <when>', 'how long it is worth something (90d, 12h, 30m), or until when (2030-01-31T12:00:00Z); default: for ever')
    .option('--agents <patterns>', 'what it may reach at most: ids of agents, or tag: and a tag; commas between them', list)
    .option('--services <patterns>', 'of these agents these services; default: all', list)
    .option('--methods <patterns>', 'of these services these methods; default: all', list)
    .addHelpText(
      'after',
      `
Examples:
  $ halibut-gateway token create --name deploy --role operator --expires 90d
  $ halibut-gateway token create --name dashboard --role viewer --agents 'web-*,tag:public' > /etc/dashboard/token

Where nobody has a token any more, for whoever may read the state folder:
  $ halibut-gateway token create --name me --role admin --state-folder /var/lib/halibut-gateway`,
    )
    .action((options: CreateOptions) =>
      plan(async io => {
        const { name, role, expires } = options
        if (!isRole(role)) throw new CliError('usage', `${JSON.stringify(role)} is no role`, `roles are ${roles.join(', ')}`)
        const scope = scopeOf(options)
        const params = { name, role, ...(expires === undefined ? {} : { expires: momentOf(expires) }), ...(scope ? { scope } : {}) }
        const made = await withTokens(options, io, ask => ask('tokens.create', params))
        return tellAnswer(io, options, made, made.secret)
      }, options.json),
    )
}

function listVerb(plan: Plan): Command {
  return withTokenOptions(new Command('list'))
    .description('the tokens that were made, without what is secret of them')
    .addHelpText('after', '\nExample:\n  $ halibut-gateway token list')
    .action((options: TokenOptions) =>
      plan(async io => {
        const { tokens } = await withTokens(options, io, ask => ask('tokens.list', {}))
        const header = ['ID', 'NAME', 'ROLE', 'STATE', 'MADE BY', 'EXPIRES', 'LAST USED', 'SCOPE']
        return tellAnswer(io, options, tokens, columns(header, tokens.map(rowOf)))
      }, options.json),
    )
}

function revokeVerb(plan: Plan): Command {
  return withTokenOptions(new Command('revoke'))
    .description('ends a token, and at once what was opened with it')
    .argument('<token>', 'its id, or its name')
    .addHelpText('after', '\nExample:\n  $ halibut-gateway token revoke deploy')
    .action((which: string, options: TokenOptions) =>
      plan(async io => {
        if (which.startsWith('hgw_'))
          throw new CliError('usage', 'a token is not taken as an argument, which everybody on this machine sees', 'say its id or its name')
        const { token } = await withTokens(options, io, async ask => {
          const { tokens } = await ask('tokens.list', {})
          const found = tokens.find(({ id }) => id === which) ?? tokens.find(({ name, state }) => name === which && state === 'valid')
          if (!found) throw new CliError('notFound', `there is no token ${which}`, 'halibut-gateway token list tells which there are')
          return ask('tokens.revoke', { id: found.id })
        })
        return tellAnswer(io, options, token, `${token.name} (${token.id}) is worth nothing any more`)
      }, options.json),
    )
}

function list(text: string): string[] {
  return text.split(',').map(part => part.trim())
}

function scopeOf({ agents, services, methods }: CreateOptions): Grant[] | undefined {
  if (agents === undefined && services === undefined && methods === undefined) return undefined
  const among = { ...(services && { services: [...services] }), ...(methods && { methods: [...methods] }) }
  return [{ agents: [...(agents ?? ['*'])], ...among }]
}

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A moment is for the gateway to read. */
function momentOf(text: string): string {
  const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? []
  if (count !== undefined) return new Date(steadyTime() + Number(count) * (unitMs[unit] ?? 0)).toISOString()
  if (/^\d{4}-/.test(text)) return text
  throw new CliError('usage', `--expires: ${JSON.stringify(text)} is no time`, 'write it as 90d, 12h, 30m, or 2030-01-31T12:00:00Z')
}

function rowOf({ id, name, role, state, createdBy = '-', expires = 'never', lastUsed = 'never', scope }: TokenSnapshot): string[] {
  return [id, name, role, state, createdBy, expires, lastUsed, scope ? JSON.stringify(scope) : '-']
}
