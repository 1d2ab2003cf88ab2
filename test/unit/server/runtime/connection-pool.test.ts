import { expect, test } from 'vitest'
import { gatewayRuntimeLimits } from '../../../../server/src/base/limits.ts'
import { testIdentity } from '../../../support/certificates.ts'
import { flowService, hostFlowService, type WaitingCall } from '../../../support/flow-service.ts'
import { collectLog, createRuntime, createWorld, dialCount } from '../../../support/world.ts'

/** A listening agent whose calls of `Wait` run until they are finished, and a client of it. */
async function createBusyAgent(limits: object) {
  const running: WaitingCall[] = []
  let begun = (): void => undefined
  const world = await createWorld({
    agent: { trust: ['client', 'other'].map(name => testIdentity(name).thumbprint) },
    client: { limits },
    host: agent =>
      hostFlowService(agent, call => {
        running.push(call)
        begun()
      }),
  })
  const { client, endpoint } = world
  const log = collectLog(client)
  const flow = client.createClient(flowService, endpoint)
  return {
    running,
    client,
    endpoint,
    flow,
    dials: () => dialCount(log),
    /** Resolves when so many calls run at the agent. */
    async untilRunning(count: number): Promise<void> {
      while (running.length < count) {
        await new Promise<void>(resolve => {
          begun = resolve
        })
      }
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  }
}

test('as many calls as maxConnectionsPerAgent run at once, the next one waits until one of them has ended', async () => {
  await using agent = await createBusyAgent({ maxConnectionsPerAgent: 8 })
  await using other = createRuntime('other')
  const calls = Array.from({ length: 8 }, () => agent.flow.Wait())
  await agent.untilRunning(8)
  let sent = 0
  const ninth = agent.client.call({
    endpoint: agent.endpoint,
    contract: flowService,
    service: flowService.service,
    method: 'Wait',
    args: [],
    onSending: () => sent++,
  })
  // A whole call of somebody else, so that the ninth had every time to go.
  expect(await other.createClient(flowService, agent.endpoint).Add(1n, 2n)).toBe(3n)
  expect([agent.running.length, agent.dials(), sent]).toEqual([8, 8, 0])
  agent.running[3]?.finish()
  await agent.untilRunning(9)
  expect([agent.dials(), sent]).toEqual([8, 1])
  for (const { finish } of agent.running) finish()
  expect(await Promise.all([...calls, ninth])).toEqual(Array.from({ length: 9 }, () => 'done'))
})

test('one that waits for a connection and is cancelled is never sent, and the one behind it takes its turn', async () => {
  await using agent = await createBusyAgent({ maxConnectionsPerAgent: 1 })
  const first = agent.flow.Wait()
  await agent.untilRunning(1)
  const stop = new AbortController()
  const second = agent.flow.Wait({ signal: stop.signal })
  const third = agent.flow.Add(1n, 2n)
  stop.abort()
  await expect(second).rejects.toMatchObject({ kind: 'cancelled', phase: 'queue', delivery: 'not_sent' })
  agent.running[0]?.finish()
  expect([await first, await third, agent.running.length, agent.dials()]).toEqual(['done', 3n, 1, 1])
})

test.each([
  ['the gateway', 'keeps a connection for each', gatewayRuntimeLimits, 8],
  ['the library', 'keeps five, as .NET, and dials the others again', {}, 11],
] as const)('after eight calls in parallel %s %s', async (_who, _does, limits, dials) => {
  await using agent = await createBusyAgent(limits)
  for (const round of [1, 2]) {
    const calls = Array.from({ length: 8 }, () => agent.flow.Wait())
    await agent.untilRunning(8 * round)
    for (const { finish } of agent.running) finish()
    await Promise.all(calls)
  }
  expect(agent.dials()).toBe(dials)
})
