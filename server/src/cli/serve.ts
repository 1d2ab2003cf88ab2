import { resolve } from 'node:path'
import { Command } from 'commander'
import type { Settings } from '../settings/schema.ts'
import { settingsHelp } from '../settings/show.ts'
import { createProcessLog } from '../telemetry/log.ts'
import { acceptedSettings } from './accepted-settings.ts'
import { attachHelp } from './attach.ts'
import { commandLine, folderFlag } from './commands.ts'
import { type ExitName, exitOfSignal } from './exit-codes.ts'
import type { CliIo } from './io.ts'
import type { Plan } from './plan.ts'
import type { RunningGateway } from './start.ts'
import { version } from './version-text.ts'

/** One Ctrl-C may come twice, from the terminal and, where the shell has made way for this process, from npm. What comes later does not wait. */
const sameSignalMs = 500

/** `serve`: a gateway, until a signal ends it. */
export function serveVerb(plan: Plan): Command {
  return verb(plan, 'serve', 'runs a gateway; an empty state folder gets an identity of its own', {}).addHelpText(
    'after',
    `
Examples:
  $ halibut-gateway serve
  $ halibut-gateway serve --config /etc/halibut-gateway/settings.json
  $ halibut-gateway serve --agent-host 0.0.0.0 --log-level debug`,
  )
}

/** `demo`: the same with two demo agents, and beside whatever has the usual port for agents. */
export function demoVerb(plan: Plan): Command {
  return verb(plan, 'demo', 'serve with two demo agents (demo is true, and agentPort any free one)', {
    demo: true,
    agentPort: 0,
    nextAgentPort: 0,
  }).addHelpText('after', '\nExamples:\n  $ halibut-gateway demo\n  $ halibut-gateway demo --port 0 --state-folder /tmp/gateway')
}

function verb(plan: Plan, name: string, description: string, defaults: Partial<Settings>): Command {
  return new Command(name)
    .description(description)
    .usage('[settings] [--json]')
    .option('--json', 'what agents and browsers need to know as one line of JSON')
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText('after', `\nSettings:\n${settingsHelp()}\n\nhalibut-gateway help settings tells where else they may stand.`)
    .action(({ json = false }: { json?: boolean }, { args }: Command) => plan(io => serve(args, defaults, io, json), json))
}

async function serve(flags: readonly string[], defaults: Partial<Settings>, io: CliIo, json: boolean): Promise<ExitName> {
  const settings = acceptedSettings(flags, io, defaults)
  const log = createProcessLog(settings.logLevel)
  const stopped = firstSignal(io)
  // All other verbs answer at once, since they do without the gateway’s packages.
  const { startGateway } = await import('./start.ts')
  const gateway = await startGateway(settings, log)
  if (stopped.signal === undefined) {
    tellStart(gateway, settings.stateFolder, io, json)
    if (!json && !gateway.hasAgents) io.out(attachHelp(gateway))
  }
  const signal = await stopped.promise
  log('info', `stopping; what runs has ${settings.drainMs / 1_000} s, unless a second signal ends it`, { signal })
  await gateway.close()
  return 'done'
}

/** The first signal; a second one that is no echo of it ends the process. */
function firstSignal(io: CliIo): { readonly signal: NodeJS.Signals | undefined; readonly promise: Promise<NodeJS.Signals> } {
  let first: { readonly signal: NodeJS.Signals; readonly atMs: number } | undefined
  const promise = new Promise<NodeJS.Signals>(resolve => {
    io.takeSignals(signal => {
      const atMs = performance.now()
      if (first && atMs - first.atMs > sameSignalMs) io.exit(exitOfSignal(signal))
      first ??= { signal, atMs }
      resolve(signal)
    })
  })
  return {
    promise,
    get signal() {
      return first?.signal
    },
  }
}

/** What browsers and agents need to know, told when it can be used. */
function tellStart(
  { address, opensWith, agentAddress, thumbprint, next }: RunningGateway,
  stateFolder: string,
  io: CliIo,
  json: boolean,
): void {
  if (json) {
    io.out(`${JSON.stringify({ version, address, agentAddress, thumbprint, next })}\n`)
    return
  }
  io.out(`
  Halibut Gateway ${version}

  page            ${address}
  polling agents  ${agentAddress}
  thumbprint      ${thumbprint}
${next ? `  the next one    ${next.thumbprint}\n  and its port    ${next.agentAddress}\n` : ''}
  ${openings[opensWith]}${opensWith === 'own-token' ? `\n  ${commandLine('token', 'create', '--name', 'me', '--role', 'admin', ...folderFlag(resolve(stateFolder)))}` : ''}
  Agents have to trust the thumbprint; those that poll connect at their address. Ctrl-C ends everything.

`)
}

const openings: Readonly<Record<RunningGateway['opensWith'], string>> = {
  'first-token': `Open the page’s address in a browser: it has a token for an admin, which is told this once. Keep it.
  halibut-gateway token create makes others.`,
  'demo-token': 'Open the page’s address in a browser: it has the token that lets you in.',
  'own-token': 'Open the page with your token, behind #token= in its address. Where nobody has one:',
}
