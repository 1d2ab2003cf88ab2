import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { GatewayError } from '@halibut-gateway/client'
import type { MethodName, MethodParams, MethodResult } from '@halibut-gateway/schemas'
import { WebSocket } from 'ws'
import { HalibutError } from '../base/errors.ts'
import { silentLog } from '../base/log.ts'
import { CliError } from './failure.ts'
import { type GatewayOptions, withClient, withGateway } from './gateway-client.ts'
import type { CliIo } from './io.ts'
import { readLocalSignIn } from './local-sign-in.ts'

/** Where the tokens are, and who asks. */
export interface TokenOptions extends GatewayOptions {
  readonly stateFolder?: string
}

type TokenMethod = Extract<MethodName, `tokens.${string}`>

/** Runs a method about tokens, wherever they are. */
export type AskTokens = <M extends TokenMethod>(method: M, params: MethodParams<M>) => Promise<MethodResult<M>>

/**
 * Asks a gateway about its tokens: with a token of one’s own, or as whoever may read its state folder, by way of the gateway that runs with that or,
 * where none does, in the folder itself.
 */
export async function withTokens<T>(options: TokenOptions, io: CliIo, use: (ask: AskTokens) => Promise<T>): Promise<T> {
  if (options.stateFolder === undefined)
    return withGateway(options, io, (client, signal) => use((method, params) => client.request(method, params, { signal })))
  if (options.url !== undefined || options.tokenFile !== undefined)
    throw new CliError('usage', '--state-folder is in the place of --url and --token-file', 'say either that or these')
  return inStateFolder(resolve(options.stateFolder), io, use)
}

async function inStateFolder<T>(path: string, io: CliIo, use: (ask: AskTokens) => Promise<T>): Promise<T> {
  // All other verbs answer at once, since they do without the gateway’s packages.
  const [{ openEmbeddedStore }, { openStateFolder }, { databaseName }] = await Promise.all([
    import('../store/embedded-store.ts'),
    import('../store/state-folder.ts'),
    import('../store/schema.ts'),
  ])
  if (!existsSync(join(path, databaseName)))
    throw new CliError(
      'usage',
      `there is no state of a gateway in ${path}`,
      'name the stateFolder of the gateway, as config print tells it',
    )
  let store: Awaited<ReturnType<typeof openEmbeddedStore>>
  try {
    store = await openEmbeddedStore(await openStateFolder(path))
  } catch (why) {
    const local = readLocalSignIn(path)
    // It belongs to a gateway that runs.
    if (local && why instanceof HalibutError && why.kind === 'invalid_argument') return atItsGateway(local, io, use)
    throw why
  }
  try {
    return await use(await askStore(store))
  } finally {
    await store.close()
  }
}

/** The gateway holds its port for as long as its token is worth something, so that who answers there needs to prove nothing. */
function atItsGateway<T>(
  { url, host, token }: { readonly url: string; readonly host: string; readonly token: string },
  io: CliIo,
  use: (ask: AskTokens) => Promise<T>,
): Promise<T> {
  const client = {
    url,
    token,
    tickets: false,
    webSocket: (address: string, protocols: string[]) =>
      new WebSocket(address, protocols, { headers: { host }, rejectUnauthorized: false }) as never,
  }
  return withClient(client, io, (made, signal) => use((method, params) => made.request(method, params, { signal })))
}

/** The same methods on a store that nobody else uses, written down in the same log. */
async function askStore(store: import('../store/store.ts').Store): Promise<AskTokens> {
  const [{ Tokens }, { tokensMethods }, { MethodRunner }, { HttpRequest }, { Audit }] = await Promise.all([
    import('../access/tokens.ts'),
    import('../rpc/methods/tokens.ts'),
    import('../rpc/run.ts'),
    import('../gateway/rest/http-request.ts'),
    import('../audit/audit.ts'),
  ])
  const tokens = new Tokens({ store, log: silentLog })
  tokens.close()
  const nobodySigns = (): never => {
    throw new Error('no head is signed here')
  }
  const runner = new MethodRunner(tokensMethods(tokens), silentLog, undefined, new Audit(store, nobodySigns))
  return async (method, params) => {
    const ran = await runner.run(
      method,
      params,
      new HttpRequest({ name: 'local', role: 'admin' }, { traceparent: undefined, tracestate: undefined }, params),
    )
    if ('error' in ran) throw GatewayError.fromResponse(ran.error)
    return ran.result as never
  }
}
