import type { AgentSnapshot } from '@halibut-gateway/client'
import { Command } from 'commander'
import { columns, printable } from './columns.ts'
import { type GatewayOptions, withGateway, withGatewayOptions } from './gateway-client.ts'
import type { Plan } from './plan.ts'

/** `agents list`, `agents get`: who is there. */
export function agentsVerb(plan: Plan): Command {
  return new Command('agents')
    .description('the agents of a gateway that runs')
    .helpCommand(false)
    .addCommand(listVerb(plan))
    .addCommand(getVerb(plan))
}

function listVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('list'))
    .description('every agent, its state, since when and why')
    .addHelpText(
      'after',
      `
Examples:
  $ halibut-gateway agents list
  $ halibut-gateway agents list --json | jq -r '.[] | select(.state != "connected") | .id'`,
    )
    .action((options: GatewayOptions) =>
      plan(async io => {
        const agents = await withGateway(options, io, (client, signal) => client.agents({ signal }))
        const header = ['ID', 'STATE', 'SINCE', 'MODE', 'ADDRESS', 'REASON']
        const rows = agents.map(({ id, state, since, mode, uri, reason }) => [id, state, since, mode, uri, reason])
        io.out(options.json ? `${JSON.stringify(agents)}\n` : `${columns(header, rows)}\n`)
        return 'done'
      }, options.json),
    )
}

function getVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('get'))
    .description('all that the gateway knows of one agent')
    .argument('<agent>', 'its id')
    .addHelpText('after', '\nExample:\n  $ halibut-gateway agents get web-1')
    .action((id: string, options: GatewayOptions) =>
      plan(async io => {
        const { agent } = await withGateway(options, io, (client, signal) => client.request('agents.get', { agent: id }, { signal }))
        io.out(options.json ? `${JSON.stringify(agent)}\n` : `${factsOf(agent)}\n`)
        return 'done'
      }, options.json),
    )
}

function factsOf(agent: AgentSnapshot): string {
  return Object.entries(agent)
    .map(([name, value]) => `${`${name}:`.padEnd(13)} ${printable(Array.isArray(value) ? value.join(', ') : String(value))}`)
    .join('\n')
}
