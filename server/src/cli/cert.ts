import { type GatewayClient, GatewayError, type MethodResult } from '@halibut-gateway/client'
import { Command } from 'commander'
import { certificateFromPem, loadCertificateFile, toPem } from '../runtime/certificates.ts'
import { normaliseThumbprint } from '../socket/thumbprint.ts'
import { columns } from './columns.ts'
import { commandLine } from './commands.ts'
import { type GatewayOptions, readSecret, withGateway, withGatewayOptions } from './gateway-client.ts'
import type { CliIo } from './io.ts'
import type { Plan } from './plan.ts'
import { tellAnswer, tellNext } from './tell-answer.ts'

type Own = MethodResult<'certificates.list'>['own']

/** `cert`: the gateway’s own certificates, and how one takes the place of another. */
export function certVerb(plan: Plan): Command {
  return new Command('cert')
    .description('the certificates that agents know the gateway by, and how one takes the place of another')
    .helpCommand(false)
    .addHelpText(
      'after',
      `
One takes the place of another like this, for as long as it takes:
  $ halibut-gateway cert new                  another one is presented too: to listening agents first, to polling ones at a port of its own
  $ halibut-gateway cert agents               which agent accepts which; let each of them trust the new one
  $ halibut-gateway cert promote <new>        the gateway is known by the new one
  $ halibut-gateway cert retire <old>         the old one is presented no more; refused while an agent depends on it`,
    )
    .addCommand(showVerb(plan))
    .addCommand(newVerb(plan))
    .addCommand(importVerb(plan))
    .addCommand(agentsVerb(plan))
    .addCommand(promoteVerb(plan))
    .addCommand(retireVerb(plan))
}

function showVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('show'))
    .description('the gateway’s certificates, where polling agents find each, and how many agents would be lost without it')
    .addHelpText('after', '\nExample:\n  $ halibut-gateway cert show')
    .action((options: GatewayOptions) =>
      plan(
        async io =>
          tell(await withGateway(options, io, (client, signal) => client.request('certificates.list', {}, { signal })), options, io),
        options.json,
      ),
    )
}

function newVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('new'))
    .description('makes a certificate that is presented beside the present one, to take its place')
    .option('--name <name>', 'whom it names (default: Halibut Gateway)')
    .addHelpText('after', '\nExample:\n  $ halibut-gateway cert new')
    .action((options: GatewayOptions & { readonly name?: string }) =>
      plan(async io => {
        const named = options.name === undefined ? {} : { commonName: options.name }
        return tell(
          await changed(options, io, (client, version, signal) => client.request('certificates.create', { version, ...named }, { signal })),
          options,
          io,
        )
      }, options.json),
    )
}

interface ImportOptions extends GatewayOptions {
  readonly key?: string
  readonly passwordFile?: string
}

function importVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('import'))
    .description('the same with a certificate that is there already')
    .argument('<file>', 'PEM or PFX, with its private key')
    .option('--key <file>', 'the PEM file of its private key, where that is another one')
    .option('--password-file <path>', 'a file with the password of the key or the PFX; it is used here and not sent')
    .addHelpText('after', '\nExample:\n  $ halibut-gateway cert import new.pfx --password-file /etc/halibut-gateway/new-password')
    .action((file: string, options: ImportOptions) =>
      plan(async io => {
        const { key, passwordFile } = options
        const password = passwordFile === undefined ? undefined : readSecret(passwordFile, 'the password’s file')
        const pem = toPem(
          await loadCertificateFile(file, { ...(key !== undefined && { keyPath: key }), ...(password !== undefined && { password }) }),
        )
        // Read back, so that what cannot be read is told here.
        certificateFromPem({ certificatePem: pem, where: file })
        return tell(
          await changed(options, io, (client, version, signal) => client.request('certificates.import', { version, pem }, { signal })),
          options,
          io,
        )
      }, options.json),
    )
}

function agentsVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('agents'))
    .description('which agent has been seen to accept which certificate')
    .option('--depends-on <thumbprint>', 'only those that would be lost without this one')
    .addHelpText(
      'after',
      '\nExamples:\n  $ halibut-gateway cert agents\n  $ halibut-gateway cert agents --depends-on 00112233445566778899AABBCCDDEEFF00112233',
    )
    .action((options: GatewayOptions & { readonly dependsOn?: string }) =>
      plan(async io => {
        const filter = options.dependsOn === undefined ? {} : { dependsOn: normaliseThumbprint(options.dependsOn, '--depends-on') }
        const { agents } = await withGateway(options, io, (client, signal) => client.request('certificates.agents', filter, { signal }))
        const rows = agents.map(({ agent, accepted, now }) => [agent, now.join(' ') || 'never seen', accepted[0]?.lastSeen ?? '-'])
        return tellAnswer(io, options, agents, columns(['AGENT', 'ACCEPTS', 'LAST SEEN'], rows))
      }, options.json),
    )
}

function promoteVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('promote'))
    .description('makes the next certificate the one that the gateway is known by')
    .argument('<thumbprint>', 'SHA-1, in any spelling')
    .addHelpText('after', '\nExample:\n  $ halibut-gateway cert promote 00112233445566778899AABBCCDDEEFF00112233')
    .action((text: string, options: GatewayOptions) =>
      plan(async io => {
        const thumbprint = normaliseThumbprint(text, 'the thumbprint')
        return tell(
          await changed(options, io, (client, version, signal) =>
            client.request('certificates.promote', { thumbprint, version }, { signal }),
          ),
          options,
          io,
        )
      }, options.json),
    )
}

function retireVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('retire'))
    .description('presents the previous certificate no more, or gives the next one up; refused while agents depend on it')
    .argument('<thumbprint>', 'SHA-1, in any spelling')
    .option(
      '--expect <agents>',
      'agents that depend on it and are given up, as cert agents --depends-on tells them: ids with commas between',
      (list: string, before: readonly string[]) => [...before, ...list.split(',').filter(id => id !== '')],
      [] as readonly string[],
    )
    .addHelpText(
      'after',
      `
Examples:
  $ halibut-gateway cert retire 00112233445566778899AABBCCDDEEFF00112233
  $ halibut-gateway cert retire 00112233445566778899AABBCCDDEEFF00112233 --expect web-7,web-9`,
    )
    .action((text: string, options: GatewayOptions & { readonly expect: readonly string[] }) =>
      plan(async io => {
        const thumbprint = normaliseThumbprint(text, 'the thumbprint')
        const expect = [...options.expect]
        return tell(
          await changed(options, io, (client, version, signal) =>
            client
              .request('certificates.retire', { thumbprint, version, expect }, { signal })
              .catch((why: unknown) => refusedFor(why, client, thumbprint, expect, signal)),
          ),
          options,
          io,
        )
      }, options.json),
    )
}

/** Why a certificate is not retired: where agents depend on it, with the command that gives them up, each of them named. */
async function refusedFor(
  why: unknown,
  client: GatewayClient,
  thumbprint: string,
  expected: readonly string[],
  signal: AbortSignal,
): Promise<never> {
  if (!(why instanceof GatewayError && why.kind === 'version_conflict')) throw why
  const { agents } = await client.request('certificates.agents', { dependsOn: thumbprint }, { signal })
  const ids = agents.map(({ agent }) => agent)
  if (ids.every(id => expected.includes(id))) throw why
  const giveUp = commandLine('cert', 'retire', thumbprint, '--expect', ids.join(','))
  const advice = `let them trust another one that is presented, which ${commandLine('cert', 'agents')} tells; or give them up: ${giveUp}`
  throw new GatewayError(why.kind, why.message, { ...why, advice, cause: why })
}

/** Changes the certificates as they are now: whoever changes them meanwhile is not overrun. */
function changed(
  options: GatewayOptions,
  io: CliIo,
  change: (client: GatewayClient, version: string, signal: AbortSignal) => Promise<{ own: Own }>,
): Promise<{ own: Own }> {
  return withGateway(options, io, async (client, signal) => {
    const { own } = await client.request('certificates.list', {}, { signal })
    return change(client, own.version, signal)
  })
}

function tell({ own }: { own: Own }, { json }: GatewayOptions, io: CliIo): 'done' {
  const rows = own.certificates.map(({ thumbprint, state, ports, dependents, added, notAfter }) => [
    thumbprint,
    state,
    ports.join(' ') || '-',
    dependents === undefined ? '-' : String(dependents),
    added,
    notAfter,
  ])
  tellAnswer(io, { json }, own, columns(['THUMBPRINT', 'STATE', 'PORTS', 'DEPENDENTS', 'ADDED', 'VALID UNTIL'], rows))
  return tellNext(io, { json }, nextSteps(own))
}

/** How one certificate goes on to take the place of another. */
function nextSteps({ certificates }: Own): [what: string, command: string][] {
  const [next] = certificates.filter(({ state }) => state === 'next')
  const [previous] = certificates.filter(({ state }) => state === 'previous')
  return [
    ...(next ? ([['when the agents that are to be kept accept it', commandLine('cert', 'promote', next.thumbprint)]] as const) : []),
    ...(previous ? ([['when no agent depends on it', commandLine('cert', 'retire', previous.thumbprint)]] as const) : []),
    ...(next || previous ? ([['which accepts which', commandLine('cert', 'agents')]] as const) : []),
  ].map(([what, command]) => [what, command])
}
