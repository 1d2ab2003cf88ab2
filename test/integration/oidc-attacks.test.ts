import { ticketsPath } from '@halibut-gateway/schemas/wire'
import type { JWTPayload } from 'jose'
import { beforeAll, expect, test, vi } from 'vitest'
import { gatewayLimits } from '../../server/src/base/limits.ts'
import { oidcOptions } from '../../server/src/gateway/oidc/options.ts'
import { loadSettings } from '../../server/src/settings/load.ts'
import { CookieBrowser } from '../support/cookie-browser.ts'
import { createFakeIssuer, createIssuerKey, type FakeIssuer, type IssuerKey, signed, unsigned } from '../support/fake-issuer.ts'
import { createGatewayWorld, type GatewayWorld } from '../support/gateway.ts'

// The attacks are named as the modules of the conformance suite for OpenID clients are.

let key: IssuerKey
let other: IssuerKey
beforeAll(async () => {
  ;[key, other] = [await createIssuerKey('one'), await createIssuerKey('two')]
})

/** A gateway whose people sign in at a provider that a test scripts. */
async function createWorld() {
  const provider = await createFakeIssuer()
  provider.keys = [key.publicJwk]
  const settings = loadSettings({
    flags: ['--oidc-issuer', provider.issuer, '--oidc-client-id', 'page', '--oidc-name', 'Acme'],
    environment: { HALIBUT_GATEWAY_OIDC_CLIENT_SECRET: 'secret' },
  })
  const world = await createGatewayWorld({ oidc: oidcOptions(settings) })
  return {
    provider,
    world,
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]()
      await provider[Symbol.asyncDispose]()
    },
  }
}

/** Somebody who was led to the provider, and what the provider was told. */
async function begun(world: GatewayWorld, browser = new CookieBrowser()) {
  const response = await browser.ask(`${world.origin}/oidc/sign-in`)
  const address = new URL(response.headers.get('location') ?? '')
  const told = Object.fromEntries(address.searchParams)
  return { browser, response, address, told, state: told['state'] ?? '', nonce: told['nonce'] ?? '' }
}

function claimsOf(provider: FakeIssuer, nonce: string): JWTPayload {
  const now = Math.floor(Date.now() / 1_000)
  return { iss: provider.issuer, aud: 'page', sub: 'ada', iat: now, exp: now + 300, nonce, roles: ['operator'] }
}

/** Back from the provider with what it gives. */
function back(world: GatewayWorld, provider: FakeIssuer, browser: CookieBrowser, parameters: Record<string, string>): Promise<Response> {
  const query = new URLSearchParams({ code: 'the-code', iss: provider.issuer, ...parameters })
  return browser.ask(`${world.origin}/oidc/callback?${query}`)
}

const idTokenIs = (provider: FakeIssuer, make: () => Promise<string> | string): void => {
  provider.token = async () => ({ access_token: 'a', token_type: 'Bearer', expires_in: 60, id_token: await make() })
}

const ticket = (world: GatewayWorld, browser: CookieBrowser, headers: Record<string, string> = { origin: world.origin }) =>
  browser.ask(`${world.origin}${ticketsPath}`, { method: 'POST', headers })

test('whoever signs in is led to the provider with PKCE, state and nonce, and back to the page with a cookie that no script reads', async () => {
  await using it = await createWorld()
  const { world, provider } = it
  const { browser, response, address, told, state, nonce } = await begun(world)
  expect([response.status, `${address.origin}${address.pathname}`]).toEqual([303, `${provider.issuer}/authorize`])
  expect(told).toMatchObject({
    client_id: 'page',
    response_type: 'code',
    scope: 'openid profile email',
    code_challenge_method: 'S256',
    redirect_uri: `${world.origin}/oidc/callback`,
  })
  const [[name = '', before] = []] = browser.cookies
  expect([name, before?.attributes]).toEqual([
    `halibut-gateway-${new URL(world.origin).port}-begun-${state}`,
    ['Path=/', 'Max-Age=600', 'HttpOnly', 'SameSite=Lax'],
  ])
  idTokenIs(provider, () => signed(key, claimsOf(provider, nonce)))
  const signedIn = await back(world, provider, browser, { state })
  expect([signedIn.status, signedIn.headers.get('location'), signedIn.headers.get('cache-control')]).toEqual([
    303,
    `${world.origin}/`,
    'no-store',
  ])
  expect([...browser.cookies].map(([each, { attributes }]) => [each, attributes])).toEqual([
    [`halibut-gateway-${new URL(world.origin).port}-session`, ['Path=/', 'Max-Age=28800', 'HttpOnly', 'SameSite=Strict']],
  ])
  const [{ form, authorization } = { form: new URLSearchParams(), authorization: undefined }] = provider.tokenRequests
  expect(Object.fromEntries(form)).toEqual({
    grant_type: 'authorization_code',
    code: 'the-code',
    redirect_uri: `${world.origin}/oidc/callback`,
    code_verifier: expect.stringMatching(/^[\w-]{43}$/),
  })
  expect(authorization).toBe(`Basic ${Buffer.from('page:secret').toString('base64')}`)

  const { ticket: credential } = (await (await ticket(world, browser)).json()) as { ticket: string }
  const socket = await world.socket({ token: credential, headers: { origin: world.origin } })
  expect(await socket.hello()).toMatchObject({ result: { principal: { name: 'oidc:ada', role: 'operator' } } })
  expect(await (await browser.ask(`${world.origin}/api/v1/agents`)).json()).toMatchObject({ agents: [{ id: 'a1' }] })

  const out = await browser.ask(`${world.origin}/oidc/sign-out`, { method: 'POST', headers: { origin: world.origin } })
  expect([out.status, browser.cookies.size]).toEqual([204, 0])
  expect(await socket.closed).toEqual({ code: 4402, reason: 'signed_out' })
  expect((await ticket(world, browser)).status).toBe(401)
})

type Claims = (claims: JWTPayload) => Promise<string> | string
const attacks: readonly (readonly [name: string, make: Claims, status: number, why: string])[] = [
  ['invalid-iss', claims => signed(key, { ...claims, iss: 'https://evil.example' }), 401, 'iss'],
  ['invalid-aud', claims => signed(key, { ...claims, aud: 'another' }), 401, 'aud'],
  ['missing-aud', claims => signed(key, without(claims, 'aud')), 401, 'aud'],
  ['multiple-aud-without-azp', claims => signed(key, { ...claims, aud: ['page', 'another'] }), 401, 'additional untrusted audiences'],
  ['missing-iat', claims => signed(key, without(claims, 'iat')), 401, 'iat'],
  ['missing-sub', claims => signed(key, without(claims, 'sub')), 401, 'sub'],
  ['expired', claims => signed(key, { ...claims, exp: (claims.exp ?? 0) - 400 }), 401, 'exp'],
  ['nonce-invalid', claims => signed(key, { ...claims, nonce: 'another' }), 401, 'nonce'],
  ['nonce-missing', claims => signed(key, without(claims, 'nonce')), 401, 'nonce'],
  ['idtoken-sig-none', claims => unsigned({ alg: 'none' }, claims), 401, 'not acceptable'],
  ['idtoken-sig-hs256', claims => unsigned({ alg: 'HS256' }, claims, 'A'.repeat(43)), 401, 'not acceptable'],
  ['invalid-sig', async claims => `${(await signed(key, claims)).split('.').slice(0, 2).join('.')}.${'A'.repeat(342)}`, 401, 'signature'],
  ['another-key', claims => signed(other, claims, { kid: 'one' }), 401, 'signature'],
  ['kid-unknown', claims => signed(other, claims), 401, 'no applicable key'],
  ['no-role', claims => signed(key, { ...claims, roles: ['office'] }), 403, 'has no role here: the claim roles has &quot;office&quot;'],
]

test.each(attacks)('%s: nobody is signed in, and the browser is told why', async (_, make, status, why) => {
  await using it = await createWorld()
  const { world, provider } = it
  const { browser, state, nonce } = await begun(world)
  idTokenIs(provider, () => make(claimsOf(provider, nonce)))
  const refused = await back(world, provider, browser, { state })
  const text = await refused.text()
  expect([refused.status, refused.headers.get('content-type')]).toEqual([status, 'text/html; charset=utf-8'])
  expect(text).toContain(why)
  expect([...browser.cookies.keys()].filter(name => name.endsWith('session'))).toEqual([])
  expect((await ticket(world, browser)).status).toBe(401)
})

test('kid-absent-multiple-jwks: an ID token that names none of several keys is refused', async () => {
  await using it = await createWorld()
  const { world, provider } = it
  provider.keys = [key.publicJwk, other.publicJwk]
  const { browser, state, nonce } = await begun(world)
  idTokenIs(provider, () => signed(key, claimsOf(provider, nonce), {}))
  expect((await back(world, provider, browser, { state })).status).toBe(401)
})

test('a code that another browser began with is worth nothing here, and neither is one without a state, or with another one', async () => {
  await using it = await createWorld()
  const { world, provider } = it
  const [victim, attacker] = [await begun(world), await begun(world)]
  idTokenIs(provider, () => signed(key, claimsOf(provider, attacker.nonce)))
  for (const [browser, state] of [
    [victim.browser, attacker.state],
    [new CookieBrowser(), attacker.state],
    [victim.browser, 'invented'],
    [victim.browser, ''],
  ] as const) {
    const refused = await back(world, provider, browser, { state })
    expect([refused.status, await refused.text()]).toEqual([401, expect.stringContaining('this browser did not begin this sign-in')])
  }
  const sealed = [...attacker.browser.cookies][0]
  if (!sealed) throw new Error('there is no cookie')
  // What was sealed for one state opens for no other.
  const [, cookie] = sealed
  victim.browser.cookies.set(`halibut-gateway-${new URL(world.origin).port}-begun-${victim.state}`, cookie)
  expect((await back(world, provider, victim.browser, { state: victim.state })).status).toBe(401)
  expect(provider.tokenRequests).toEqual([])
})

test('a sign-in that was begun too long ago is refused before the provider is asked', async () => {
  await using it = await createWorld()
  const { world, provider } = it
  const { browser, state, nonce } = await begun(world)
  idTokenIs(provider, () => signed(key, claimsOf(provider, nonce)))
  const late = performance.now() + gatewayLimits.oidcSignInMs
  const clock = vi.spyOn(performance, 'now').mockReturnValue(late)
  try {
    expect([(await back(world, provider, browser, { state })).status, provider.tokenRequests]).toEqual([401, []])
  } finally {
    clock.mockRestore()
  }
  expect((await back(world, provider, browser, { state })).status).toBe(303)
})

test('an answer that another provider gave is refused, and so is what the provider itself says no to, in its words', async () => {
  await using it = await createWorld()
  const { world, provider } = it
  const first = await begun(world)
  idTokenIs(provider, () => signed(key, claimsOf(provider, first.nonce)))
  const mixedUp = await back(world, provider, first.browser, { state: first.state, iss: 'https://evil.example' })
  expect([mixedUp.status, provider.tokenRequests]).toEqual([401, []])
  const second = await begun(world)
  const query = new URLSearchParams({ error: 'access_denied', error_description: '<b>no</b>', state: second.state, iss: provider.issuer })
  const denied = await second.browser.ask(`${world.origin}/oidc/callback?${query}`)
  expect([denied.status, await denied.text()]).toEqual([
    401,
    expect.stringContaining('the provider refused: access_denied: &lt;b&gt;no&lt;/b&gt;'),
  ])
})

test('a cookie opens nothing for a page of another origin, and signs nobody out there', async () => {
  await using it = await createWorld()
  const { world, provider } = it
  const { browser, state, nonce } = await begun(world)
  idTokenIs(provider, () => signed(key, claimsOf(provider, nonce)))
  await back(world, provider, browser, { state })
  const localhost = world.origin.replace('127.0.0.1', 'localhost')
  const asked = async (headers: Record<string, string>) => (await ticket(world, browser, headers)).status
  expect([await asked({ origin: 'https://evil.example' }), await asked({ origin: localhost }), await asked({})]).toEqual([403, 401, 401])
  const { origin } = world
  for (const headers of [{ origin: localhost }, {}] as Record<string, string>[])
    expect((await browser.ask(`${origin}/oidc/sign-out`, { method: 'POST', headers })).status).toBe(403)
  expect([await asked({ origin }), await asked({ origin, authorization: 'Bearer nonsense' })]).toEqual([201, 401])
  expect((await browser.ask(`${origin}/api/v1/agents/a1/disable`, { method: 'POST' })).status).toBe(401)
})

test('a provider that cannot be asked is told as that, and is asked again only later', async () => {
  await using it = await createWorld()
  const { world, provider } = it
  provider.isBroken = true
  const browser = new CookieBrowser()
  for (let i = 0; i < 3; i++) {
    const failed = await browser.ask(`${world.origin}/oidc/sign-in`)
    expect([failed.status, await failed.text()]).toEqual([502, expect.stringContaining('the OpenID provider cannot be asked')])
  }
  expect(provider.asked).toEqual(['/.well-known/openid-configuration'])
  const bearer = await fetch(`${world.origin}/api/v1/agents`, {
    headers: { authorization: `Bearer ${unsigned({ alg: 'RS256' }, {}, 'AAAA')}` },
  })
  expect([bearer.status, await bearer.json()]).toEqual([502, expect.objectContaining({ kind: 'connect_failed', retryable: true })])
  expect((await fetch(`${world.origin}/api/v1/agents`, { headers: { authorization: `Bearer ${world.token}` } })).status).toBe(200)
})

test('JWTs whose key nobody knows do not make the gateway ask the provider again and again', async () => {
  await using it = await createWorld()
  const { world, provider } = it
  for (let i = 0; i < 5; i++) {
    const jwt = await signed(other, { ...claimsOf(provider, 'n'), jti: `${i}` }, { kid: `unknown-${i}` })
    const refused = await fetch(`${world.origin}/api/v1/agents`, { headers: { authorization: `Bearer ${jwt}` } })
    expect([refused.status, await refused.json()]).toEqual([
      401,
      expect.objectContaining({ detail: expect.stringContaining('no applicable key') }),
    ])
  }
  expect(provider.asked).toEqual(['/.well-known/openid-configuration', '/jwks'])
})

test('a provider that calls itself otherwise than it is set is not believed', async () => {
  await using it = await createWorld()
  const { world, provider } = it
  provider.metadata = { issuer: 'https://evil.example' }
  const failed = await new CookieBrowser().ask(`${world.origin}/oidc/sign-in`)
  expect([failed.status, await failed.text()]).toEqual([502, expect.stringContaining('cannot be asked')])
})

test('the page is told before anybody signs in that it can be done, and by whom', async () => {
  await using it = await createWorld()
  const { world } = it
  const version = async (browser: CookieBrowser) => (await browser.ask(`${world.origin}/version`)).json()
  expect(await version(new CookieBrowser())).toEqual({
    name: 'halibut-gateway',
    version: '0.0.0',
    signIn: { name: 'Acme', signIn: 'oidc/sign-in', signOut: 'oidc/sign-out' },
  })
})

function without(claims: JWTPayload, name: string): JWTPayload {
  return Object.fromEntries(Object.entries(claims).filter(([each]) => each !== name))
}

test('a JWT may be as long as that of somebody with hundreds of groups, and no longer', async () => {
  await using it = await createWorld()
  const { world, provider } = it
  const statusOf = async (groups: number) => {
    const names = Array.from({ length: groups }, (_, i) => `00000000-0000-0000-0000-${String(i).padStart(12, '0')}`)
    const jwt = await signed(key, { ...claimsOf(provider, 'n'), groups: names })
    return (await fetch(`${world.origin}/api/v1/agents`, { headers: { authorization: `Bearer ${jwt}` } })).status
  }
  expect([await statusOf(200), await statusOf(240)]).toEqual([200, 401])
})
