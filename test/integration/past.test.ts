import type { AgentChange, AgentUse, History } from '@halibut-gateway/schemas'
import { expect, test } from 'vitest'
import { Access } from '../../server/src/access/access.ts'
import { gatewayLimits } from '../../server/src/base/limits.ts'
import { createGatewayWorld, type GatewayWorld, type TestSocket } from '../support/gateway.ts'
import { ask } from '../support/rest.ts'

const thumbprint = 'B'.repeat(40)

async function get<T>(world: GatewayWorld, path: string, token = 'admin'): Promise<T> {
  const { status, body } = await ask({ ...world, token }, `GET ${path}`)
  expect([status, body]).toEqual([200, expect.anything()])
  return body as T
}

async function item<T>(socket: TestSocket): Promise<T> {
  return ((await socket.next()) as { params: { item: T } }).params.item
}

function call(socket: TestSocket, method: string, args: unknown[]): Promise<unknown> {
  return socket.ask('call', 'agent.invoke', { agent: 'a1', service: 'IProbeService', method, args })
}

test('who comes later is told what was counted before, with the errors by kind, and each step as it ends', {
  timeout: 30_000,
}, async () => {
  await using world = await createGatewayWorld()
  const socket = await world.open()
  await call(socket, 'Hello', ['you'])
  await call(socket, 'Fail', ['no'])
  const reader = await world.open('viewer')
  reader.send({ jsonrpc: '2.0', id: 'w', method: 'metrics.watch' })
  // How far the first step has come, and then each when it has ended: the calls may be in two.
  let told: History
  do {
    expect(await item(reader)).toMatchObject({ type: 'step', step: { ms: expect.any(Number), running: 0, queued: 0 } })
    told = await get<History>(world, '/metrics/history?minutes=15', 'viewer')
  } while (told.whole.calls < 2)
  expect(told).toMatchObject({
    stepMs: gatewayLimits.historyStepMs,
    seesAll: true,
    whole: { calls: 2, errors: [{ kind: 'service_failed', count: 1 }], took: { p50: expect.any(Number) } },
  })
  expect(told.steps.at(-1)).toMatchObject({ agents: { connected: 1, offline: 0 } })
  const last = Date.parse(told.steps.at(-1)?.at ?? '')
  const ended = new Date(last + 1).toISOString()
  const before = new Date(last - 600_000).toISOString()
  expect((await get<History>(world, `/metrics/history?from=${before}&to=${ended}`)).whole.calls).toBe(2)
  // Who has that step wants only what is newer.
  expect(await get<History>(world, `/metrics/history?after=${ended}`)).toMatchObject({ steps: [], whole: { calls: 2 } })
  const { status, body } = await ask({ ...world, token: 'viewer' }, 'GET /metrics/history?from=2030-13-45T99:99:99Z')
  expect([status, body]).toMatchObject([422, { kind: 'invalid_params', errors: [{ path: '/from' }] }])
})

test('what happened to agents is told to those who may see them, and is followed', async () => {
  const access = new Access()
  await access.change({ rules: [{ name: 'their own', who: ['viewer'], agents: ['a2'] }] })
  await using world = await createGatewayWorld({ access })
  for (const id of ['a2', 'a3']) {
    world.directory.add({ id, name: `The ${id}`, uri: `poll://${id}/`, thumbprint })
    world.directory.report(id, { type: 'reached', how: 'polls' })
  }
  world.directory.remove('a3')
  const seen = async (token: string, query = ''): Promise<string[]> =>
    (await get<{ changes: AgentChange[] }>(world, `/changes${query}`, token)).changes.map(({ agent, from, to }) => `${agent} ${from} ${to}`)
  const [came, up] = ['a2 undefined offline', 'a2 offline connected']
  expect(await seen('admin')).toEqual([came, up, 'a3 undefined offline', 'a3 offline connected', 'a3 connected undefined'])
  expect(await seen('viewer')).toEqual([came, up])
  expect(await seen('admin', '?agent=a3&limit=2')).toEqual(['a3 offline connected', 'a3 connected undefined'])
  const socket = await world.open('viewer')
  socket.send({ jsonrpc: '2.0', id: 'w', method: 'changes.watch' })
  type Told = { type: string; changes: AgentChange[]; missed?: number }
  expect(await item<Told>(socket)).toMatchObject({ type: 'snapshot', changes: [{ agent: 'a2', name: 'The a2' }, { reason: 'polls' }] })
  world.directory.report('a1', { type: 'reached', how: 'it listens' })
  world.directory.report('a2', { type: 'gone', why: 'it left' })
  world.directory.report('a2', { type: 'reached', how: 'it is back' })
  const { type, changes } = await item<Told>(socket)
  expect([type, changes.map(({ agent, to }) => [agent, to])]).toEqual([
    'changes',
    [
      ['a2', 'offline'],
      ['a2', 'connected'],
    ],
  ])
  expect(await get<History>(world, '/metrics/history', 'viewer')).toMatchObject({ seesAll: false })
})

test('a reader of changes that is slow is told how many it has missed, and gets the newest', async () => {
  await using world = await createGatewayWorld()
  const socket = await world.open()
  for (let i = 0; i < gatewayLimits.rememberedChanges + 10; i++) {
    world.directory.report('a1', i % 2 === 0 ? { type: 'reached', how: `${i}` } : { type: 'gone', why: `${i}` })
  }
  socket.send({ jsonrpc: '2.0', id: 'w', method: 'changes.watch' })
  const told: AgentChange[] = []
  while (told.length < gatewayLimits.rememberedChanges) {
    const { changes, missed } = await item<{ changes: AgentChange[]; missed?: number }>(socket)
    expect(missed).toBe(told.length === 0 ? 10 : undefined)
    told.push(...changes)
  }
  expect([told.length, told[0]?.reason, told.at(-1)?.reason]).toEqual([
    gatewayLimits.rememberedChanges,
    '10',
    String(gatewayLimits.rememberedChanges + 9),
  ])
})

test('when an agent was called last and what waits for it is told of those that one may see', async () => {
  const access = new Access()
  await access.change({ rules: [{ name: 'another', who: ['viewer'], agents: ['a2'] }] })
  await using world = await createGatewayWorld({ access })
  const [caller, reader, other] = [await world.open(), await world.open(), await world.open('viewer')]
  expect(await get(world, '/use')).toEqual({ use: [] })
  type Told = { type: string; use: AgentUse[] }
  for (const each of [reader, other]) each.send({ jsonrpc: '2.0', id: 'w', method: 'use.watch' })
  expect([await item<Told>(reader), await item<Told>(other)]).toEqual([
    { type: 'snapshot', use: [] },
    { type: 'snapshot', use: [] },
  ])
  await call(caller, 'Hello', ['you'])
  const lastCall = expect.stringMatching(/^\d{4}-/)
  const use = [{ agent: 'a1', lastCall, queued: 0, running: 0 }]
  expect(await item<Told>(reader)).toEqual({ type: 'changed', use })
  expect(await get(world, '/use')).toEqual({ use })
  expect(await get(world, '/use', 'viewer')).toEqual({ use: [] })
  world.directory.remove('a1')
  expect(await item(reader)).toEqual({ type: 'removed', ids: ['a1'] })
})
