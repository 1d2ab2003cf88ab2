import { Command, InvalidArgumentError } from 'commander'
import { examineAgent } from '../doctor/doctor.ts'
import { type DoctorStep, mostStepTimeoutMs, stepTimeoutMs } from '../doctor/examination.ts'
import type { FaultName } from '../doctor/faults.ts'
import { type Certificate, certificateFromPem } from '../runtime/certificates.ts'
import type { ProxySettings } from '../runtime/endpoint.ts'
import { HalibutRuntime } from '../runtime/runtime.ts'
import type { Settings } from '../settings/schema.ts'
import { loadIdentityFile } from '../settings/world.ts'
import { Destinations } from '../socket/destinations.ts'
import { normaliseThumbprint } from '../socket/thumbprint.ts'
import { peekIdentity } from '../store/peek-identity.ts'
import { acceptedSettings } from './accepted-settings.ts'
import { callArgument } from './call-arguments.ts'
import { printable } from './columns.ts'
import { commandLine } from './commands.ts'
import { exitCodes } from './exit-codes.ts'
import { CliError } from './failure.ts'
import { type GatewayOptions, readSecret, withGateway, withGatewayOptions } from './gateway-client.ts'
import type { CliIo } from './io.ts'
import { several, wholeNumber } from './option-values.ts'
import type { Plan } from './plan.ts'
import { tellNext } from './tell-answer.ts'

interface DoctorVerbOptions extends GatewayOptions {
  readonly thumbprint?: string
  readonly proxy?: ProxySettings
  readonly proxyPasswordFile?: string
  readonly call?: string
  readonly arg: readonly string[]
  readonly timeoutMs: number
}

/** The verb that does what mends a fault of an agent that a gateway knows, or that tells more of it. */
const verbsFor: { readonly [F in FaultName]?: (agent: string) => readonly string[] } = {
  certificate_changed: agent => ['agents', 'get', agent],
  disabled: agent => ['agents', 'enable', agent],
  knock_refused: () => ['trust', 'pending'],
  never_came: () => ['trust', 'pending'],
  not_pinned: agent => ['agents', 'get', agent],
  not_trusted: () => ['version'],
  revoked: () => ['trust', 'list'],
}

/** `doctor`: walks to one agent, or asks a gateway about one of its own, and names what to do about the first step that fails. */
export function doctorVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('doctor'))
    .description(
      'walks to a listening agent (DNS, TCP, TLS, certificate, trust, identify, a call), and names one fix for the first step that fails',
    )
    .usage('<address> --thumbprint <thumbprint> [settings] [options]\n       halibut-gateway doctor <agent> [options]')
    .argument('<what>', 'https://host:port/, to go there from here; or the id of an agent, about which the gateway that runs is asked')
    .option('--thumbprint <thumbprint>', 'the certificate that the agent has, SHA-1')
    .option('--proxy <host:port>', 'the HTTP proxy on the way, with its user before an @ where it wants one', proxyPlace)
    .option('--proxy-password-file <path>', 'a file with the password of that user')
    .option('--call <service.method>', 'what to call; default: a service that no agent has, so that nothing runs')
    .option('--arg <argument>', 'an argument of that call; once for each', several, [])
    .option('--timeout-ms <ms>', 'how long each step may take', wholeNumber(mostStepTimeoutMs, ' of milliseconds'), stepTimeoutMs)
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText(
      'after',
      `
To an address it goes from this machine, with the gateway’s certificate: that of --identity, else of --state-folder; other settings of serve are
taken too. About an agent by its id it asks the gateway, which goes to one that listens, and tells what it knows of one that polls: whether it is
enabled and trusted, who is refused in its name, when it was there last. That takes the role admin.
Its exit code is ${exitCodes.fault.code} where a step has failed.

Examples:
  $ halibut-gateway doctor https://10.0.0.5:10933/ --thumbprint 00112233445566778899AABBCCDDEEFF00112233
  $ halibut-gateway doctor https://10.0.0.5:10933/ --thumbprint … --state-folder /var/lib/halibut-gateway --json
  $ halibut-gateway doctor https://10.0.0.5:10933/ --thumbprint … --call ICalculatorService.Add --arg 1 --arg 2
  $ halibut-gateway doctor https://10.0.0.5:10933/ --thumbprint … --proxy gateway@proxy.example:3128 --proxy-password-file proxy-password
  $ halibut-gateway doctor web-2 --token-file /etc/halibut-gateway/token`,
    )
    .action((what: string, options: DoctorVerbOptions, { args }: Command) =>
      plan(io => (what.includes('://') ? examine(what, options, args.slice(1), io) : ask(what, options, args.slice(1), io)), options.json),
    )
}

/** What the gateway says of an agent of its own. */
async function ask(agent: string, options: DoctorVerbOptions, flags: readonly string[], io: CliIo): Promise<'done' | 'fault'> {
  const { thumbprint, proxy, call, timeoutMs } = options
  const [unfit] = [thumbprint && '--thumbprint', proxy && '--proxy', call && '--call', flags[0]].filter(text => text !== undefined)
  if (unfit !== undefined) {
    throw new CliError(
      'usage',
      `${unfit} is for an address, and ${agent} is the id of an agent, which its gateway knows`,
      'leave it out, or give the address of the agent: https://host:port/',
    )
  }
  const { report } = await withGateway(options, io, (client, signal) => client.request('agents.doctor', { agent, timeoutMs }, { signal }))
  tellReport(report, options, io, report.steps.map(stepText).join(''))
  const [fault = ''] = report.steps.flatMap(step => step.fault ?? [])
  const words = Object.hasOwn(verbsFor, fault) ? verbsFor[fault as FaultName]?.(agent) : undefined
  tellNext(io, options, words ? [['what does that, or tells more', commandLine(...words)]] : [])
  return report.isHealthy ? 'done' : 'fault'
}

async function examine(uri: string, options: DoctorVerbOptions, flags: readonly string[], io: CliIo): Promise<'done' | 'fault'> {
  const settings = acceptedSettings(flags, io)
  const thumbprint = options.thumbprint === undefined ? undefined : normaliseThumbprint(options.thumbprint, '--thumbprint')
  const certificate = await identityOf(settings)
  const destinations = new Destinations(settings.destinations)
  const runtime = certificate && new HalibutRuntime({ certificate, destinations })
  try {
    const report = await examineAgent({
      uri,
      thumbprint,
      proxy: proxyOf(options),
      caller: runtime,
      certificate,
      destinations,
      call: await callOf(options),
      timeoutMs: options.timeoutMs,
      signal: io.signal,
      onStep: step => void (options.json || io.out(stepText(step))),
    })
    return tellReport(report, options, io, '')
  } finally {
    await runtime?.close({ drainMs: 0 })
  }
}

/** `untold`: the steps as text, where nobody has told them yet. */
function tellReport(report: { readonly isHealthy: boolean }, { json }: DoctorVerbOptions, io: CliIo, untold: string): 'done' | 'fault' {
  const { isHealthy } = report
  io.out(json ? `${JSON.stringify(report)}\n` : `${untold}${isHealthy ? 'nothing is wrong\n' : ''}`)
  return isHealthy ? 'done' : 'fault'
}

/** `user@host:port`. The password is no argument, which everybody on this machine could see. */
function proxyPlace(text: string): ProxySettings {
  const [, user, host, port] = /^(?:([^@:/]+)@)?([^@/]+):(\d{1,5})$/.exec(text) ?? []
  if (host === undefined)
    throw new InvalidArgumentError('It is a host and a port, such as proxy.example:3128, with user@ before it or without.')
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port), user }
}

function proxyOf({ proxy, proxyPasswordFile }: DoctorVerbOptions): ProxySettings | undefined {
  if (proxyPasswordFile === undefined) return proxy
  if (proxy?.user === undefined) throw new CliError('usage', '--proxy-password-file has no user', 'say whose it is: --proxy user@host:port')
  return { ...proxy, password: readSecret(proxyPasswordFile, 'the password’s file') }
}

function stepText({ step, outcome, found, fix, durationMs }: Omit<DoctorStep, 'fault'>): string {
  const mark = { passed: 'ok', failed: 'FAILED', skipped: '-' }[outcome]
  const line = `${mark.padEnd(6)}  ${step.padEnd(12)}  ${printable(found)}${outcome === 'passed' ? ` (${durationMs} ms)` : ''}\n`
  return fix === undefined ? line : `${line}${' '.repeat(8)}${'do'.padEnd(12)}  ${printable(fix)}\n`
}

/** That of the settings, where it can be had: a gateway that was never started has none yet. */
async function identityOf(settings: Settings): Promise<Certificate | undefined> {
  if (settings.identity !== '') return loadIdentityFile(settings)
  const pem = await peekIdentity(settings.stateFolder)
  return pem === undefined ? undefined : certificateFromPem({ certificatePem: pem, where: `the state in ${settings.stateFolder}` })
}

async function callOf({ call, arg }: DoctorVerbOptions) {
  if (call === undefined) {
    if (arg.length > 0) throw new CliError('usage', '--arg has no --call', 'say what to call: --call Service.Method')
    return undefined
  }
  const [, service, method] = /^(.+)\.([^.]+)$/.exec(call) ?? []
  if (service === undefined || method === undefined) throw new CliError('usage', '--call names no method', 'write it as Service.Method')
  return { service, method, args: await Promise.all(arg.map(text => callArgument(text))) }
}
