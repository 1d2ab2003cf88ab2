import { Command } from 'commander'
import { columns } from './columns.ts'
import { type GatewayOptions, withGateway, withGatewayOptions } from './gateway-client.ts'
import type { Plan } from './plan.ts'

/** `contracts list`, `contracts get`: which services can be called by their contract. */
export function contractsVerb(plan: Plan): Command {
  return new Command('contracts')
    .description('the contracts that a gateway knows')
    .helpCommand(false)
    .addCommand(listVerb(plan))
    .addCommand(getVerb(plan))
}

function listVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('list'))
    .description('the services, and the methods of each')
    .addHelpText('after', '\nExample:\n  $ halibut-gateway contracts list')
    .action((options: GatewayOptions) =>
      plan(async io => {
        const { contracts } = await withGateway(options, io, (client, signal) => client.request('contracts.list', {}, { signal }))
        const rows = contracts.flatMap(({ service, methods }) => methods.map(method => [service, method]))
        io.out(options.json ? `${JSON.stringify(contracts)}\n` : `${columns(['SERVICE', 'METHOD'], rows)}\n`)
        return 'done'
      }, options.json),
    )
}

function getVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('get'))
    .description('the contract of a service, as its JSON document')
    .argument('<service>', 'its name')
    .addHelpText('after', '\nExample:\n  $ halibut-gateway contracts get IToolService > tools.json')
    .action((service: string, options: GatewayOptions) =>
      plan(async io => {
        const contract = await withGateway(options, io, (client, signal) => client.contract(service, { signal }))
        io.out(`${JSON.stringify(contract, undefined, options.json ? 0 : 2)}\n`)
        return 'done'
      }, options.json),
    )
}
