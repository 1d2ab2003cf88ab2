import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, type JWK } from 'jose'
import Provider, { type Configuration } from 'oidc-provider'
import { createIssuerKey, type IssuerKey } from './fake-issuer.ts'

/** A real OpenID provider, of the npm package `oidc-provider`. */
export interface OpenIdProvider extends AsyncDisposable {
  readonly issuer: string
  /** Who is signed in by whoever comes, without a question. */
  account: string
  /** From now on it signs with another key, and tells only that. */
  rotateKey(): Promise<void>
  /** A JWT for a program, of the audience `gateway`. */
  programToken(): Promise<string>
}

/** Starts it. `roles`: what it says of each account. `redirectUri`: where the client `page` may lead people back to. */
export async function createOpenIdProvider(options: {
  readonly roles: Readonly<Record<string, readonly string[]>>
  readonly redirectUri: () => string
}): Promise<OpenIdProvider> {
  const server = createServer((request, response) => {
    const [, uid] = /^\/interaction\/([\w-]+)/.exec(request.url ?? '') ?? []
    if (uid === undefined) callback(request, response)
    else void provider.interactionFinished(request, response, { login: { accountId: made.account } }, { mergeWithLastSubmission: false })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  let provider: Provider
  let callback: ReturnType<Provider['callback']>
  let keys = 0
  const start = async (): Promise<void> => {
    const key = await createIssuerKey(`key-${++keys}`)
    provider = new Provider(issuer, configurationOf(await privateJwkOf(key), options))
    callback = provider.callback()
  }
  const made: OpenIdProvider = {
    issuer,
    account: 'ada',
    rotateKey: start,
    programToken: async () => {
      const response = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from('robot:secret').toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'api', resource: 'urn:gateway' }),
      })
      return ((await response.json()) as { access_token: string }).access_token
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  await start()
  return made
}

function configurationOf(key: JWK, { roles, redirectUri }: Parameters<typeof createOpenIdProvider>[0]): Configuration {
  return {
    clients: [
      {
        client_id: 'page',
        client_secret: 'secret',
        redirect_uris: [redirectUri()],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
      { client_id: 'robot', client_secret: 'secret', redirect_uris: [], grant_types: ['client_credentials'], response_types: [] },
    ],
    jwks: { keys: [key as never] },
    cookies: { keys: ['of these tests'] },
    pkce: { required: () => true },
    claims: { openid: ['sub', 'roles'], profile: [], email: [] },
    conformIdTokenClaims: false,
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    ttl: { AccessToken: 600, ClientCredentials: 600, IdToken: 600, Session: 600, Interaction: 600, Grant: 600 },
    findAccount: (_context, accountId) => ({ accountId, claims: async () => ({ sub: accountId, roles: roles[accountId] ?? [] }) }),
    extraTokenClaims: (_context, token) => ('clientId' in token ? { roles: roles[String(token.clientId)] ?? [] } : {}),
    loadExistingGrant: async context => {
      const { client, session, provider } = context.oidc
      if (!client || !session?.accountId) return undefined
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId })
      grant.addOIDCScope('openid profile email')
      await grant.save()
      return grant
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({ scope: 'api', audience: 'gateway', accessTokenFormat: 'jwt', accessTokenTTL: 600 }),
      },
    },
  }
}

async function privateJwkOf({ privateKey, publicJwk: { kid, alg, use } }: IssuerKey): Promise<JWK> {
  return {
    ...(await exportJWK(privateKey)),
    ...(kid === undefined ? {} : { kid }),
    ...(alg === undefined ? {} : { alg }),
    ...(use === undefined ? {} : { use }),
  }
}
