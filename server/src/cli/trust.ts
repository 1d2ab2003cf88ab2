import type { MethodResult } from '@halibut-gateway/client'
import { Command } from 'commander'
import { normaliseThumbprint } from '../socket/thumbprint.ts'
import { columns } from './columns.ts'
import { commandLine } from './commands.ts'
import { CliError } from './failure.ts'
import { type GatewayOptions, withGateway, withGatewayOptions } from './gateway-client.ts'
import { several, wholeNumber } from './option-values.ts'
import type { Plan } from './plan.ts'
import { tellAnswer, tellNext } from './tell-answer.ts'
import { trustAgentVerbs } from './trust-agents.ts'

type PendingAnswer = MethodResult<'trust.pending'>

interface ApproveOptions extends GatewayOptions {
  readonly expect: string
  readonly id?: string
  readonly replace?: string
  readonly service: readonly string[]
}

/** `trust`: who knocks and is not trusted yet, what becomes of it, and the certificates of agents. */
export function trustVerb(plan: Plan): Command {
  const trust = new Command('trust')
    .description('who knocks and is not trusted yet, what becomes of it, and the certificates of agents')
    .helpCommand(false)
  const decisions = [pendingVerb, approveVerb, laterVerb, denyVerb, deniedVerb, expireVerb, revokeVerb, restoreVerb, listVerb]
  for (const verb of [...decisions.map(each => each(plan)), ...trustAgentVerbs(plan)]) trust.addCommand(verb)
  return trust
}

function pendingVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('pending'))
    .description('who knocks at the port for polling agents and waits for a decision')
    .addHelpText('after', '\nExample:\n  $ halibut-gateway trust pending')
    .action((options: GatewayOptions) =>
      plan(async io => {
        const answer = await withGateway(options, io, (client, signal) => client.request('trust.pending', {}, { signal }))
        const header = ['PENDING', 'THUMBPRINT', 'SUBSCRIPTION', 'LAST FROM', 'COUNT', 'LAST SEEN', 'REASON']
        const rows = answer.pending.map(({ id, thumbprint = '-', subscription = '-', addresses, count, lastSeen, reason }) => [
          id,
          thumbprint,
          subscription,
          addresses.at(-1)?.address ?? '-',
          String(count),
          lastSeen,
          reason,
        ])
        tellAnswer(io, options, answer, columns(header, rows))
        const steps = [...answer.pending.flatMap(decisionOn), ...answer.clones.flatMap(decisionOnClones)]
        return tellNext(io, options, steps.slice(0, maxSteps))
      }, options.json),
    )
}

/** As many commands as a person looks at. */
const maxSteps = 12

type Step = readonly [what: string, command: string]

/** What is done about somebody who knocks, where the machine itself is what it says: nothing where that is not likely. */
function decisionOn({ id, thumbprint = '', subscription = '', agent = '', cause, addresses }: PendingAnswer['pending'][number]): Step[] {
  const approve = ['trust', 'approve', id, '--expect', thumbprint]
  const compared = `if the machine itself tells ${thumbprint}`
  switch (cause) {
    case 'unknown': {
      const [, name = '<id>'] = /^poll:\/\/([A-Za-z0-9][A-Za-z0-9._-]{0,127})\/?$/.exec(subscription) ?? []
      return [[compared, commandLine(...approve, '--id', name)]]
    }
    case 'rotated':
    case 'renamed':
      return [[`${compared}, in the place of ${agent}`, commandLine(...approve, '--replace', agent)]]
    case 'revoked':
      return [[`if ${thumbprint} is to be trusted again`, commandLine('trust', 'restore', thumbprint)]]
    case 'disabled':
      return [[`if ${agent} is to be called again`, commandLine('agents', 'enable', agent)]]
    case 'held':
      return [[`if ${agent} is that machine`, commandLine('trust', 'release', agent, addresses.at(-1)?.address ?? '<address>')]]
    case 'cloned':
    case 'intercepted':
    case 'wrong_role':
      return []
  }
}

function decisionOnClones({ agent, addresses }: PendingAnswer['clones'][number]): Step[] {
  const newest = addresses.at(-1)
  if (newest === undefined || addresses.length < 2) return []
  return [[`${addresses.join(' and ')} poll as ${agent}; if the newest is none of it`, commandLine('trust', 'hold', agent, newest)]]
}

function approveVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('approve'))
    .description('lets somebody in who is pending, as a new agent or in the place of a known one')
    .argument('<pending>', 'its id in the list of who is pending')
    .requiredOption('--expect <thumbprint>', 'the certificate that the agent itself tells; refused where another one knocks')
    .option('--id <id>', 'the id of the new agent')
    .option('--service <name>', 'a service of the new agent; once for each', several, [])
    .option('--replace <agent>', 'the agent whose place it takes, whose old certificate is revoked')
    .addHelpText(
      'after',
      `
Examples:
  $ halibut-gateway trust approve 0123456789abcdef --expect AABBCCDDEEFF00112233445566778899AABBCCDD --id web-3
  $ halibut-gateway trust approve 0123456789abcdef --expect AABBCCDDEEFF00112233445566778899AABBCCDD --replace web-2`,
    )
    .action((pending: string, options: ApproveOptions) =>
      plan(async io => {
        const { id, replace, service: services } = options
        if ((id === undefined) === (replace === undefined))
          throw new CliError('usage', 'it is let in as a new agent or in the place of one', 'say either --id web-3 or --replace web-2')
        const thumbprint = normaliseThumbprint(options.expect, '--expect')
        const { agent } = await withGateway(options, io, async (client, signal) => {
          const found = (await client.request('trust.pending', {}, { signal })).pending.find(each => each.id === pending)
          if (!found) throw new CliError('notFound', `nobody is pending as ${pending}`, 'halibut-gateway trust pending tells who is')
          const { version } = found
          const named = id === undefined ? {} : { id, ...(services.length > 0 && { services: [...services] }) }
          const as = replace === undefined ? named : { replace }
          return client.request('trust.approve', { pending, thumbprint, version, ...as }, { signal })
        })
        return tellAnswer(io, options, agent, `${agent.id} is let in with ${agent.thumbprint}`)
      }, options.json),
    )
}

function denyVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('deny'))
    .description('turns a certificate away for good that is pending')
    .argument('<pending>', 'its id in the list of who is pending')
    .option('--reason <text>', 'why, for whoever reads it later')
    .addHelpText('after', '\nExample:\n  $ halibut-gateway trust deny 0123456789abcdef --reason "not one of ours"')
    .action((pending: string, options: GatewayOptions & { readonly reason?: string }) =>
      plan(async io => {
        const { reason } = options
        const params = { pending, ...(reason === undefined ? {} : { reason }) }
        const answer = await withGateway(options, io, (client, signal) => client.request('trust.deny', params, { signal }))
        return tellAnswer(io, options, answer, `${answer.thumbprint} is turned away`)
      }, options.json),
    )
}

function revokeVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('revoke'))
    .description('takes trust in a certificate back: its connections are cut, and calls to its agents end')
    .argument('<thumbprint>', 'SHA-1, in any spelling')
    .addHelpText('after', '\nExample:\n  $ halibut-gateway trust revoke AABBCCDDEEFF00112233445566778899AABBCCDD')
    .action((text: string, options: GatewayOptions) =>
      plan(async io => {
        const thumbprint = normaliseThumbprint(text, 'the thumbprint')
        const answer = await withGateway(options, io, (client, signal) => client.request('trust.revoke', { thumbprint }, { signal }))
        return tellAnswer(io, options, answer, `${thumbprint} is not trusted any more (${answer.agents.join(', ') || 'of no agent'})`)
      }, options.json),
    )
}

function laterVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('later'))
    .description('puts a decision off')
    .argument('<pending>', 'its id in the list of who is pending')
    .option('--hours <hours>', 'for how long (default: 24)', wholeNumber(8_760, ' of hours'))
    .addHelpText('after', '\nExample:\n  $ halibut-gateway trust later 0123456789abcdef --hours 72')
    .action((pending: string, options: GatewayOptions & { readonly hours?: number }) =>
      plan(async io => {
        const forMs = options.hours === undefined ? {} : { forMs: options.hours * 3_600_000 }
        const answer = await withGateway(options, io, (client, signal) => client.request('trust.later', { pending, ...forMs }, { signal }))
        return tellAnswer(io, options, answer.pending, `${pending} waits until ${answer.pending.laterUntil}`)
      }, options.json),
    )
}

function deniedVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('denied'))
    .description('the certificates that are turned away for good')
    .addHelpText('after', '\nExample:\n  $ halibut-gateway trust denied')
    .action((options: GatewayOptions) =>
      plan(async io => {
        const { denied } = await withGateway(options, io, (client, signal) => client.request('trust.denied', {}, { signal }))
        const rows = denied.map(({ thumbprint, denied: at, by, count, lastSeen, reason }) => [
          thumbprint,
          at,
          by,
          String(count),
          lastSeen ?? '-',
          reason ?? '-',
        ])
        return tellAnswer(io, options, denied, columns(['THUMBPRINT', 'DENIED', 'BY', 'COUNT', 'LAST SEEN', 'REASON'], rows))
      }, options.json),
    )
}

function expireVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('expire'))
    .description('forgets somebody who is pending, until the next knock')
    .argument('<pending>', 'its id in the list of who is pending')
    .addHelpText('after', '\nExample:\n  $ halibut-gateway trust expire 0123456789abcdef')
    .action((pending: string, options: GatewayOptions) =>
      plan(async io => {
        await withGateway(options, io, (client, signal) => client.request('trust.expire', { pending }, { signal }))
        return tellAnswer(io, options, { pending }, `${pending} is forgotten until it knocks again`)
      }, options.json),
    )
}

function restoreVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('restore'))
    .description('takes the denial or the revocation of a certificate back')
    .argument('<thumbprint>', 'SHA-1, in any spelling')
    .addHelpText('after', '\nExample:\n  $ halibut-gateway trust restore AABBCCDDEEFF00112233445566778899AABBCCDD')
    .action((text: string, options: GatewayOptions) =>
      plan(async io => {
        const thumbprint = normaliseThumbprint(text, 'the thumbprint')
        await withGateway(options, io, (client, signal) => client.request('trust.restore', { thumbprint }, { signal }))
        return tellAnswer(io, options, { thumbprint }, `${thumbprint} is neither denied nor revoked any more`)
      }, options.json),
    )
}

function listVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('list'))
    .description('the certificates of the agents, and those that were revoked')
    .addHelpText('after', '\nExample:\n  $ halibut-gateway trust list')
    .action((options: GatewayOptions) =>
      plan(async io => {
        const answer = await withGateway(options, io, (client, signal) => client.request('trust.thumbprints', {}, { signal }))
        const rows = answer.certificates.map(({ thumbprint, agents, firstSeen, lastSeen, revoked }) => [
          thumbprint,
          agents.join(' ') || '-',
          firstSeen ?? '-',
          lastSeen ?? '-',
          revoked ?? '-',
        ])
        return tellAnswer(io, options, answer, columns(['THUMBPRINT', 'AGENTS', 'FIRST SEEN', 'LAST SEEN', 'REVOKED'], rows))
      }, options.json),
    )
}
