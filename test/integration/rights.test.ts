import { type MethodName, methods } from '@halibut-gateway/schemas'
import { type Right, type Role, roles } from '@halibut-gateway/schemas/wire'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Audit } from '../../server/src/audit/audit.ts'
import { parseEntry } from '../../server/src/audit/entry.ts'
import { oidcOptions } from '../../server/src/gateway/oidc/options.ts'
import { loadSettings } from '../../server/src/settings/load.ts'
import { testIdentity } from '../support/certificates.ts'
import { createFakeIssuer, createIssuerKey, type FakeIssuer, signed } from '../support/fake-issuer.ts'
import { createGatewayWorld, type GatewayWorld, type TestSocket } from '../support/gateway.ts'
import { openMemoryStore } from '../support/memory-store.ts'
import { ask } from '../support/rest.ts'

// The matrix: every method for every role, by a token and by a JWT, over a WebSocket and, where it is there, over HTTP. Who may do what is written down here once more, so that a change of the table is noticed.

const viewer: readonly Right[] = ['none', 'agents.read', 'calls.read', 'contracts.read', 'metrics.read']
const operator: readonly Right[] = [...viewer, 'agents.call', 'trust.read']
const admin: readonly Right[] = [
  ...operator,
  'agents.write',
  'contracts.write',
  'trust.write',
  'rules.read',
  'rules.write',
  'tokens.read',
  'tokens.write',
  'audit.read',
  'backup.write',
  'inspect.read',
]
const rightsOf: Readonly<Record<Role, readonly Right[]>> = { viewer, operator, admin }

const signIns = ['token', 'JWT'] as const
const cells = (Object.keys(methods) as MethodName[]).flatMap(method =>
  roles.flatMap(role => signIns.map(signIn => [method, role, signIn, rightsOf[role].includes(methods[method].right)] as const)),
)

let issuer: FakeIssuer
let world: GatewayWorld
const credentials = new Map<string, string>()
const sockets = new Map<string, TestSocket>()
beforeAll(async () => {
  issuer = await createFakeIssuer()
  const key = await createIssuerKey('one')
  issuer.keys = [key.publicJwk]
  const flags = ['--oidc-issuer', issuer.issuer, '--oidc-audience', 'gateway']
  world = await createGatewayWorld({ oidc: oidcOptions(loadSettings({ flags, environment: {} })) })
  for (const role of roles) {
    const claims = { iss: issuer.issuer, aud: 'gateway', sub: role, exp: Math.floor(Date.now() / 1_000) + 3_600, roles: [role] }
    credentials.set(`${role} token`, role).set(`${role} JWT`, await signed(key, claims))
  }
  // Whoever can sign in can say hello: the one method that only opens a session.
  for (const [name, credential] of credentials) sockets.set(name, await world.open(credential))
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
})

test('no cell of the matrix is missing', () => {
  expect(cells.length).toBe(Object.keys(methods).length * 3 * 2)
})

test.each(cells.filter(([method]) => methods[method].http !== undefined))(
  'over HTTP %s for the role %s by a %s: %s',
  async (method, role, signIn, allowed) => {
    const [verb = '', path = ''] = (methods[method].http ?? '').split(' ')
    // Where nothing but the right is wrong, whoever has it gets further; a body that nobody may send is not read.
    const asked = await ask(
      { ...world, token: credentials.get(`${role} ${signIn}`) ?? '' },
      `${verb} ${path.replaceAll(/\{\w+\}/g, '-')}`,
      verb === 'GET' || verb === 'DELETE' ? undefined : '{',
    )
    const kind = (asked.body as { kind?: string }).kind
    expect(kind === 'forbidden').toBe(!allowed)
  },
)

test.each(cells)('%s for the role %s by a %s: %s', async (method, role, signIn, allowed) => {
  // No method takes these parameters, so that none runs; whoever may not call it is not told so.
  const answer = await sockets.get(`${role} ${signIn}`)?.ask(`${role} ${method}`, method, { '': 0 })
  const refused = method === 'hello' ? 'invalid_request' : 'invalid_params'
  expect(answer).toMatchObject({ error: { data: { kind: allowed ? refused : 'forbidden', delivery: 'not_sent' } } })
})

test('what was refused is written down, whichever way it was asked for', async () => {
  await using store = openMemoryStore()
  await using world = await createGatewayWorld({ audit: new Audit(store, () => testIdentity('gateway')) })
  const socket = await world.open('viewer')
  await socket.ask(1, 'agents.remove', { agent: 'a1', version: '*' })
  const { status, body } = await ask({ ...world, token: 'viewer' }, 'DELETE /agents/a1')
  expect([status, body]).toMatchObject([403, { kind: 'forbidden', agent: 'a1', delivery: 'not_sent' }])
  const refused = { who: 'viewer', action: 'agents.remove', agent: 'a1', outcome: 'forbidden' }
  expect((await store.audit.read({ limit: 10 })).map(({ text }) => parseEntry(text))).toMatchObject([refused, refused])
})
