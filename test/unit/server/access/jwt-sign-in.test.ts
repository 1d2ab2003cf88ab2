import { createSecretKey } from 'node:crypto'
import { createLocalJWKSet, exportSPKI, importJWK, type JWTPayload, SignJWT } from 'jose'
import { beforeAll, expect, test, vi } from 'vitest'
import { JwtSignIn } from '../../../../server/src/access/jwt-sign-in.ts'
import type { Principal } from '../../../../server/src/access/principal.ts'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'
import { createIssuerKey, type IssuerKey, signed, unsigned } from '../../../support/fake-issuer.ts'

const issuer = 'https://login.example/realms/ops'
const start = Date.parse('2030-01-01T00:00:00Z')
const seconds = start / 1_000
const good: JWTPayload = { iss: issuer, aud: 'gateway', sub: 'ada', iat: seconds, exp: seconds + 3_600, roles: ['gateway-operators'] }

let key: IssuerKey
let other: IssuerKey
beforeAll(async () => {
  ;[key, other] = [await createIssuerKey('one'), await createIssuerKey('two')]
})

function create(keys: readonly IssuerKey[] = [key]) {
  const clock = { ms: start }
  const signIn = new JwtSignIn({
    issuer,
    audience: 'gateway',
    claims: {
      nameClaim: 'sub',
      rolesClaim: 'roles',
      roles: new Map([
        ['gateway-admins', 'admin'],
        ['gateway-operators', 'operator'],
        ['gateway-viewers', 'viewer'],
      ]),
    },
    keys: async () => createLocalJWKSet({ keys: keys.map(({ publicJwk }) => publicJwk) }),
    now: () => clock.ms,
  })
  const ended: Principal[] = []
  signIn.onEnded(principal => ended.push(principal))
  return { clock, ended, signIn, [Symbol.dispose]: () => signIn.close() }
}

test('a JWT of the issuer signs in as its subject with the greatest of its roles, and has one principal however often it comes', async () => {
  using it = create()
  const jwt = await signed(key, { ...good, roles: ['unknown', 'gateway-viewers', 'gateway-operators'] })
  const [first, second] = await Promise.all([it.signIn.authenticate(jwt), it.signIn.authenticate(jwt)])
  expect(first).toEqual({ id: `oidc:[${JSON.stringify(issuer)},"ada"]`, name: 'oidc:ada', role: 'operator' })
  expect(second).toBe(first)
  expect(await it.signIn.authenticate(jwt)).toBe(first)
  expect(it.signIn.principals()).toEqual([first])
})

test.each(['PS256', 'ES256', 'EdDSA'])('a signature by %s is good too', async alg => {
  const own = await createIssuerKey('own', alg)
  using it = create([own])
  expect(await it.signIn.authenticate(await signed(own, good))).toMatchObject({ role: 'operator' })
})

test('what is no JWT is none of ours', async () => {
  using it = create()
  for (const text of ['', 'hgw_0123456789abcdef_secret', 'a.b', 'a.b.c.d', 'admin'])
    expect([text, await it.signIn.authenticate(text)]).toEqual([text, undefined])
})

// Named as the modules of the conformance suites for OpenID clients are.
const attacks: readonly (readonly [name: string, make: () => Promise<string> | string, why: string])[] = [
  ['invalid-iss', () => signed(key, { ...good, iss: 'https://evil.example' }), 'unexpected "iss" claim value'],
  ['missing-iss', () => signed(key, without('iss')), 'missing required "iss" claim'],
  ['invalid-aud', () => signed(key, { ...good, aud: ['other', 'another'] }), 'unexpected "aud" claim value'],
  ['missing-aud', () => signed(key, without('aud')), 'missing required "aud" claim'],
  ['expired', () => signed(key, { ...good, exp: seconds - 31 }), '"exp" claim timestamp check failed'],
  ['missing-exp', () => signed(key, without('exp')), 'missing required "exp" claim'],
  ['not-yet-valid', () => signed(key, { ...good, nbf: seconds + 31 }), '"nbf" claim timestamp check failed'],
  ['missing-sub', () => signed(key, without('sub')), 'the claim sub is not a name'],
  ['sig-none', () => unsigned({ alg: 'none' }, good), 'alg'],
  ['sig-none-with-a-signature', () => unsigned({ alg: 'none' }, good, 'AAAA'), 'alg'],
  ['sig-hs256-with-the-public-key', async () => hs256(await exportSPKI((await importJWK(key.publicJwk, 'RS256')) as never)), 'alg'],
  ['invalid-sig', async () => `${(await signed(key, good)).split('.').slice(0, 2).join('.')}.${'A'.repeat(342)}`, 'signature'],
  ['changed-claims', async () => changed(await signed(key, good)), 'signature'],
  ['another-key-under-its-kid', () => signed(other, good, { kid: 'one' }), 'signature'],
  ['kid-unknown', () => signed(other, good), 'no applicable key'],
  ['crit-unknown', () => unsigned({ alg: 'RS256', kid: 'one', crit: ['x'], x: 1 }, good, 'AAAA'), 'Extension Header Parameter'],
]

test.each(attacks)('%s: refused, with the reason', async (_, make, why) => {
  using it = create()
  const jwt = await make()
  const refused = await it.signIn.authenticate(jwt).then(
    principal => principal,
    (error: HalibutError) => error,
  )
  expect(refused).toMatchObject({ kind: 'unauthorized', retryable: false })
  expect(refused).toHaveProperty('message', expect.stringContaining(why))
  expect(String(refused)).not.toContain(jwt)
  expect(it.signIn.principals()).toEqual([])
})

test('kid-absent-single-jwks: a JWT that names no key is good where there is only one', async () => {
  using it = create()
  expect(await it.signIn.authenticate(await signed(key, good, {}))).toMatchObject({ name: 'oidc:ada' })
})

test('kid-absent-multiple-jwks: where there are several it is refused', async () => {
  using it = create([key, other])
  await expect(it.signIn.authenticate(await signed(key, good, {}))).rejects.toMatchObject({ kind: 'unauthorized' })
})

test('clocks may be a little apart', async () => {
  using it = create()
  for (const claims of [{ exp: seconds - 29 }, { nbf: seconds + 29 }])
    expect(await it.signIn.authenticate(await signed(key, { ...good, ...claims }))).toMatchObject({ role: 'operator' })
})

test.each([
  [{ roles: [] }, 'the claim roles is not there'],
  [{ roles: undefined }, 'the claim roles is not there'],
  [{ roles: ['office', 'canteen'] }, 'the claim roles has "office", "canteen"'],
  [{ roles: [7, { role: 'gateway-admins' }] }, 'the claim roles is not there'],
])('whoever has no role is told so, with what was found: %j', async (claims, why) => {
  using it = create()
  await expect(it.signIn.authenticate(await signed(key, { ...good, ...claims } as JWTPayload))).rejects.toMatchObject({
    kind: 'forbidden',
    message: `ada has no role here: ${why}`,
    advice: expect.stringContaining('"gateway-admins", "gateway-operators", "gateway-viewers"'),
  })
})

test('where the keys are not known it is the provider that is to blame', async () => {
  const jwts = (keys: () => Promise<never>) =>
    new JwtSignIn({ issuer, audience: 'gateway', claims: { nameClaim: 'sub', rolesClaim: 'roles', roles: new Map() }, keys })
  const jwt = await signed(key, good)
  const unreachable = new HalibutError('connect_failed', 'the OpenID provider cannot be asked: ECONNREFUSED')
  await expect(jwts(() => Promise.reject(unreachable)).authenticate(jwt)).rejects.toBe(unreachable)
  const failing = async () => (() => Promise.reject(new TypeError('fetch failed'))) as never
  await expect(jwts(failing).authenticate(jwt)).rejects.toMatchObject({
    kind: 'connect_failed',
    message: 'the OpenID provider cannot be asked: fetch failed',
    retryable: true,
  })
})

test('a sign-in is over when its JWT is, and what was opened with it is told so then', async () => {
  vi.useFakeTimers({ now: start, toFake: ['setTimeout', 'clearTimeout'] })
  try {
    using it = create()
    const jwt = await signed(key, { ...good, exp: seconds + 60 })
    const principal = await it.signIn.authenticate(jwt)
    const pass = (ms: number): void => {
      it.clock.ms += ms
      vi.advanceTimersByTime(ms)
    }
    pass(60_000 + gatewayLimits.jwtSkewMs - 1)
    expect([it.ended, await it.signIn.authenticate(jwt)]).toEqual([[], principal])
    pass(1)
    expect(it.ended).toEqual([principal])
    expect(it.ended[0]).toBe(principal)
    await expect(it.signIn.authenticate(jwt)).rejects.toThrow('"exp" claim')
  } finally {
    vi.useRealTimers()
  }
})

function without(name: string): JWTPayload {
  return Object.fromEntries(Object.entries(good).filter(([each]) => each !== name))
}

function hs256(secret: string): Promise<string> {
  return new SignJWT(good).setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(createSecretKey(Buffer.from(secret)))
}

function changed(jwt: string): string {
  const [header, , signature] = jwt.split('.')
  return `${header}.${Buffer.from(JSON.stringify({ ...good, roles: ['gateway-admins'] })).toString('base64url')}.${signature}`
}
