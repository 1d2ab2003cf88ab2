import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { demoContracts } from '../../server/demo/contracts.ts'
import { runCommand, startCommand } from './command-line.ts'

/** A gateway of `serve` and an agent of `agent` that know each other, each a command of its own, and the environment of who asks them. */
export async function createFleet(mode: 'listening' | 'polling') {
  const folder = await mkdtemp(join(tmpdir(), 'command-line-'))
  const [stateFolder, config, tokenFile] = ['state', 'settings.json', 'token'].map(name => join(folder, name)) as [string, string, string]
  const ports = { port: 0, agentPort: 0, nextAgentPort: 0, stateFolder }
  await writeFile(config, JSON.stringify(ports))
  // The first start makes the identity, which an agent has to trust, and the token.
  const first = startCommand(['serve', '--config', config, '--json', '--log-level', 'error'])
  const { thumbprint = '', agentAddress = '', address: firstAddress = '' } = await first.firstJson
  const [, token = ''] = firstAddress.split('#token=')
  first.signal()
  await first.ended
  const agentFlags = ['agent', '--trust', thumbprint, '--state-folder', join(folder, 'agent'), '--name', 'web-1', '--json']
  const start = (reach: string[]) => startCommand([...agentFlags, ...reach])
  const agent = start(mode === 'listening' ? ['--listen', '127.0.0.1:0'] : ['--poll', agentAddress])
  const entry = await agent.firstJson
  const files = demoContracts.map(({ service }) => join(folder, 'agent/contracts', `${service}.json`))
  const agentPort = Number(new URL(agentAddress).port)
  await writeFile(config, JSON.stringify({ ...ports, agentPort, contracts: files, agents: [entry] }))
  const gateway = startCommand(['serve', '--config', config, '--json', '--log-level', 'error'])
  const { address: url = '' } = await gateway.firstJson
  await writeFile(tokenFile, `${token}\n`)
  const environment = { HALIBUT_GATEWAY_URL: url, HALIBUT_GATEWAY_TOKEN_FILE: tokenFile }
  return {
    folder,
    stateFolder,
    tokenFile,
    environment,
    /** Of the page, with the token. */
    address: `${url}#token=${token}`,
    agentAddress,
    /** One more agent, of whom the gateway knows nothing. */
    startAgent: (name: string, reach: string[]) =>
      startCommand(['agent', '--trust', thumbprint, '--state-folder', join(folder, name), '--name', name, '--json', ...reach]),
    agent,
    entry,
    run: (...args: string[]) => runCommand(args, environment),
    start: (...args: string[]) => startCommand(args, environment),
    /** The same on a terminal that shows bars at once. `hasOut`: what is asked for goes there, too. */
    runOnTerminal: (hasOut: boolean, ...args: string[]) => startCommand(args, environment, { columns: 100, hasOut, patienceMs: 0 }).ended,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]()
      await agent[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}
