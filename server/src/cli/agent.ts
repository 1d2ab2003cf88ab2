import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Contract } from '@halibut-gateway/schemas/contract'
import { Command, InvalidArgumentError, Option } from 'commander'
import { makeFolder } from '../base/make-folder.ts'
import { normaliseThumbprint } from '../socket/thumbprint.ts'
import { commandLine } from './commands.ts'
import { demoFile } from './demo-file.ts'
import { CliError } from './failure.ts'
import type { CliIo } from './io.ts'
import { several, wholeNumber } from './option-values.ts'
import type { Plan } from './plan.ts'
import type { SampleAgentModule } from './sample-agent.ts'

interface AgentVerbOptions {
  readonly trust: readonly string[]
  readonly name: string
  readonly listen?: { readonly host: string; readonly port: number }
  readonly poll?: string
  readonly subscription?: string
  readonly connections: number
  readonly stateFolder?: string
  readonly json?: boolean
}

/** The present one, and the one that takes its place. */
const maxPins = 2

/** `agent`: hosts the sample services, until a signal ends it. */
export function agentVerb(plan: Plan): Command {
  return new Command('agent')
    .description('hosts the sample services as an agent: to try a gateway with, or to look at')
    .addOption(
      new Option('--trust <thumbprint>', 'the gateway’s thumbprint, which serve prints; once for each of several')
        .argParser((text: string, before: readonly string[] = []) => several(text, before))
        .makeOptionMandatory(),
    )
    .option('--listen <host:port>', 'listens there (0: any free port); the gateway dials', listenPlace)
    .option('--poll <address>', 'polls the gateway there, for example https://gateway:10943/')
    .option('--subscription <address>', 'as whom it polls; default poll://<name>/')
    .option('--connections <n>', 'how many calls of a polling agent may run at once', wholeNumber(999), 2)
    .option('--name <name>', 'what it calls itself, and the id that it proposes', 'sample')
    .option('--state-folder <folder>', 'its certificate and its files; default .halibut-agent/<name>')
    .option('--json', 'what the gateway needs to know as one line of JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ halibut-gateway agent --trust 00112233445566778899AABBCCDDEEFF00112233 --listen 127.0.0.1:10933
  $ halibut-gateway agent --trust 00112233445566778899AABBCCDDEEFF00112233 --poll https://127.0.0.1:10943/
It prints the commands that tell the gateway of it and of its contracts, or what belongs into the settings file in their place.
While a certificate of the gateway takes the place of another one, it may trust both; an agent that polls pins no more than two.`,
    )
    .action((options: AgentVerbOptions) => plan(io => hostSamples(options, io), options.json))
}

async function hostSamples(options: AgentVerbOptions, io: CliIo): Promise<'done'> {
  const { name, poll, listen, connections, stateFolder = join('.halibut-agent', name), subscription = `poll://${name}/` } = options
  if ((poll === undefined) === (listen === undefined)) {
    throw new CliError('usage', 'an agent listens or polls', 'say either --listen 127.0.0.1:10933 or --poll https://gateway:10943/')
  }
  const trust = [...new Set(options.trust.map(text => normaliseThumbprint(text, '--trust')))]
  if (poll !== undefined && trust.length > maxPins)
    throw new CliError(
      'usage',
      `an agent that polls pins ${maxPins} certificates at most, not ${trust.length}`,
      'leave out those that are retired',
    )
  const reach =
    poll === undefined
      ? ({ mode: 'listening', host: '127.0.0.1', port: 0, ...listen } as const)
      : ({ mode: 'polling', gatewayUri: poll, subscription, connections } as const)
  const module = (await import(pathToFileURL(demoFile('sample-agent')).href)) as SampleAgentModule
  const ended = new Promise<void>(resolve => io.takeSignals(() => resolve()))
  const agent = await module.startSampleAgent({ name, stateFolder, trust, reach })
  try {
    agent.begin()
    const services = agent.contracts.map(({ service }) => service)
    const contracts = await writeContracts(agent.contracts, join(stateFolder, 'contracts'))
    const entry = { id: name, uri: agent.uri, thumbprint: agent.thumbprint, services }
    if (options.json) io.out(`${JSON.stringify(entry)}\n`)
    else {
      const hosts = services.flatMap(service => ['--service', service])
      const added = commandLine('agents', 'add', name, '--uri', agent.uri, '--thumbprint', agent.thumbprint, ...hosts)
      const known = contracts.map(path => commandLine('contracts', 'add', resolve(path)))
      io.out(`
  The agent ${name} ${poll === undefined ? 'listens' : 'polls'}. These commands tell the gateway of its services and of itself:

${[...known, added].map(line => `  ${line}\n`).join('')}
  In their place, for the list agents of its settings, whose contracts has the files:

  ${JSON.stringify(entry)}

  Ctrl-C ends it.

`)
    }
    await ended
  } finally {
    await agent.close()
  }
  return 'done'
}

/** A file for each, which the gateway takes; gives their paths. */
async function writeContracts(contracts: readonly Contract[], folder: string): Promise<string[]> {
  await makeFolder(folder, 0o777)
  return Promise.all(
    contracts.map(async contract => {
      const path = join(folder, `${contract.service}.json`)
      await writeFile(path, `${JSON.stringify(contract, undefined, 2)}\n`)
      return path
    }),
  )
}

function listenPlace(text: string): { readonly host: string; readonly port: number } {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(text) ?? []
  if (host === undefined || Number(port) > 65_535) throw new InvalidArgumentError('It is a host and a port, such as 127.0.0.1:10933.')
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) }
}
