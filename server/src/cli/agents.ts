import type { AgentSnapshot, GatewayClient } from '@halibut-gateway/client'
import { Command, Option } from 'commander'
import { columns, printable } from './columns.ts'
import { type GatewayOptions, withGateway, withGatewayOptions } from './gateway-client.ts'
import { several } from './option-values.ts'
import type { Plan } from './plan.ts'
import { tellAnswer } from './tell-answer.ts'

/** `agents`: who is there, and changes of that. */
export function agentsVerb(plan: Plan): Command {
  return new Command('agents')
    .description('the agents of a gateway that runs: shown, added, changed, removed')
    .helpCommand(false)
    .addCommand(listVerb(plan))
    .addCommand(getVerb(plan))
    .addCommand(addVerb(plan))
    .addCommand(updateVerb(plan))
    .addCommand(tagsVerb(plan))
    .addCommand(enableVerb(plan))
    .addCommand(disableVerb(plan))
    .addCommand(removeVerb(plan))
}

function listVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('list'))
    .description('every agent, its state, since when and why, and whether it stands in the settings or was added')
    .option('--tag <tag>', 'those with this tag')
    .option('--state <state>', 'those in this state: connected, suspect, offline, untrusted or disabled')
    .addHelpText(
      'after',
      `
Examples:
  $ halibut-gateway agents list
  $ halibut-gateway agents list --tag production --state offline
  $ halibut-gateway agents list --json | jq -r '.[] | select(.state != "connected") | .id'`,
    )
    .action(({ tag, state, ...options }: GatewayOptions & { readonly tag?: string; readonly state?: AgentSnapshot['state'] }) =>
      plan(async io => {
        const wanted = { ...(tag !== undefined && { tag }), ...(state !== undefined && { state }) }
        const { agents } = await withGateway(options, io, (client, signal) => client.request('agents.list', wanted, { signal }))
        return tellAnswer(io, options, agents, agentTable(agents))
      }, options.json),
    )
}

/** Agents as a table for people. */
export function agentTable(agents: readonly AgentSnapshot[]): string {
  const header = ['ID', 'STATE', 'SINCE', 'MODE', 'FROM', 'ADDRESS', 'REASON']
  return columns(
    header,
    agents.map(({ id, state, since, mode, readOnly, uri, reason, advice }) => [
      id,
      state,
      since,
      mode,
      originOf(readOnly),
      uri,
      advice === undefined ? reason : `${reason}; ${advice}`,
    ]),
  )
}

function originOf(readOnly: boolean): string {
  return readOnly ? 'settings' : 'added'
}

function getVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('get'))
    .description('all that the gateway knows of one agent')
    .argument('<agent>', 'its id')
    .addHelpText('after', '\nExample:\n  $ halibut-gateway agents get web-1')
    .action((id: string, options: GatewayOptions) =>
      plan(async io => {
        const { agent } = await withGateway(options, io, (client, signal) => client.request('agents.get', { agent: id }, { signal }))
        return tellAnswer(io, options, agent, factsOf(agent))
      }, options.json),
    )
}

interface ChangeOptions extends GatewayOptions {
  readonly uri?: string
  readonly thumbprint?: string
  readonly name?: string
  readonly service: readonly string[]
  readonly tag: readonly string[]
}

function addVerb(plan: Plan): Command {
  return described(withGatewayOptions(new Command('add')), true)
    .description('serves an agent from now on')
    .argument('<agent>', 'its id')
    .addHelpText(
      'after',
      `
Examples:
  $ halibut-gateway agents add web-3 --uri https://10.0.0.7:10933/ --thumbprint AABBCCDDEEFF00112233445566778899AABBCCDD
  $ halibut-gateway agents add web-4 --uri poll://web-4/ --thumbprint AABBCCDDEEFF00112233445566778899AABBCCDD --tag production`,
    )
    .action((id: string, { uri = '', thumbprint = '', name, service, tag, ...options }: ChangeOptions) =>
      told(plan, options, (client, signal) => {
        const params = { agent: id, uri, thumbprint, ...(name !== undefined && { name }), ...listsOf(service, tag) }
        return client.request('agents.add', params, { signal })
      }),
    )
}

function updateVerb(plan: Plan): Command {
  return described(withGatewayOptions(new Command('update')), false)
    .description('changes what is said about an agent that was added; what is not named stays')
    .argument('<agent>', 'its id')
    .addHelpText(
      'after',
      `
Examples:
  $ halibut-gateway agents update web-3 --uri https://10.0.0.8:10933/
  $ halibut-gateway agents update web-3 --name 'The web server' --service IToolService --service IEchoService`,
    )
    .action((id: string, { uri, thumbprint, name, service, tag, ...options }: ChangeOptions) =>
      told(plan, options, async (client, signal) => {
        const { version } = (await client.request('agents.get', { agent: id }, { signal })).agent
        const given = Object.entries({ uri, thumbprint, name }).filter(([, value]) => value !== undefined)
        const changes = { ...Object.fromEntries(given), ...listsOf(service, tag) }
        return client.request('agents.update', { agent: id, version, ...changes }, { signal })
      }),
    )
}

function tagsVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('tags'))
    .description('the tags of an agent, by which lists and rules tell agents apart')
    .argument('<agent>', 'its id')
    .option('--add <tag>', 'one more; once for each', several, [])
    .option('--remove <tag>', 'one less; once for each', several, [])
    .addHelpText(
      'after',
      `
Examples:
  $ halibut-gateway agents tags web-3
  $ halibut-gateway agents tags web-3 --add production --add role=web --remove staging`,
    )
    .action((id: string, { add, remove, ...options }: GatewayOptions & { readonly add: string[]; readonly remove: string[] }) =>
      plan(async io => {
        const tags = await withGateway(options, io, async (client, signal) => {
          const { agent } = await client.request('agents.get', { agent: id }, { signal })
          if (add.length + remove.length === 0) return agent.tags
          const { version } = agent
          const changed = [...new Set([...agent.tags, ...add])].filter(tag => !remove.includes(tag))
          return (await client.request('agents.update', { agent: id, version, tags: changed }, { signal })).agent.tags
        })
        io.out(options.json ? `${JSON.stringify(tags)}\n` : tags.map(tag => `${tag}\n`).join(''))
        return 'done'
      }, options.json),
    )
}

function enableVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('enable'))
    .description('lets an agent that is disabled take calls again')
    .argument('<agent>', 'its id')
    .addHelpText('after', '\nExample:\n  $ halibut-gateway agents enable web-3')
    .action((id: string, options: GatewayOptions) =>
      told(plan, options, (client, signal) => client.request('agents.enable', { agent: id }, { signal })),
    )
}

function disableVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('disable'))
    .description('lets an agent take no calls, and ends its connections')
    .argument('<agent>', 'its id')
    .option('--reason <text>', 'why; stands in its state')
    .addHelpText('after', "\nExample:\n  $ halibut-gateway agents disable web-3 --reason 'it is being moved'")
    .action((id: string, { reason, ...options }: GatewayOptions & { readonly reason?: string }) =>
      told(plan, options, (client, signal) =>
        client.request('agents.disable', { agent: id, ...(reason !== undefined && { reason }) }, { signal }),
      ),
    )
}

function removeVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('remove'))
    .description('forgets an agent that was added, and ends its connections')
    .argument('<agent>', 'its id')
    .addHelpText('after', '\nExample:\n  $ halibut-gateway agents remove web-3')
    .action((id: string, options: GatewayOptions) =>
      plan(async io => {
        await withGateway(options, io, (client, signal) => client.request('agents.remove', { agent: id, version: '*' }, { signal }))
        return tellAnswer(io, options, {}, `${id} is removed`)
      }, options.json),
    )
}

/** What may be said about an agent, and of a new one must. */
function described(command: Command, isNew: boolean): Command {
  return command
    .addOption(new Option('--uri <address>', 'https://host:port/ where it listens, poll://name/ where it polls').makeOptionMandatory(isNew))
    .addOption(new Option('--thumbprint <sha1>', 'of its certificate, in any spelling').makeOptionMandatory(isNew))
    .option('--name <text>', 'for people; default: its id')
    .option('--service <name>', 'a service that it hosts; once for each', several, [])
    .option('--tag <tag>', 'what it is told apart by in lists and rules; once for each', several, [])
}

function listsOf(service: readonly string[], tag: readonly string[]): { readonly services?: string[]; readonly tags?: string[] } {
  return { ...(service.length > 0 && { services: [...service] }), ...(tag.length > 0 && { tags: [...tag] }) }
}

/** Does something to an agent and tells what it is then. */
function told(
  plan: Plan,
  options: GatewayOptions,
  change: (client: GatewayClient, signal: AbortSignal) => Promise<{ readonly agent: AgentSnapshot }>,
): void {
  plan(async io => {
    const { agent } = await withGateway(options, io, change)
    return tellAnswer(io, options, agent, factsOf(agent))
  }, options.json)
}

function factsOf(agent: AgentSnapshot): string {
  return Object.entries(agent)
    .map(([name, value]) => `${`${name}:`.padEnd(13)} ${printable(Array.isArray(value) ? value.join(', ') : String(value))}`)
    .join('\n')
}
