import { readFileSync } from 'node:fs'
import type { GatewayClient } from '@halibut-gateway/client'
import type { Contract } from '@halibut-gateway/schemas/contract'
import { Command } from 'commander'
import { checkAdded } from '../fleet/contract-directory.ts'
import { readContractFile } from '../settings/contract-file.ts'
import { withoutMark } from '../settings/layer.ts'
import { columns, printable } from './columns.ts'
import { type GatewayOptions, withGateway, withGatewayOptions } from './gateway-client.ts'
import type { Plan } from './plan.ts'
import { tellAnswer } from './tell-answer.ts'

interface ContractOptions extends GatewayOptions {
  readonly agent?: string
}

const ofAgent = ['--agent <id>', 'the one agent that it is for; default: all'] as const

/** `contracts`: which services can be called by their contract, and new ones. */
export function contractsVerb(plan: Plan): Command {
  return new Command('contracts')
    .description('the contracts that a gateway knows: shown, added, removed; and a file checked')
    .helpCommand(false)
    .addCommand(listVerb(plan))
    .addCommand(getVerb(plan))
    .addCommand(addVerb(plan))
    .addCommand(removeVerb(plan))
    .addCommand(checkVerb(plan))
}

function listVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('list'))
    .description('the services, the methods of each, and where the contract is from')
    .option('--agent <id>', 'those that calls of this agent use')
    .addHelpText(
      'after',
      `
Examples:
  $ halibut-gateway contracts list
  $ halibut-gateway contracts list --agent web-1 --json | jq -r '.[] | select(.readOnly | not) | .service'`,
    )
    .action(({ agent, ...options }: ContractOptions) =>
      plan(async io => {
        const { contracts } = await withGateway(options, io, (client, signal) =>
          client.request('contracts.list', forAgent(agent), { signal }),
        )
        const rows = contracts.flatMap(({ service, agent: only = 'all', readOnly, methods }) =>
          methods.map(method => [service, only, readOnly ? 'settings' : 'added', method]),
        )
        return tellAnswer(io, options, contracts, columns(['SERVICE', 'AGENT', 'FROM', 'METHOD'], rows))
      }, options.json),
    )
}

function getVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('get'))
    .description('the contract of a service, as its JSON document')
    .argument('<service>', 'its name')
    .option('--agent <id>', 'the agent that is called; default: any')
    .addHelpText('after', '\nExample:\n  $ halibut-gateway contracts get IToolService > tools.json')
    .action((service: string, { agent, ...options }: ContractOptions) =>
      plan(async io => {
        const { contract } = await withGateway(options, io, (client, signal) =>
          client.request('contracts.get', { service, ...forAgent(agent) }, { signal }),
        )
        io.out(`${JSON.stringify(contract, undefined, options.json ? 0 : 2)}\n`)
        return 'done'
      }, options.json),
    )
}

function addVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('add'))
    .description('gives a gateway that runs a contract, which it keeps')
    .argument('<file>', 'its JSON document')
    .option(...ofAgent)
    .option('--replace', 'where there is one that was added, this takes its place; calls that run go on with theirs')
    .addHelpText(
      'after',
      `
Examples:
  $ halibut-gateway contracts add tools.json
  $ halibut-gateway contracts add tools.json --replace
  $ halibut-gateway contracts add tools-2.json --agent web-1`,
    )
    .action((path: string, { agent, replace, ...options }: ContractOptions & { readonly replace?: boolean }) =>
      plan(async io => {
        // What is wrong with it is told with its file, before anybody is asked.
        const { contract } = readContractFile(path)
        const document = contract as unknown as Record<string, unknown>
        const answer = await withGateway(options, io, async (client, signal) => {
          const { service } = contract
          const known = replace ? await addedAt(client, service, agent, signal) : undefined
          return known === undefined
            ? client.request('contracts.add', { contract: document, ...forAgent(agent) }, { signal })
            : client.request('contracts.update', { service, contract: document, version: known, ...forAgent(agent) }, { signal })
        })
        if (options.json) io.out(`${JSON.stringify(answer)}\n`)
        else {
          for (const { place, message } of answer.warnings) io.err(`${printable(`${path}: ${place}: ${message}`)}\n`)
          io.out(`${answer.service} is known for ${agent === undefined ? 'all agents' : `the agent ${agent}`}\n`)
        }
        return 'done'
      }, options.json),
    )
}

function removeVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('remove'))
    .description('forgets a contract that was added; calls that run go on with it')
    .argument('<service>', 'its name')
    .option(...ofAgent)
    .addHelpText('after', '\nExample:\n  $ halibut-gateway contracts remove IToolService --agent web-1')
    .action((service: string, { agent, ...options }: ContractOptions) =>
      plan(async io => {
        await withGateway(options, io, (client, signal) =>
          client.request('contracts.remove', { service, version: '*', ...forAgent(agent) }, { signal }),
        )
        return tellAnswer(io, options, {}, `${service} is not known any more`)
      }, options.json),
    )
}

function checkVerb(plan: Plan): Command {
  return new Command('check')
    .description('whether a file holds a contract, and what a .NET peer could not take in it; asks no gateway')
    .argument('<file>', 'its JSON document')
    .option('--json', 'answer and error as JSON')
    .addHelpText('after', '\nExample:\n  $ halibut-gateway contracts check tools.json && halibut-gateway contracts add tools.json')
    .action((path: string, { json = false }: { readonly json?: boolean }) =>
      plan(async io => {
        const { contract, warnings } = readContractFile(path)
        const added = checkAdded(JSON.parse(withoutMark(readFileSync(path, 'utf8'))))
        if (json) {
          const { service, methods } = contract
          io.out(`${JSON.stringify({ service, methods: methods.length, warnings, canBeAdded: added.ok })}\n`)
          return 'done'
        }
        for (const warning of warnings) io.err(`${printable(warning)}\n`)
        if (!added.ok) io.err(`${printable(`only for the settings, not to be added while a gateway runs: ${added.why}`)}\n`)
        io.out(`${described(contract)}\n`)
        return 'done'
      }, json),
    )
}

function forAgent(agent: string | undefined): { readonly agent?: string } {
  return agent === undefined ? {} : { agent }
}

/** The version of the contract that was added for a service in this very place; `undefined` where there is none. */
async function addedAt(
  client: GatewayClient,
  service: string,
  agent: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { contracts } = await client.request('contracts.list', {}, { signal })
  return contracts.find(each => each.service === service && each.agent === agent)?.version
}

function described({ service, methods }: Contract): string {
  return `${service}, ${methods.length} ${methods.length === 1 ? 'method' : 'methods'}: it is a contract`
}
