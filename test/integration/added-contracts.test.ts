import { int64, list, method, object, service, string } from '@halibut-gateway/schemas/contract'
import { expect, test } from 'vitest'
import { createClient } from '../../client-sdk/src/index.ts'
import type { HalibutRuntime } from '../../server/src/runtime/runtime.ts'
import { createGatewayWorld, type GatewayWorld } from '../support/gateway.ts'
import { nodeWebSocket } from '../support/node-websocket.ts'
import { createRealGateway } from '../support/real-gateway.ts'
import { type Answer, ask } from '../support/rest.ts'
import { until } from '../support/stream-sections.ts'

const tools = service('IToolService', { Hello: method([['name', string]], string) })
const larger = service('IToolService', { Hello: method([['name', string]], string), Add: method([['a', int64]], int64) })
const document = (contract: object): Record<string, unknown> => JSON.parse(JSON.stringify(contract))
const version = ({ headers }: Answer): string => headers.get('etag') ?? ''

const add = (world: GatewayWorld, contract: object, agent?: string): Promise<Answer> =>
  ask(world, 'POST /contracts', { contract: document(contract), ...(agent !== undefined && { agent }) })

test('a contract that is added over HTTP is listed, discovered and callable at once, in a session that is open too', async () => {
  await using world = await createGatewayWorld()
  const open = await world.open('operator')
  const call = { agent: 'a1', service: 'IToolService', method: 'Hello', args: ['you'] }
  // Untyped until then: the pretended agent knows only signatures.
  expect(await open.ask(1, 'agent.invoke', call)).toMatchObject({ error: { data: { kind: 'service_failed' } } })
  const added = await add(world, tools)
  expect([added.status, added.headers.get('location')]).toEqual([201, 'contracts/IToolService'])
  expect(added.body).toMatchObject({ service: 'IToolService', entry: { readOnly: false, methods: ['Hello(string)'] }, warnings: [] })
  expect(await open.ask(2, 'agent.invoke', call)).toMatchObject({ result: { value: 'Hello you', signature: 'Hello(string)' } })
  expect(await open.ask(3, 'contracts.list')).toMatchObject({
    result: {
      contracts: [
        { service: 'IProbeService', readOnly: true },
        { service: 'IToolService', readOnly: false, added: expect.any(String) },
      ],
    },
  })
  expect(await open.ask(4, 'contracts.get', { service: 'IToolService' })).toMatchObject({ result: { contract: document(tools) } })
  expect(await open.ask(5, 'rpc.discover')).toMatchObject({
    result: { 'x-services': [{ service: 'IProbeService' }, { service: 'IToolService', methods: ['Hello(string)'] }] },
  })
})

test('a contract for one agent is for its calls alone, goes before the one for all, and stands in its services while it is there', async () => {
  await using world = await createGatewayWorld()
  world.directory.add({ id: 'b1', uri: 'https://127.0.0.1:2/', thumbprint: 'A'.repeat(40) })
  const watching = await world.open()
  await watching.ask('w', 'agents.watch')
  await add(world, tools)
  const own = await add(world, larger, 'b1')
  expect(own.body).toMatchObject({ entry: { agent: 'b1', methods: ['Hello(string)', 'Add(int64)'] } })
  expect(await watching.next()).toMatchObject({ params: { item: { type: 'changed', agents: [{ id: 'b1', services: ['IToolService'] }] } } })
  const unknown = { status: 422, body: { kind: 'invalid_params', errors: [{ path: '/method' }] } }
  const calls = { service: 'IToolService', method: 'Add', args: [] }
  expect(await ask(world, 'POST /agents/a1/calls', calls)).toMatchObject(unknown)
  expect(await ask(world, 'POST /agents/b1/calls', calls)).toMatchObject({ body: { errors: [{ path: expect.stringContaining('/args') }] } })
  expect(await ask(world, 'GET /contracts?agent=b1')).toMatchObject({
    body: { contracts: [{ service: 'IProbeService' }, { agent: 'b1' }] },
  })
  expect(await ask(world, 'GET /contracts/IToolService')).toMatchObject({ body: { contract: document(tools) } })
  const read = await ask(world, 'GET /contracts/IToolService?agent=b1')
  expect(read.body).toMatchObject({ contract: document(larger) })
  expect((await ask(world, 'DELETE /contracts/IToolService?agent=b1', undefined, { 'if-match': version(read) })).status).toBe(204)
  expect(await watching.next()).toMatchObject({ params: { item: { type: 'changed', agents: [{ id: 'b1', services: [] }] } } })
  expect(await ask(world, 'POST /agents/b1/calls', calls)).toMatchObject(unknown)
  expect(await add(world, tools, 'nobody')).toMatchObject({ status: 404, body: { kind: 'agent_not_found' } })
})

test('where only agents have contracts of a service, its contract is found without their names, and goes with the agent', async () => {
  await using world = await createGatewayWorld()
  await ask(world, 'POST /agents', { agent: 'p', uri: 'poll://p/', thumbprint: 'B'.repeat(40) })
  await add(world, tools, 'p')
  expect(await ask(world, 'GET /contracts/IToolService')).toMatchObject({ body: { contract: document(tools), entry: { agent: 'p' } } })
  await ask(world, 'DELETE /agents/p', undefined, { 'if-match': '*' })
  expect(await ask(world, 'GET /contracts/IToolService')).toMatchObject({ status: 404, body: { kind: 'service_not_found' } })
})

test('a contract is replaced and removed in the version that was seen, one of the settings never, and a taken name is told', async () => {
  await using world = await createGatewayWorld()
  const added = await add(world, tools)
  expect((await add(world, tools)).body).toEqual(added.body)
  expect(await add(world, larger)).toMatchObject({
    status: 409,
    body: { kind: 'conflict', detail: 'there is another contract for the service IToolService already' },
  })
  const alias = service('IOtherService', {}, { aliases: ['IToolService'] })
  expect(await add(world, alias)).toMatchObject({ status: 409, body: { kind: 'conflict' } })
  const put = { contract: document(larger) }
  expect(await ask(world, 'PUT /contracts/IToolService', put)).toMatchObject({ status: 428 })
  expect(await ask(world, 'PUT /contracts/IToolService', put, { 'if-match': '"another"' })).toMatchObject({ status: 412 })
  const replaced = await ask(world, 'PUT /contracts/IToolService', put, { 'if-match': version(added) })
  expect(replaced).toMatchObject({ status: 200, body: { entry: { methods: ['Hello(string)', 'Add(int64)'] } } })
  expect(version(replaced)).not.toBe(version(added))
  expect(await ask(world, 'PUT /contracts/IToolService', { contract: document(alias) }, { 'if-match': '*' })).toMatchObject({
    status: 422,
    body: { kind: 'invalid_contract' },
  })
  expect(await ask(world, 'DELETE /contracts/IToolService', undefined, { 'if-match': version(added) })).toMatchObject({ status: 412 })
  for (const [request, body] of [
    ['PUT /contracts/IProbeService', { contract: document(tools) }],
    ['DELETE /contracts/IProbeService', undefined],
  ] as const) {
    expect(await ask(world, request, body, { 'if-match': '*' })).toMatchObject({
      status: 400,
      body: { kind: 'invalid_argument', detail: expect.stringContaining('stands in the settings') },
    })
  }
  expect(await ask(world, 'DELETE /contracts/INone', undefined, { 'if-match': '*' })).toMatchObject({
    status: 404,
    body: { kind: 'not_found' },
  })
})

const deep = (levels: number): unknown => (levels === 0 ? 'int32' : { list: deep(levels - 1) })
const withParam = (type: unknown, marks: object = {}): object => ({
  contract: 1,
  service: 'IBad',
  methods: [{ name: 'M', params: [{ name: 'a', type, ...marks }], result: 'void' }],
})

test.each([
  ['a pattern', withParam('string', { pattern: '^a+$' }), 'invalid_contract', '/methods/0/params/0/pattern'],
  ['a reference to elsewhere', withParam({ $ref: 'https://example.com/x.json' }), 'invalid_contract', '/methods/0/params/0/type'],
  ['types that nest without end', withParam(deep(30)), 'invalid_contract', 'nests types more than'],
  ['no methods', { contract: 1, service: 'IBad' }, 'invalid_contract', '/methods'],
  ['a text that is too long', { ...tools, description: 'x'.repeat(300_000) }, 'message_too_large', '262144 characters'],
] as const)('a contract with %s is refused with the place and the reason', async (_, contract, kind, told) => {
  await using world = await createGatewayWorld()
  const { body } = await ask(world, 'POST /contracts', { contract })
  expect(body).toMatchObject({ kind, detail: expect.stringContaining(told) })
  expect(await ask(world, 'GET /contracts')).toMatchObject({ body: { contracts: [{ service: 'IProbeService' }] } })
})

test('what runs with a contract that is removed, or replaced by another one, comes to its end by it', async () => {
  const shape = object('Acme.Shape, Acme', { Name: string })
  const shapes = service('IShapes', { Draw: method([['name', string]], list(shape)) })
  const waiting: (() => void)[] = []
  const host = (agent: HalibutRuntime): void =>
    agent.addService(shapes, {
      Draw: async name => {
        await new Promise<void>(resolve => waiting.push(resolve))
        return [{ Name: name }]
      },
    })
  await using world = await createRealGateway({ host, contracts: [] })
  const client = createClient({ url: world.origin, token: world.token, webSocket: nodeWebSocket })
  try {
    await client.request('contracts.add', { contract: document(shapes) })
    const drawn = client.agent('web-1').service(shapes).Draw('one')
    await until(() => waiting.length === 1)
    await client.request('contracts.remove', { service: 'IShapes', version: '*' })
    await client.request('contracts.add', { contract: document(service('IShapes', { Draw: method([['size', int64]], int64) })) })
    waiting[0]?.()
    expect(await drawn).toEqual([{ Name: 'one' }])
  } finally {
    client.close()
  }
})
