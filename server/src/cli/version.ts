import type { VersionAnswer } from '@halibut-gateway/schemas'
import { Command } from 'commander'
import { clientVariables } from '../settings/read-environment.ts'
import { tokenAdvice } from './commands.ts'
import { CliError } from './failure.ts'
import { addressOf, type GatewayOptions, withGatewayOptions } from './gateway-client.ts'
import type { CliIo } from './io.ts'
import type { Plan } from './plan.ts'
import { version } from './version-text.ts'

const answerTimeoutMs = 10_000

/** `version`: of this program, and of a gateway that is named. */
export function versionVerb(plan: Plan): Command {
  return withGatewayOptions(new Command('version'))
    .description('the version of this program and of the Node that runs it; of a gateway too where one is named, and what its agents need')
    .addHelpText(
      'after',
      `
A gateway is asked where --url, --token-file or ${clientVariables.url} names one. With a token it also tells its thumbprint, and where agents poll.

Examples:
  $ halibut-gateway version
  $ halibut-gateway version --url https://gateway.example/ --token-file /etc/halibut-gateway/token`,
    )
    .action((options: GatewayOptions) =>
      plan(async io => {
        const own = { version, node: process.version }
        const isNamed = [options.url, options.tokenFile, io.environment[clientVariables.url]].some(name => name !== undefined)
        if (!options.json) io.out(`halibut-gateway ${own.version}, Node ${own.node}\n`)
        const gateway = isNamed ? await askGateway(options, io) : undefined
        if (options.json) io.out(`${JSON.stringify({ ...own, ...(gateway && { gateway }) })}\n`)
        else if (gateway) io.out(gatewayText(gateway))
        return 'done'
      }, options.json),
    )
}

type GatewayVersion = VersionAnswer & { readonly url: string }

function gatewayText({ url, version: theirs, agents }: GatewayVersion): string {
  const first = `${url} is halibut-gateway ${theirs}\n`
  if (!agents) return first
  const host = agents.host.includes(':') ? `[${agents.host}]` : agents.host
  return `${first}  thumbprint      ${agents.thumbprint}\n  polling agents  ${host}:${agents.port}\n`
}

/** Over HTTP, which also a gateway of another version understands. */
async function askGateway(options: GatewayOptions, io: CliIo): Promise<GatewayVersion> {
  const { url, token } = addressOf(options, io)
  const answer = await fetch(versionUrl(url), {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    redirect: 'error',
    signal: AbortSignal.any([io.signal, AbortSignal.timeout(answerTimeoutMs)]),
  }).catch((why: unknown) => {
    const { message, cause } = why as Error
    const reason = cause instanceof Error ? cause.message : message
    throw new CliError('unreachable', `${url}: ${reason}`, 'see to it that the gateway runs there, or correct the address')
  })
  const told = (await answer.json().catch(() => ({}))) as Partial<VersionAnswer> & { readonly detail?: string }
  if (answer.status === 401) throw new CliError('refused', told.detail ?? 'the token is not valid', tokenAdvice)
  if (told.name !== 'halibut-gateway' || told.version === undefined)
    throw new CliError('failed', `${url} answers with the status ${answer.status}, and not as a gateway`, 'correct the address')
  return { ...(told as VersionAnswer), url }
}

/** That of the socket is one of the gateway too. */
function versionUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text.replace(/^ws/i, 'http')) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) throw new CliError('usage', `${text} is no address`, 'write it as https://gateway.example/')
  url.pathname = url.pathname.replace(/(\/rpc|\/?)$/, '/version')
  return url
}
