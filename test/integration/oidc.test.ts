import { request } from 'node:http'
import { ticketsPath } from '@halibut-gateway/schemas/wire'
import { expect, test, vi } from 'vitest'
import { oidcOptions } from '../../server/src/gateway/oidc/options.ts'
import { parsePublicUrl } from '../../server/src/gateway/public-url.ts'
import { loadSettings } from '../../server/src/settings/load.ts'
import { CookieBrowser } from '../support/cookie-browser.ts'
import { createGatewayWorld, type GatewayWorld } from '../support/gateway.ts'
import { createOpenIdProvider, type OpenIdProvider } from '../support/openid-provider.ts'
import { ask } from '../support/rest.ts'

// The real time is too long to wait for.
vi.mock('../../server/src/base/limits.ts', async original => {
  const limits = await original<typeof import('../../server/src/base/limits.ts')>()
  return { ...limits, gatewayLimits: { ...limits.gatewayLimits, jwksCooldownMs: 0 } }
})

interface World extends AsyncDisposable {
  readonly provider: OpenIdProvider
  readonly world: GatewayWorld
  /** Where browsers see the gateway. */
  readonly page: string
}

/** A gateway and a provider of its own, which know each other. */
async function createWorld({ flags = [], prefix = '' }: { flags?: string[]; prefix?: string } = {}): Promise<World> {
  let page = ''
  const provider = await createOpenIdProvider({
    roles: { ada: ['gateway-admins'], ben: ['office'], robot: ['gateway-operators'] },
    redirectUri: () => (page === '' ? 'https://not-known-yet.example/' : `${page}oidc/callback`),
  })
  const roles = 'gateway-admins=admin,gateway-operators=operator'
  const settings = loadSettings({
    flags: ['--oidc-issuer', provider.issuer, '--oidc-client-id', 'page', '--oidc-audience', 'gateway', '--oidc-roles', roles, ...flags],
    environment: { HALIBUT_GATEWAY_OIDC_CLIENT_SECRET: 'secret' },
  })
  // Where it leads back to is known once the gateway listens. What browsers see is known before the port is, as behind a proxy.
  const publicUrl = prefix === '' ? undefined : parsePublicUrl(`https://gateway.example${prefix}`)
  const world = await createGatewayWorld({ oidc: oidcOptions(settings), publicUrl })
  page = publicUrl?.href ?? `${world.origin}/`
  await provider.rotateKey()
  return {
    provider,
    world,
    page,
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]()
      await provider[Symbol.asyncDispose]()
    },
  }
}

async function socketOf(world: GatewayWorld, browser: CookieBrowser) {
  const response = await browser.ask(`${world.origin}${ticketsPath}`, { method: 'POST', headers: { origin: world.origin } })
  const { ticket = '' } = (await response.json()) as { ticket?: string }
  return world.socket({ token: ticket, headers: { origin: world.origin } })
}

test('a person signs in at the page with a real provider, and signs out, which closes what is open', async () => {
  await using it = await createWorld()
  const { world, page } = it
  const browser = new CookieBrowser()
  const { url, response } = await browser.visit(`${page}oidc/sign-in`)
  // There is no page in this gateway; the way leads there.
  expect([url, response.status]).toEqual([page, 404])
  const socket = await socketOf(world, browser)
  expect(await socket.hello()).toMatchObject({ result: { principal: { name: 'oidc:ada', role: 'admin' } } })
  await browser.ask(`${page}oidc/sign-out`, { method: 'POST', headers: { origin: world.origin } })
  expect(await socket.closed).toEqual({ code: 4402, reason: 'signed_out' })
})

test('a person to whom the provider gives no role is told so', async () => {
  await using it = await createWorld()
  it.provider.account = 'ben'
  const { url, response } = await new CookieBrowser().visit(`${it.page}oidc/sign-in`)
  expect([new URL(url).pathname, response.status]).toEqual(['/oidc/callback', 403])
  const text = await response.text()
  expect(text).toContain('ben has no role here: the claim roles has &quot;office&quot;')
  expect(text).toContain('&quot;gateway-admins&quot;, &quot;gateway-operators&quot;')
})

test('a sign-in at the page is over when its time is, and its socket with it', async () => {
  await using it = await createWorld({ flags: ['--oidc-session-ms', '60000'] })
  const { world, page } = it
  const browser = new CookieBrowser()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'], shouldAdvanceTime: true })
  try {
    await browser.visit(`${page}oidc/sign-in`)
    const socket = await socketOf(world, browser)
    await socket.hello()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(await socket.closed).toEqual({ code: 4402, reason: 'signed_out' })
  } finally {
    vi.useRealTimers()
  }
  expect((await browser.ask(`${world.origin}/api/v1/agents`)).status).toBe(401)
})

test('a program presents a JWT of the provider in the place of a token, over HTTP and over a socket', async () => {
  await using it = await createWorld()
  const { world, provider } = it
  const token = await provider.programToken()
  expect(token.split('.').length).toBe(3)
  expect(await ask({ ...world, token }, 'GET /agents')).toMatchObject({ status: 200, body: { agents: [{ id: 'a1' }] } })
  const socket = await world.socket({ token })
  expect(await socket.hello()).toMatchObject({ result: { principal: { name: 'oidc:robot', role: 'operator' } } })
  expect(await ask({ ...world, token }, 'GET /tokens')).toMatchObject({ status: 403, body: { kind: 'forbidden' } })
  const preview = await ask(world, 'POST /rules/preview', { document: { rules: [] } })
  expect((preview.body as { changes: { who: string }[] }).changes.map(({ who }) => who)).toContain('oidc:robot')
})

test('after the provider has taken another key, what that signs is good and what the old one signed is not', async () => {
  await using it = await createWorld()
  const { world, provider } = it
  const [before, unused] = [await provider.programToken(), await provider.programToken()]
  expect((await ask({ ...world, token: before }, 'GET /agents')).status).toBe(200)
  await provider.rotateKey()
  const after = await provider.programToken()
  expect((await ask({ ...world, token: after }, 'GET /agents')).status).toBe(200)
  expect(await ask({ ...world, token: unused }, 'GET /agents')).toMatchObject({
    status: 401,
    body: { detail: expect.stringContaining('no applicable key') },
  })
  // Who is signed in stays so until its JWT expires.
  expect((await ask({ ...world, token: before }, 'GET /agents')).status).toBe(200)
})

test('behind a proxy with a path, all addresses and cookies have that path, and cookies go over HTTPS alone', async () => {
  await using it = await createWorld({ prefix: '/gw/' })
  const { world, provider } = it
  const headers = { host: 'gateway.example' }
  const get = (path: string, cookie = '') =>
    new Promise<{ status: number; location: string; cookies: string[] }>((resolve, reject) => {
      const asked = request(`${world.origin}${path}`, { headers: { ...headers, cookie } }, response => {
        response.resume()
        const { statusCode: status = 0, headers: told } = response
        resolve({ status, location: told.location ?? '', cookies: told['set-cookie'] ?? [] })
      })
      asked.on('error', reject)
      asked.end()
    })
  world.policy.allowOrigin('https://gateway.example')
  const begun = await get('/gw/oidc/sign-in')
  const address = new URL(begun.location)
  expect([address.origin, address.searchParams.get('redirect_uri')]).toEqual([provider.issuer, 'https://gateway.example/gw/oidc/callback'])
  const [cookie = ''] = begun.cookies
  expect(cookie).toMatch(/^__Secure-halibut-gateway-begun-[\w-]+=[\w.-]+; Path=\/gw\/; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/)
  const browser = new CookieBrowser()
  // To where nobody is: that is what the provider leads to.
  let back = ''
  for (let at = begun.location; !back; ) {
    const response = await browser.ask(at)
    const location = new URL(response.headers.get('location') ?? '', at)
    if (location.hostname === 'gateway.example') back = `${location.pathname}${location.search}`
    else at = location.href
  }
  const signedIn = await get(back, cookie.split(';')[0])
  expect([signedIn.status, signedIn.location]).toEqual([303, 'https://gateway.example/gw/'])
  expect(signedIn.cookies[0]).toMatch(
    /^__Secure-halibut-gateway-session=[\w-]{43}; Path=\/gw\/; Max-Age=28800; HttpOnly; SameSite=Strict; Secure$/,
  )
})
