import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'

/** A key pair of an issuer. */
export interface IssuerKey {
  readonly kid: string
  readonly alg: string
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
}

/** Makes one. */
export async function createIssuerKey(kid: string, alg = 'RS256'): Promise<IssuerKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}

/** Signs claims; a header member that is `undefined` is left out. */
export function signed(
  key: IssuerKey,
  claims: JWTPayload,
  header: { readonly kid?: string | undefined } = { kid: key.kid },
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: key.alg, ...(header.kid === undefined ? {} : { kid: header.kid }) })
    .sign(key.privateKey)
}

/** A JWT with whatever header and signature. */
export function unsigned(header: object, claims: object, signature = ''): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part(header)}.${part(claims)}.${signature}`
}

/** What the issuer was asked at its token endpoint. */
export interface TokenRequest {
  readonly form: URLSearchParams
  readonly authorization: string | undefined
}

/** An OpenID provider that says what a test wants, true or not. */
export interface FakeIssuer extends AsyncDisposable {
  readonly issuer: string
  /** Paths that were asked for. */
  readonly asked: string[]
  readonly tokenRequests: TokenRequest[]
  /** The keys that it tells. */
  keys: JWK[]
  /** What it says of itself beside, or otherwise than, what it must. */
  metadata: Record<string, unknown>
  /** The answer of its token endpoint. */
  token: () => Promise<object> | object
  /** Whether it answers at all with something sensible. */
  isBroken: boolean
}

/** Starts it. */
export async function createFakeIssuer(): Promise<FakeIssuer> {
  const asked: string[] = []
  const tokenRequests: TokenRequest[] = []
  const server = createServer((request, response) => void answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const made: FakeIssuer = {
    issuer,
    asked,
    tokenRequests,
    keys: [],
    metadata: {},
    token: () => ({ error: 'invalid_grant' }),
    isBroken: false,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', issuer).pathname
    asked.push(path)
    const send = (body: object, status = 200): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (made.isBroken) send({ error: 'server_error' }, 500)
    else if (path === '/.well-known/openid-configuration') send(described())
    else if (path === '/jwks') send({ keys: made.keys })
    else if (path === '/token') {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const form = new URLSearchParams(Buffer.concat(chunks).toString())
      tokenRequests.push({ form, authorization: request.headers.authorization })
      const body = await made.token()
      send(body, 'error' in body ? 400 : 200)
    } else send({ error: 'not_found' }, 404)
  }
  const described = () => ({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    ...made.metadata,
  })
  return made
}
