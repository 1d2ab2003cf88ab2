import type { AgentConnectionSnapshot, AgentPastState, EndedCall, MethodResult } from '@halibut-gateway/schemas'
import { expect, test } from 'vitest'
import { flowService, hostFlowService, type WaitingCall } from '../support/flow-service.ts'
import { createGatewayWorld, type GatewayWorld, type TestSocket } from '../support/gateway.ts'
import { createRealGateway } from '../support/real-gateway.ts'
import { ask } from '../support/rest.ts'
import { until } from '../support/stream-sections.ts'

interface Told {
  readonly connections: readonly AgentConnectionSnapshot[]
  readonly states: readonly AgentPastState[]
  readonly calls: readonly EndedCall[]
  readonly failures: readonly EndedCall[]
}

const told = async (world: Pick<GatewayWorld, 'origin' | 'token'>, path: string, token = world.token): Promise<Told> =>
  (await ask({ ...world, token }, `GET /agents/${path}`)).body as Told

test.each(['polling', 'listening'] as const)(
  'each connection of a %s agent is told with its TLS, its certificates and how much it is used',
  async mode => {
    const waiting: WaitingCall[] = []
    await using world = await createRealGateway({
      host: agent => hostFlowService(agent, call => waiting.push(call)),
      contracts: [flowService],
      mode,
    })
    const flow = world.client().agent('web-1').service(flowService)
    if (mode === 'listening') expect((await told(world, 'web-1/connections')).connections).toEqual([])
    await flow.Add(1n, 2n)
    await flow.Add(3n, 4n)
    const [first, ...others] = (await told(world, 'web-1/connections')).connections
    expect(others).toEqual([])
    expect(first).toMatchObject({
      direction: mode === 'polling' ? 'incoming' : 'outgoing',
      remoteAddress: expect.stringMatching(/127\.0\.0\.1\]?:\d+$/),
      protocol: 'TLSv1.3',
      cipher: expect.stringMatching(/^TLS_/),
      thumbprint: world.agent.thumbprint,
      own: world.runtime.thumbprint,
      calls: 2,
      busy: false,
    })
    const { since = '', used = '', expires = '', bytesRead = 0, bytesWritten = 0 } = first ?? {}
    expect(Date.parse(used)).toBeGreaterThanOrEqual(Date.parse(since) - 1)
    expect(Date.parse(expires)).toBeGreaterThan(Date.now())
    expect(Math.min(bytesRead, bytesWritten)).toBeGreaterThan(100)
    // While a call is under way its connection is busy, and its bytes are counted.
    const call = flow.Wait()
    await until(() => waiting.length === 1)
    const [busy] = (await told(world, 'web-1/connections')).connections
    expect(busy).toMatchObject({ calls: 3, busy: true, used, remoteAddress: first?.remoteAddress })
    expect(busy?.bytesWritten).toBeGreaterThan(bytesWritten)
    waiting[0]?.finish()
    await call
  },
)

test('the states that an agent was in are told with since and reason, the present one as everywhere else', async () => {
  await using world = await createGatewayWorld()
  const { directory } = world
  directory.report('a1', { type: 'reached', how: 'answers probes' })
  directory.report('a1', { type: 'missed', why: 'it did not answer', advice: 'wait' })
  const { agent } = (await ask(world, 'GET /agents/a1')).body as MethodResult<'agents.get'>
  const { states } = await told(world, 'a1/states', 'viewer')
  expect(states).toEqual([
    { state: 'suspect', since: agent.since, reason: 'it did not answer', advice: 'wait' },
    { state: 'connected', since: expect.any(String), reason: 'answers probes' },
  ])
})

const call = (socket: TestSocket, id: number, method: string, args: readonly unknown[]) =>
  socket.ask(id, 'agent.invoke', { agent: 'a1', service: 'IProbeService', method, args })

test('the last calls tell who, what and what came of it; of others only to those who may see what others do, and never what an agent said', async () => {
  await using world = await createGatewayWorld()
  const [operator, admin] = [await world.open('operator'), await world.open()]
  await call(operator, 1, 'Hello', ['you'])
  await call(operator, 2, 'Fail', ['the secret of the customer'])
  await call(admin, 3, 'Add(int64,int64)', ['1', '2'])

  const own = await told(world, 'a1/calls', 'operator')
  expect(own.calls).toMatchObject([
    {
      service: 'IProbeService',
      method: 'Fail(string)',
      principal: 'operator',
      queuedMs: expect.any(Number),
      durationMs: expect.any(Number),
      error: { kind: 'service_failed', phase: 'response', delivery: 'executed', message: 'the secret of the customer', remoteType: 'X' },
    },
    { method: 'Hello(string)', principal: 'operator' },
  ])
  expect(own.calls[1]).not.toHaveProperty('error')
  expect(own.failures).toEqual([own.calls[0]])

  const all = await told(world, 'a1/calls')
  expect(all.calls.map(({ method, principal }) => `${principal} ${method}`)).toEqual([
    'start Add(int64,int64)',
    'operator Fail(string)',
    'operator Hello(string)',
  ])
  expect(all.failures[0]?.error).toEqual({
    kind: 'service_failed',
    phase: 'response',
    delivery: 'executed',
    advice: expect.any(String),
    remoteType: 'X',
  })
  expect(JSON.stringify(all)).not.toContain('secret')
  expect(await told(world, 'a1/calls', 'viewer')).toEqual({ calls: [], failures: [] })
})

test('whoever gets the name of a sign-in that is over gets none of its calls', async () => {
  await using world = await createGatewayWorld()
  const made = () => world.tokens.create({ name: 'ci', role: 'operator', createdBy: 'start' })
  const first = await made()
  await call(await world.open(first.secret), 1, 'Fail', ['the secret of the customer'])
  expect((await told(world, 'a1/calls', first.secret)).failures).toMatchObject([{ principal: 'ci', error: { kind: 'service_failed' } }])
  await world.tokens.revoke(first.record.id)
  const second = await made()
  expect(await told(world, 'a1/calls', second.secret)).toEqual({ calls: [], failures: [] })
  await call(await world.open(second.secret), 1, 'Hello', ['you'])
  expect((await told(world, 'a1/calls', second.secret)).calls).toMatchObject([{ principal: 'ci', method: 'Hello(string)' }])
})

test('an agent that one may not see has no details, and one that is removed leaves none to the next of its name', async () => {
  await using world = await createGatewayWorld()
  const document = { rules: [{ name: 'others', who: ['viewer'], agents: ['other'] }] }
  expect((await ask(world, 'PUT /rules', { document }, { 'if-match': '*' })).status).toBe(200)
  for (const path of ['connections', 'states', 'calls']) {
    expect((await ask(world, `GET /agents/a1/${path}`)).status).toBe(200)
    for (const agent of ['a1', 'nobody']) {
      expect(await ask({ ...world, token: 'viewer' }, `GET /agents/${agent}/${path}`)).toMatchObject({
        status: 404,
        body: { kind: 'agent_not_found', detail: `there is no agent ${agent}` },
      })
    }
  }
  const web = { agent: 'web-1', uri: 'https://127.0.0.1:1/', thumbprint: 'A'.repeat(40), services: ['IProbeService'] }
  await ask(world, 'POST /agents', web)
  const admin = await world.open()
  await admin.ask(1, 'agent.invoke', { agent: 'web-1', service: 'IProbeService', method: 'Hello', args: ['you'] })
  expect((await told(world, 'web-1/calls')).calls).toHaveLength(1)
  // One more ends when the agent is gone already.
  const late = admin.ask(2, 'agent.invoke', { agent: 'web-1', service: 'IProbeService', method: 'Forever', args: [] })
  await until(() => world.calls.length === 2)
  await ask(world, 'DELETE /agents/web-1', undefined, { 'if-match': '*' })
  admin.send({ jsonrpc: '2.0', method: '$/cancel', params: { id: 2 } })
  await late
  await ask(world, 'POST /agents', web)
  expect((await told(world, 'web-1/calls')).calls).toEqual([])
})
