import { Command, InvalidArgumentError } from 'commander'
import { type DoctorStep, examineAgent } from '../doctor/doctor.ts'
import { type Certificate, certificateFromPem } from '../runtime/certificates.ts'
import { HalibutRuntime } from '../runtime/runtime.ts'
import type { Settings } from '../settings/schema.ts'
import { loadIdentityFile } from '../settings/world.ts'
import { normaliseThumbprint } from '../socket/thumbprint.ts'
import { peekIdentity } from '../store/peek-identity.ts'
import { acceptedSettings } from './accepted-settings.ts'
import { callArgument } from './call-arguments.ts'
import { printable } from './columns.ts'
import { CliError } from './failure.ts'
import type { CliIo } from './io.ts'
import type { Plan } from './plan.ts'

interface DoctorVerbOptions {
  readonly thumbprint?: string
  readonly call?: string
  readonly arg: readonly string[]
  readonly timeoutMs: number
  readonly json?: boolean
}

/** `doctor`: walks to one agent, and names what to do about the first step that fails. */
export function doctorVerb(plan: Plan): Command {
  return new Command('doctor')
    .description(
      'walks to a listening agent (DNS, TCP, TLS, certificate, trust, identify, a call), and names one fix for the first step that fails',
    )
    .usage('<address> --thumbprint <thumbprint> [settings] [options]')
    .argument('<address>', 'https://host:port/')
    .option('--thumbprint <thumbprint>', 'the certificate that the agent has, SHA-1')
    .option('--call <service.method>', 'what to call; default: a service that no agent has, so that nothing runs')
    .option(
      '--arg <argument>',
      'an argument of that call; once for each',
      (text: string, before: readonly string[]) => [...before, text],
      [],
    )
    .option('--timeout-ms <ms>', 'how long each step may take', stepTime, 5_000)
    .option('--json', 'the steps as one line of JSON')
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText(
      'after',
      `
It goes from this machine, with the gateway’s certificate: that of --identity, else of --state-folder; other settings of serve are taken too.
Its exit code is 10 where a step has failed.

Examples:
  $ halibut-gateway doctor https://10.0.0.5:10933/ --thumbprint 00112233445566778899AABBCCDDEEFF00112233
  $ halibut-gateway doctor https://10.0.0.5:10933/ --thumbprint … --state-folder /var/lib/halibut-gateway --json
  $ halibut-gateway doctor https://10.0.0.5:10933/ --thumbprint … --call ICalculatorService.Add --arg 1 --arg 2`,
    )
    .action((uri: string, options: DoctorVerbOptions, { args }: Command) =>
      plan(io => examine(uri, options, args.slice(1), io), options.json),
    )
}

async function examine(uri: string, options: DoctorVerbOptions, flags: readonly string[], io: CliIo): Promise<'done' | 'fault'> {
  const settings = acceptedSettings(flags, io)
  const thumbprint = options.thumbprint === undefined ? undefined : normaliseThumbprint(options.thumbprint, '--thumbprint')
  const certificate = await identityOf(settings)
  const runtime = certificate && new HalibutRuntime({ certificate })
  try {
    const report = await examineAgent({
      uri,
      thumbprint,
      runtime,
      certificate,
      call: await callOf(options),
      timeoutMs: options.timeoutMs,
      signal: io.signal,
      onStep: step => void (options.json || io.out(stepText(step))),
    })
    if (options.json) io.out(`${JSON.stringify(report)}\n`)
    else if (report.isHealthy) io.out('nothing is wrong\n')
    return report.isHealthy ? 'done' : 'fault'
  } finally {
    await runtime?.close({ drainMs: 0 })
  }
}

function stepText({ step, outcome, found, fix, durationMs }: DoctorStep): string {
  const mark = { passed: 'ok', failed: 'FAILED', skipped: '-' }[outcome]
  const line = `${mark.padEnd(6)}  ${step.padEnd(11)}  ${printable(found)}${outcome === 'passed' ? ` (${durationMs} ms)` : ''}\n`
  return fix === undefined ? line : `${line}${' '.repeat(8)}${'do'.padEnd(11)}  ${printable(fix)}\n`
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
  return { service, method, args: await Promise.all(arg.map(callArgument)) }
}

function stepTime(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It is a whole number of milliseconds above 0.')
  return Number(text)
}
