import { expect, test } from 'vitest'
import { oidcOptions } from '../../../../../server/src/gateway/oidc/options.ts'
import { readSettings } from '../../../../../server/src/settings/load.ts'

const issuer = 'https://login.example/realms/ops'
const given = (flags: string[], environment: Record<string, string> = {}) => readSettings({ flags, environment })

test('nothing is offered where nothing is set', () => {
  expect(oidcOptions(given([]).settings)).toBeUndefined()
})

test('a provider is called by its host, JWTs are for the client, and roles are called what they are called here, unless it is said', () => {
  const { settings, problems } = given(['--oidc-issuer', issuer, '--oidc-client-id', 'gateway'])
  expect(problems).toEqual([])
  expect(oidcOptions(settings)).toEqual({
    issuer,
    audience: 'gateway',
    claims: {
      nameClaim: 'sub',
      rolesClaim: 'roles',
      roles: new Map([
        ['viewer', 'viewer'],
        ['operator', 'operator'],
        ['admin', 'admin'],
      ]),
    },
    client: { id: 'gateway', secret: '', providerName: 'login.example', scopes: ['openid', 'profile', 'email'], sessionMs: 28_800_000 },
  })
  const bearers = oidcOptions(given(['--oidc-issuer', issuer, '--oidc-audience', 'api', '--oidc-roles', 'a=b=admin,c=viewer']).settings)
  expect([bearers?.client, bearers?.audience, [...(bearers?.claims.roles ?? [])]]).toEqual([
    undefined,
    'api',
    [
      ['a=b', 'admin'],
      ['c', 'viewer'],
    ],
  ])
})

const client = ['--oidc-issuer', issuer, '--oidc-client-id', 'gateway']
test.each([
  [['--oidc-issuer', 'login.example'], '--oidc-issuer', 'is not an https address'],
  [['--oidc-issuer', 'http://login.example/', '--oidc-client-id', 'x'], '--oidc-issuer', 'is not an https address'],
  [['--oidc-issuer', issuer], '--oidc-issuer', 'takes oidcClientId, or at least oidcAudience'],
  [['--oidc-client-id', 'gateway'], '--oidc-client-id', 'belongs to oidcIssuer'],
  [[...client, '--oidc-roles', 'gateway-admins'], '--oidc-roles', 'is not a value and a role'],
  [[...client, '--oidc-roles', 'x=emperor'], '--oidc-roles', 'is not a value and a role'],
  [[...client, '--oidc-scopes', 'profile'], '--oidc-scopes', 'must have openid'],
])('%j is told with its place', (flags, place, reason) => {
  expect(given(flags).problems).toEqual([{ place, reason: expect.stringContaining(reason) }])
})

test('the secret is a secret, and what is wrong with it does not tell it', () => {
  const { problems } = given([], { HALIBUT_GATEWAY_OIDC_CLIENT_SECRET: 'very-secret' })
  expect(problems).toEqual([{ place: 'HALIBUT_GATEWAY_OIDC_CLIENT_SECRET', reason: 'belongs to oidcIssuer, which is not set' }])
})
