import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Contract } from '@halibut-gateway/schemas/contract'
import { Command, InvalidArgumentError } from 'commander'
import { normaliseThumbprint } from '../socket/thumbprint.ts'
import { demoFile } from './demo-file.ts'
import { CliError } from './failure.ts'
import type { CliIo } from './io.ts'
import { wholeNumber } from './option-values.ts'
import type { Plan } from './plan.ts'
import type { SampleAgentModule } from './sample-agent.ts'

interface AgentVerbOptions {
  readonly trust: string
  readonly name: string
  readonly listen?: { readonly host: string; readonly port: number }
  readonly poll?: string
  readonly subscription?: string
  readonly connections: number
  readonly stateFolder?: string
  readonly json?: boolean
}

/** `agent`: hosts the sample services, until a signal ends it. */
export function agentVerb(plan: Plan): Command {
  return new Command('agent')
    .description('hosts the sample services as an agent: to try a gateway with, or to look at')
    .requiredOption('--trust <thumbprint>', 'the gateway’s thumbprint, which serve prints')
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
It prints what belongs into the settings file of the gateway, and where it has written its contracts, which contracts add takes.`,
    )
    .action((options: AgentVerbOptions) => plan(io => hostSamples(options, io), options.json))
}

async function hostSamples(options: AgentVerbOptions, io: CliIo): Promise<'done'> {
  const { name, poll, listen, connections, stateFolder = join('.halibut-agent', name), subscription = `poll://${name}/` } = options
  if ((poll === undefined) === (listen === undefined)) {
    throw new CliError('usage', 'an agent listens or polls', 'say either --listen 127.0.0.1:10933 or --poll https://gateway:10943/')
  }
  const gatewayThumbprint = normaliseThumbprint(options.trust, '--trust')
  const reach =
    poll === undefined
      ? ({ mode: 'listening', host: '127.0.0.1', port: 0, ...listen } as const)
      : ({ mode: 'polling', gatewayUri: poll, subscription, connections } as const)
  const module = (await import(pathToFileURL(demoFile('sample-agent')).href)) as SampleAgentModule
  const ended = new Promise<void>(resolve => io.takeSignals(() => resolve()))
  const agent = await module.startSampleAgent({ name, stateFolder, gatewayThumbprint, reach })
  try {
    agent.begin()
    const services = agent.contracts.map(({ service }) => service)
    const contracts = await writeContracts(agent.contracts, join(stateFolder, 'contracts'))
    const entry = { id: name, uri: agent.uri, thumbprint: agent.thumbprint, services }
    if (options.json) io.out(`${JSON.stringify(entry)}\n`)
    else
      io.out(
        `\n  The agent ${name} ${poll === undefined ? 'listens' : 'polls'}. Its entry in the list agents of the gateway’s settings:\n\n  ${JSON.stringify(entry)}\n\n  Its contracts, each for halibut-gateway contracts add:\n\n${contracts.map(path => `  ${path}\n`).join('')}\n  Ctrl-C ends it.\n\n`,
      )
    await ended
  } finally {
    await agent.close()
  }
  return 'done'
}

/** A file for each, which the gateway takes; gives their paths. */
async function writeContracts(contracts: readonly Contract[], folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true })
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
