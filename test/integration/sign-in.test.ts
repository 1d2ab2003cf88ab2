import { type MethodName, methods } from '@halibut-gateway/schemas'
import { hasRight, type Right, roles, subprotocol } from '@halibut-gateway/schemas/wire'
import openRpc from '@open-rpc/meta-schema'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { createGatewayWorld, type GatewayWorld, TestSocket } from '../support/gateway.ts'

async function ticketOf(world: GatewayWorld, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${world.origin}/api/v1/ws-tickets`, { method: 'POST', headers: { authorization: `Bearer ${world.token}`, ...headers } })
}

const open = (world: GatewayWorld, credential: string, headers: Record<string, string> = {}): Promise<TestSocket> =>
  TestSocket.open(world.url, [subprotocol, credential], headers)

test('a token gives a ticket, which opens one socket', async () => {
  await using world = await createGatewayWorld()
  const response = await ticketOf(world)
  expect([response.status, response.headers.get('cache-control')]).toEqual([201, 'no-store'])
  const { ticket, expiresInMs } = (await response.json()) as { ticket: string; expiresInMs: number }
  expect(expiresInMs).toBe(30_000)
  const socket = await open(world, ticket)
  expect(socket.socket.protocol).toBe(subprotocol)
  expect(await socket.hello()).toMatchObject({ result: { principal: { name: 'start' } } })
  socket.close()
  await expect(open(world, ticket)).rejects.toThrow('HTTP 401')
})

test('a ticket is for the Origin that asked for it', async () => {
  await using world = await createGatewayWorld()
  const { ticket } = (await (await ticketOf(world, { origin: world.origin })).json()) as { ticket: string }
  await expect(open(world, ticket)).rejects.toThrow('HTTP 401')
  const again = (await (await ticketOf(world, { origin: world.origin })).json()) as { ticket: string }
  const socket = await open(world, again.ticket, { origin: world.origin })
  socket.close()
})

test('nobody gets a ticket without a token, with a wrong one, or with a ticket', async () => {
  await using world = await createGatewayWorld()
  const { ticket } = (await (await ticketOf(world)).json()) as { ticket: string }
  for (const authorization of [undefined, 'Bearer nonsense', `Bearer ${ticket}`]) {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
    const response = await fetch(`${world.origin}/api/v1/ws-tickets`, { method: 'POST', headers })
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ type: '/problems/unauthorized', kind: 'unauthorized' })
  }
})

test('a page of another origin gets nothing, with or without a token', async () => {
  await using world = await createGatewayWorld()
  expect((await ticketOf(world, { origin: 'https://evil.example' })).status).toBe(403)
  const { ticket } = (await (await ticketOf(world)).json()) as { ticket: string }
  await expect(open(world, ticket, { origin: 'https://evil.example' })).rejects.toThrow('HTTP 403')
  await expect(open(world, world.token, { host: 'rebound.example' })).rejects.toThrow('HTTP 403')
})

test('a page of an origin on the list may read what the API answers', async () => {
  await using world = await createGatewayWorld()
  const preflight = await fetch(`${world.origin}/api/v1/ws-tickets`, {
    method: 'OPTIONS',
    headers: { origin: world.origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
  })
  expect(preflight.status).toBe(204)
  const headers = Object.fromEntries(preflight.headers)
  expect(headers).toMatchObject({ 'access-control-allow-origin': world.origin, vary: 'Origin', 'access-control-max-age': '600' })
  expect(headers['access-control-allow-methods']).toBe('GET, POST, PUT, PATCH, DELETE')
  expect(headers['access-control-allow-headers']).toContain('authorization')
  expect(headers['access-control-allow-credentials']).toBeUndefined()
  // What is not for pages of others stays so, and a page reads why nothing is there.
  const others = await fetch(`${world.origin}/metrics`, {
    method: 'OPTIONS',
    headers: { origin: world.origin, 'access-control-request-method': 'GET' },
  })
  expect([others.status, others.headers.get('access-control-allow-origin')]).toEqual([404, null])
  const nothing = await fetch(`${world.origin}/api/v1/nothing`, { headers: { origin: world.origin } })
  expect([nothing.status, nothing.headers.get('access-control-allow-origin')]).toEqual([404, world.origin])
  const answer = await ticketOf(world, { origin: world.origin })
  expect([answer.headers.get('access-control-allow-origin'), answer.headers.get('cross-origin-resource-policy')]).toEqual([
    world.origin,
    'cross-origin',
  ])
  expect(
    (await fetch(`${world.origin}/livez`, { headers: { origin: world.origin } })).headers.get('access-control-allow-origin'),
  ).toBeNull()
})

test('the OpenRPC document needs no sign-in, fits the meta-schema, and is what rpc.discover answers to an admin', async () => {
  await using world = await createGatewayWorld()
  const response = await fetch(`${world.origin}/openrpc.json`)
  const document = (await response.json()) as { methods: { name: string }[] }
  const socket = await world.open()
  expect(await socket.ask(1, 'rpc.discover')).toMatchObject({ result: document })
  expect(document.methods.map(({ name }) => name)).toContain('agent.invoke')
  const validate = new Ajv({ strict: false, logger: false }).compile(metaSchema())
  expect([validate(document), validate.errors]).toEqual([true, null])
  expect(validate({ ...document, methods: [{ name: 'broken' }] })).toBe(false)
})

test.each(roles)('the OpenRPC document of a sign-in as %s is what its rpc.discover answers: what it may call', async role => {
  await using world = await createGatewayWorld()
  const response = await fetch(`${world.origin}/openrpc.json`, { headers: { authorization: `Bearer ${role}` } })
  const document = (await response.json()) as { methods: { name: MethodName; 'x-right': Right }[] }
  const socket = await world.open(role)
  expect(await socket.ask(1, 'rpc.discover')).toMatchObject({ result: document })
  const allowed = (Object.keys(methods) as MethodName[]).filter(name => hasRight(role, methods[name].right))
  expect(document.methods.map(({ name }) => name)).toEqual(allowed)
  expect(document.methods.map(method => method['x-right'])).toEqual(allowed.map(name => methods[name].right))
  expect((await fetch(`${world.origin}/openrpc.json`, { headers: { authorization: 'Bearer nobody' } })).status).toBe(401)
})

/** The meta-schema of the OpenRPC initiative, without the address of another one that only names JSON Schema’s. */
function metaSchema(): object {
  const text = JSON.stringify('default' in openRpc ? openRpc.default : openRpc).replaceAll(
    /"\$ref":"https:\/\/meta\.json-schema\.tools[^"]*"/g,
    '"title":"JSON Schema’s own"',
  )
  const { $schema: _, $id: __, ...rest } = JSON.parse(text) as Record<string, unknown>
  return rest
}
