import type { AgentSnapshot } from '@halibut-gateway/client'
import { Command } from 'commander'
import { normaliseThumbprint } from '../socket/thumbprint.ts'
import { commandLine } from './commands.ts'
import { CliError } from './failure.ts'
import { type GatewayOptions, withGateway, withGatewayOptions } from './gateway-client.ts'
import type { CliIo } from './io.ts'
import { several } from './option-values.ts'
import type { Plan } from './plan.ts'
import { tellAnswer, tellNext } from './tell-answer.ts'

/** Verbs of `trust` about agents that are there, or that are to be. */
export function trustAgentVerbs(plan: Plan): Command[] {
  return [discoverVerb(plan), rotateVerb(plan), keepVerb(plan), repinVerb(plan), holdVerb(plan), releaseVerb(plan)]
}

interface DiscoverOptions extends GatewayOptions {
  readonly expect?: string
  readonly id?: string
  readonly service: readonly string[]
}

function discoverVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('discover'))
    .description('tells the certificate that an agent presents which listens, and adds the agent where it is the expected one')
    .argument('<address>', 'https://host:port/')
    .option('--expect <thumbprint>', 'the certificate that the agent itself tells; refused where another one is presented')
    .option('--id <id>', 'adds it under this id, pinned to --expect')
    .option('--service <name>', 'a service of it; once for each', several, [])
    .addHelpText(
      'after',
      `
Examples:
  $ halibut-gateway trust discover https://10.0.0.5:10933/
  $ halibut-gateway trust discover https://10.0.0.5:10933/ --expect AABBCCDDEEFF00112233445566778899AABBCCDD --id web-4`,
    )
    .action((uri: string, options: DiscoverOptions) =>
      plan(async io => {
        const { id, service: services } = options
        const expected = options.expect === undefined ? undefined : normaliseThumbprint(options.expect, '--expect')
        if (id !== undefined && expected === undefined)
          throw new CliError(
            'usage',
            'nobody is added without having been looked at',
            'compare what is presented with what the agent itself tells, and say that with --expect',
          )
        const { seen, agent } = await withGateway(options, io, async (client, signal) => {
          const found = await client.request('trust.discover', { uri }, { signal })
          if (expected !== undefined && expected !== found.thumbprint && expected !== found.thumbprint256)
            throw new CliError(
              'failed',
              `${uri} presents ${found.thumbprint}, not ${expected}`,
              'find out which machine that is before it is trusted',
            )
          if (id === undefined) return { seen: found }
          const named = services.length > 0 ? { services: [...services] } : {}
          const added = await client.request('agents.add', { agent: id, uri, thumbprint: found.thumbprint, ...named }, { signal })
          return { seen: found, agent: added.agent }
        })
        const { thumbprint, thumbprint256, subject, issuer } = seen
        const text = agent
          ? `${agent.id} is added, pinned to ${agent.thumbprint}`
          : `thumbprint  ${thumbprint}\nSHA-256     ${thumbprint256}\nsubject     ${subject}\nissuer      ${issuer}`
        tellAnswer(io, options, agent ?? seen, text)
        const add = commandLine('trust', 'discover', uri, '--expect', thumbprint, '--id', '<id>')
        return tellNext(io, options, agent ? [] : [[`if the machine itself tells ${thumbprint}`, add]])
      }, options.json),
    )
}

function rotateVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('rotate'))
    .description('lets an agent come with a further certificate; it has that one alone when it was seen with it')
    .argument('<agent>', 'its id')
    .requiredOption('--next <thumbprint>', 'of the certificate that the agent will have')
    .addHelpText('after', '\nExample:\n  $ halibut-gateway trust rotate web-1 --next AABBCCDDEEFF00112233445566778899AABBCCDD')
    .action((agent: string, options: GatewayOptions & { readonly next: string }) =>
      plan(async io => {
        const thumbprint = normaliseThumbprint(options.next, '--next')
        return tell(
          await withGateway(options, io, async (client, signal) => {
            const { version } = (await client.request('agents.get', { agent }, { signal })).agent
            return client.request('trust.rotate', { agent, thumbprint, version }, { signal })
          }),
          options,
          io,
        )
      }, options.json),
    )
}

function keepVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('keep'))
    .description('of the two certificates of an agent keeps one: ends a rotation by hand, or takes it back')
    .argument('<agent>', 'its id')
    .argument('<thumbprint>', 'of the certificate that it keeps')
    .addHelpText('after', '\nExample:\n  $ halibut-gateway trust keep web-1 AABBCCDDEEFF00112233445566778899AABBCCDD')
    .action((agent: string, text: string, options: GatewayOptions) =>
      plan(async io => {
        const thumbprint = normaliseThumbprint(text, 'the thumbprint')
        return tell(
          await withGateway(options, io, async (client, signal) => {
            const { version } = (await client.request('agents.get', { agent }, { signal })).agent
            return client.request('trust.keep', { agent, thumbprint, version }, { signal })
          }),
          options,
          io,
        )
      }, options.json),
    )
}

function repinVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('repin'))
    .description('pins a listening agent to the certificate that answers there, whose mismatch agents get tells; the one before is revoked')
    .argument('<agent>', 'its id')
    .requiredOption('--expect <thumbprint>', 'the certificate that the agent itself tells; refused where another one was seen there last')
    .addHelpText('after', '\nExample:\n  $ halibut-gateway trust repin web-1 --expect AABBCCDDEEFF00112233445566778899AABBCCDD')
    .action((agent: string, options: GatewayOptions & { readonly expect: string }) =>
      plan(async io => {
        const thumbprint = normaliseThumbprint(options.expect, '--expect')
        return tell(
          await withGateway(options, io, (client, signal) => client.request('trust.repin', { agent, thumbprint }, { signal })),
          options,
          io,
        )
      }, options.json),
    )
}

function holdVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('hold'))
    .description('keeps one of several machines out that poll as an agent with one certificate: the newer one, unless an address is said')
    .argument('<agent>', 'its id')
    .argument('[address]', 'of the machine, as trust pending tells it')
    .addHelpText('after', '\nExamples:\n  $ halibut-gateway trust hold web-1\n  $ halibut-gateway trust hold web-1 10.0.0.7')
    .action((agent: string, given: string | undefined, options: GatewayOptions) =>
      plan(async io => {
        const address = await withGateway(options, io, async (client, signal) => {
          const { clones } = await client.request('trust.pending', {}, { signal })
          const newest = given ?? clones.find(each => each.agent === agent && each.addresses.length > 1)?.addresses.at(-1)
          if (newest === undefined)
            throw new CliError(
              'notFound',
              `no two machines poll as ${agent} with one certificate`,
              'halibut-gateway trust pending --json tells the clones',
            )
          await client.request('trust.hold', { agent, address: newest }, { signal })
          return newest
        })
        return tellAnswer(io, options, { agent, address }, `${address} is kept out as ${agent} until it is released`)
      }, options.json),
    )
}

function releaseVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('release'))
    .description('lets a machine in again that is kept out')
    .argument('<agent>', 'its id')
    .argument('<address>', 'of the machine')
    .addHelpText('after', '\nExample:\n  $ halibut-gateway trust release web-1 10.0.0.7')
    .action((agent: string, address: string, options: GatewayOptions) =>
      plan(async io => {
        await withGateway(options, io, (client, signal) => client.request('trust.release', { agent, address }, { signal }))
        return tellAnswer(io, options, { agent, address }, `${address} is let in again as ${agent}`)
      }, options.json),
    )
}

function tell({ agent }: { agent: AgentSnapshot }, { json }: GatewayOptions, io: CliIo): 'done' {
  const { id, thumbprint, nextThumbprint } = agent
  const text =
    nextThumbprint === undefined ? `${id} has the certificate ${thumbprint}` : `${id} has ${thumbprint} and may come with ${nextThumbprint}`
  return tellAnswer(io, { json }, agent, text)
}
