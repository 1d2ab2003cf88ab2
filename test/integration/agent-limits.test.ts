import type { MethodResult } from '@halibut-gateway/schemas'
import { expect, test } from 'vitest'
import { flowService, hostFlowService } from '../support/flow-service.ts'
import { createGatewayWorld, type GatewayWorld } from '../support/gateway.ts'
import { idleMesh } from '../support/idle-mesh.ts'
import { createRealGateway } from '../support/real-gateway.ts'
import { ask } from '../support/rest.ts'

const web = { agent: 'web-1', uri: 'poll://web-1/', thumbprint: 'A'.repeat(40) }

const agentOf = (answer: { readonly body: unknown }): MethodResult<'agents.get'>['agent'] =>
  (answer.body as MethodResult<'agents.get'>).agent
const change = (world: GatewayWorld, changes: object) => ask(world, 'PATCH /agents/web-1', changes, { 'if-match': '*' })

test('limits of one agent are told, kept and taken back, and each change of them is another version', async () => {
  await using world = await createGatewayWorld()
  const first = agentOf(await ask(world, 'POST /agents', web))
  expect(first).not.toHaveProperty('limits')
  const limits = { pollingRequestQueueTimeoutMs: 30_000 }
  const limited = agentOf(await change(world, { limits }))
  expect(limited).toMatchObject({ limits, state: first.state, since: first.since })
  expect(limited.version).not.toBe(first.version)
  expect(world.directory.require('web-1').endpoint).toMatchObject({ limits })
  // What is not named stays, and none is as if there never were some.
  expect(agentOf(await change(world, { name: 'The web' }))).toMatchObject({ limits })
  const back = agentOf(await change(world, { limits: {}, name: null }))
  expect(back).not.toHaveProperty('limits')
  expect(back.version).toBe(first.version)
  for (const unfit of [{ pollingRequestQueueTimeoutMs: 0 }, { retryCountLimit: 1_000 }, { maxMessageBytes: 1 }]) {
    expect(await change(world, { limits: unfit })).toMatchObject({ status: 422, body: { kind: 'invalid_params' } })
  }
})

test('a change of its limits leaves an agent its connections', async () => {
  const ended: unknown[] = []
  const mesh = { ...idleMesh, disconnect: (endpoint: unknown) => ended.push(endpoint), leave: (endpoint: unknown) => ended.push(endpoint) }
  await using world = await createGatewayWorld({ mesh: mesh as never })
  await world.agents.add({ id: 'web-1', uri: 'https://127.0.0.1:1/', thumbprint: 'A'.repeat(40) })
  await world.agents.edit('web-1', before => ({ ...before, limits: { retryCountLimit: 1 } }))
  expect([ended, world.directory.require('web-1').endpoint.limits]).toEqual([[], { retryCountLimit: 1 }])
})

test('a call waits for a polling agent for as long as that agent’s own limit says', async () => {
  await using world = await createRealGateway({
    host: agent => hostFlowService(agent, () => undefined),
    contracts: [flowService],
    mode: 'polling',
  })
  const { directory } = world
  directory.add({
    id: 'away',
    uri: 'poll://away/',
    thumbprint: 'A'.repeat(40),
    services: ['IFlowService'],
    limits: { pollingRequestQueueTimeoutMs: 20 },
  })
  await expect(world.client().agent('away').service(flowService).Add(1n, 2n)).rejects.toMatchObject({
    kind: 'deadline_exceeded',
    phase: 'queue',
    delivery: 'not_sent',
  })
})
