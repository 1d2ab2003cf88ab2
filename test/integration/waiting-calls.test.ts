import type { CallSnapshot } from '@halibut-gateway/schemas'
import { expect, test } from 'vitest'
import { flowService, hostFlowService, type WaitingCall } from '../support/flow-service.ts'
import type { TestSocket } from '../support/gateway.ts'
import { createRealGateway } from '../support/real-gateway.ts'
import { ask } from '../support/rest.ts'
import { until } from '../support/stream-sections.ts'

interface Listed {
  readonly calls: readonly CallSnapshot[]
}

/** A gateway whose agent takes no second call while one runs. */
async function createWorld(mode: 'polling' | 'listening') {
  const waiting: WaitingCall[] = []
  const world = await createRealGateway({
    host: agent => hostFlowService(agent, call => waiting.push(call)),
    contracts: [flowService],
    mode,
    limits: { maxConnectionsPerAgent: 1 },
  })
  const open = async (): Promise<TestSocket> => {
    const socket = await world.socket()
    await socket.hello()
    return socket
  }
  const call = (socket: TestSocket, id: number, more: object = {}): void =>
    socket.send({
      jsonrpc: '2.0',
      id,
      method: 'agent.invoke',
      params: { agent: 'web-1', service: 'IFlowService', method: 'Wait', args: [], ...more },
    })
  const listed = async (query = ''): Promise<readonly CallSnapshot[]> => ((await ask(world, `GET /calls${query}`)).body as Listed).calls
  const becomes = async (looked: () => Promise<boolean>): Promise<void> => {
    while (!(await looked())) await new Promise(setImmediate)
  }
  return { world, waiting, open, call, listed, becomes, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() }
}

test.each(['polling', 'listening'] as const)(
  'a call to a %s agent that is busy tells its place and what is ahead, and moves up',
  async mode => {
    await using it = await createWorld(mode)
    const [one, two] = [await it.open(), await it.open()]
    it.call(one, 1)
    await until(() => it.waiting.length === 1)
    it.call(one, 2)
    await it.becomes(async () => (await it.listed()).length === 2)
    it.call(two, 3)
    await it.becomes(async () => (await it.listed()).filter(({ waiting }) => waiting?.place !== undefined).length === 2)
    const [running, next, last] = await it.listed('?agent=web-1')
    expect(running).toMatchObject({ state: 'running' })
    expect(running).not.toHaveProperty('waiting')
    const limit = { name: mode === 'polling' ? 'connections of the agent' : 'maxConnectionsPerAgent', value: 1 }
    expect(next).toMatchObject({ state: 'queued', waiting: { place: 1, running: 1, limit, hidden: 0 } })
    expect(last?.waiting?.ahead.map(({ activityId }) => activityId)).toEqual([running?.activityId, next?.activityId])
    expect(last?.waiting?.place).toBe(2)
    it.waiting[0]?.finish()
    await it.becomes(async () => (await it.listed()).at(-1)?.waiting?.place === 1)
    await until(() => it.waiting.length === 2)
    it.waiting[1]?.finish()
    await until(() => it.waiting.length === 3)
    it.waiting[2]?.finish()
    expect(await two.next()).toMatchObject({ id: 3, result: { value: 'done' } })
  },
)

test('a watch tells which calls are of its session, and the place of each as it changes; a call with a key tells it by its key', async () => {
  await using it = await createWorld('polling')
  const [mine, other] = [await it.open(), await it.open()]
  it.call(other, 1)
  await until(() => it.waiting.length === 1)
  await mine.ask('w', 'calls.watch')
  const epoch = (await ask(it.world, 'GET /calls')).headers.get('halibut-epoch')
  it.call(mine, 2, { idempotencyKey: 'k', epoch })
  const seen: CallSnapshot[] = []
  while (!seen.at(-1)?.waiting) {
    const message = (await mine.next()) as unknown as { params: { item: { call?: CallSnapshot } } }
    if (message.params.item.call?.own) seen.push(message.params.item.call)
  }
  expect(seen.at(-1)).toMatchObject({ own: true, state: 'queued', waiting: { place: 1, running: 1, ahead: [{ method: 'Wait()' }] } })
  expect((await it.listed()).map(({ own }) => own)).toEqual([undefined, undefined])
  expect(await ask(it.world, `GET /calls/k?epoch=${epoch}`)).toMatchObject({
    body: { state: 'running', call: { state: 'queued', waiting: { place: 1 } } },
  })
  it.waiting[0]?.finish()
  await until(() => it.waiting.length === 2)
  it.waiting[1]?.finish()
})
