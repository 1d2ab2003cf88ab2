import { readFileSync } from 'node:fs'
import {
  type ClientOptions,
  type ClientState,
  createClient,
  type GatewayClient,
  GatewayError,
  type WebSocketFactory,
} from '@halibut-gateway/client'
import type { Command } from 'commander'
import { WebSocket } from 'ws'
import { messageOf } from '../base/message-of.ts'
import { secretIn } from '../settings/layer.ts'
import { clientVariables } from '../settings/read-environment.ts'
import { tokenAdvice } from './commands.ts'
import { CliError } from './failure.ts'
import type { CliIo } from './io.ts'
import { version } from './version-text.ts'

/** Where the gateway is, and who asks. */
export interface GatewayOptions {
  readonly url?: string
  readonly tokenFile?: string
  readonly token?: string
  readonly json?: boolean
}

const defaultUrl = 'http://127.0.0.1:8642/'

/** Gives a verb what it needs to reach a gateway that runs. */
export function withGatewayOptions(command: Command): Command {
  return command
    .option('--url <address>', `the gateway’s address (default: ${clientVariables.url}, else ${defaultUrl})`)
    .option('--token-file <path>', `a file with the token (default: ${clientVariables.token}, or the file of ${clientVariables.tokenFile})`)
    .option('--json', 'answer and error as JSON')
    .addOption(command.createOption('--token <token>', 'not taken').hideHelp())
}

/** Connects to the gateway, and closes again. A gateway that is not there at first ends it at once; one that goes later is waited for. */
export async function withGateway<T>(
  options: GatewayOptions,
  io: CliIo,
  use: (client: GatewayClient, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { url, token } = addressOf(options, io)
  const webSocket: WebSocketFactory = (address, protocols) => new WebSocket(address, protocols) as never
  return withClient({ url, ...(token === undefined ? {} : { token }), webSocket }, io, use)
}

/** The same for a gateway that is known otherwise. */
export async function withClient<T>(
  { url, ...options }: Omit<ClientOptions, 'client'>,
  io: CliIo,
  use: (client: GatewayClient, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const client = createClient({ url, ...options, client: { name: 'halibut-gateway', version } })
  const stop = new AbortController()
  const signal = AbortSignal.any([stop.signal, io.signal])
  let isKnown = false
  let missing: GatewayError | undefined
  const leave = client.onState((state: ClientState) => {
    isKnown ||= state.at === 'connected'
    if (state.at !== 'waiting' || isKnown) return
    missing = state.why
    stop.abort()
  })
  try {
    return await use(client, signal)
  } catch (error) {
    if (missing) throw new GatewayError('connect_failed', `${url}: ${missing.message}`, { advice: missing.advice, cause: missing })
    throw error instanceof GatewayError && error.kind === 'unauthorized' ? withoutSignIn(error, url, options.token) : error
  } finally {
    leave()
    client.close()
  }
}

/** A refused sign-in in the words of whoever typed the command. What an OpenID provider’s users have to do the gateway says. */
function withoutSignIn(error: GatewayError, url: string, token: ClientOptions['token']): GatewayError {
  if (token === undefined)
    return new GatewayError('unauthorized', `${url} takes nobody without a token`, { advice: tokenAdvice, cause: error })
  const isOwn = typeof token === 'string' && token.startsWith('hgw_')
  return isOwn ? new GatewayError('unauthorized', error.message, { advice: tokenAdvice, cause: error }) : error
}

/** Where the gateway is, and the token. Throws where the token stands where everybody sees it. */
export function addressOf({ url, tokenFile, token }: GatewayOptions, { environment }: CliIo): { url: string; token: string | undefined } {
  const noSecret = `everybody on this machine sees the arguments of a process: use --token-file, ${clientVariables.token} or ${clientVariables.tokenFile}`
  if (token !== undefined) throw new CliError('usage', 'a token is not taken as an argument', noSecret)
  if (url?.includes('#')) throw new CliError('usage', 'a token is not taken as a part of --url', noSecret)
  const address = url ?? environment[clientVariables.url] ?? defaultUrl
  const [base = '', fragment] = address.split('#')
  const path = tokenFile ?? (environment[clientVariables.token] === undefined ? environment[clientVariables.tokenFile] : undefined)
  const given = path === undefined ? environment[clientVariables.token] : readSecret(path, 'the token’s file')
  const secret = (given ?? fragment?.replace(/^token=/, ''))?.trim()
  // A header refuses it, and its error quotes it.
  if (/[^!-~]/.test(secret ?? ''))
    throw new CliError(
      'refused',
      `${path ?? 'the token'} holds more than a token`,
      'leave there the token alone, the word that begins with hgw_',
    )
  return { url: base, token: secret }
}

/** The secret that stands in a file. `what`: the file, in a message. */
export function readSecret(path: string, what: string): string {
  try {
    return secretIn(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new CliError('usage', `${what}: ${messageOf(cause)}`, 'correct the path, or the rights of the file')
  }
}
