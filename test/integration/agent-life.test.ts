import { expect, test } from 'vitest'
import { AgentManager } from '../../server/src/fleet/agent-manager.ts'
import type { HalibutRuntime } from '../../server/src/runtime/runtime.ts'
import { testIdentity } from '../support/certificates.ts'
import { createRuntime, echo, nextLog } from '../support/world.ts'

const certificate = testIdentity('agent')
const other = testIdentity('other')
const definition = (id: string) => ({ id, uri: `poll://${id}/`, thumbprint: certificate.thumbprint })

/** A gateway’s runtime with its manager, and agents that poll it for as long as the test takes. */
async function createFleet() {
  const runtime: HalibutRuntime = createRuntime('client', { authoriseSubscriber: candidate => manager.mayPoll(candidate) })
  const manager = new AgentManager({ mesh: runtime, liveness: { pollingGraceMs: 1, probeIntervalMs: 50 } })
  manager.start()
  const { port } = await runtime.listen()
  const endpoint = { uri: `https://localhost:${port}/`, thumbprint: runtime.thumbprint }
  const agents: HalibutRuntime[] = []
  return {
    runtime,
    manager,
    /** Resolves when an agent is in that state. */
    until: (id: string, state: string): Promise<void> =>
      new Promise(resolve => {
        const look = (): void => {
          if (manager.directory.get(id)?.state.at !== state) return
          stop()
          resolve()
        }
        const stop = manager.directory.onChange(look)
        look()
      }),
    poll(id: string, identity = 'agent'): void {
      const agent = createRuntime(identity, { trust: [runtime.thumbprint] })
      agent.addService(echo, { SayHello: name => `${id} says hello to ${name}` })
      agent.poll({ subscription: `poll://${id}/`, endpoint })
      agents.push(agent)
    },
    say: (id: string, thumbprint = certificate.thumbprint): Promise<string> =>
      runtime.createClient(echo, { uri: `poll://${id}/`, thumbprint }).SayHello('you', { timeoutMs: 2_000 }),
    refused: (id: string): Promise<unknown> => nextLog(runtime, ({ message }) => message.includes(`no agent polls as poll://${id}/`)),
    async [Symbol.asyncDispose]() {
      manager.close()
      await runtime.close()
      for (const agent of agents) await agent.close()
    },
  }
}

test('of two agents with one certificate the one that is removed is cut off and refused, and the other notices nothing', async () => {
  await using fleet = await createFleet()
  const { manager, until } = fleet
  for (const id of ['one', 'two']) {
    await manager.add(definition(id))
    fleet.poll(id)
  }
  await Promise.all([until('one', 'connected'), until('two', 'connected')])
  const { state } = manager.directory.require('two')
  const refused = fleet.refused('one')
  await manager.remove('one')
  await refused
  expect(fleet.runtime.subscribers().map(({ subscription }) => subscription)).toEqual(['poll://two/'])
  expect(await fleet.say('two')).toBe('two says hello to you')
  expect(manager.directory.require('two').state).toBe(state)
  await manager.add(definition('one'))
  await until('one', 'connected')
  expect(await fleet.say('one')).toBe('one says hello to you')
})

test('an agent that is disabled is away at once, and back when it is enabled', async () => {
  await using fleet = await createFleet()
  const { manager, until } = fleet
  await manager.add(definition('one'))
  fleet.poll('one')
  await until('one', 'connected')
  const gone = new Promise(resolve => fleet.runtime.on('subscriberDisconnected', resolve))
  await manager.edit('one', () => ({ ...definition('one'), disabled: true }))
  await gone
  expect([manager.directory.require('one').state.at, fleet.runtime.trusted]).toEqual(['disabled', []])
  await manager.edit('one', () => definition('one'))
  await until('one', 'connected')
  expect(await fleet.say('one')).toBe('one says hello to you')
})

test('with another certificate the agent that had the one before is cut off, and who has the new one takes its place', async () => {
  await using fleet = await createFleet()
  const { manager, until } = fleet
  await manager.add(definition('one'))
  fleet.poll('one')
  await until('one', 'connected')
  const gone = new Promise(resolve => fleet.runtime.on('subscriberDisconnected', resolve))
  await manager.edit('one', () => ({ ...definition('one'), thumbprint: other.thumbprint }))
  await gone
  fleet.poll('one', 'other')
  await until('one', 'connected')
  expect(manager.directory.require('one').connections).toBe(1)
  expect(await fleet.say('one', other.thumbprint)).toBe('one says hello to you')
})

test('a listening agent that moves loses the connections to the place before, and is probed at the new one', async () => {
  await using fleet = await createFleet()
  const { manager, until } = fleet
  const places = [
    createRuntime('agent', { trust: [fleet.runtime.thumbprint] }),
    createRuntime('agent', { trust: [fleet.runtime.thumbprint] }),
  ]
  try {
    const [before, after] = await Promise.all(
      places.map(async (place, i) => {
        place.addService(echo, { SayHello: name => `${name} at ${i}` })
        return `https://localhost:${(await place.listen()).port}/`
      }),
    )
    const at = (uri = '') => ({ id: 'one', uri, thumbprint: certificate.thumbprint })
    await manager.add(at(before))
    await until('one', 'connected')
    expect(await fleet.runtime.createClient(echo, manager.directory.require('one').endpoint).SayHello('you')).toBe('you at 0')
    const closed = new Promise(resolve => fleet.runtime.on('connectionClosed', ({ direction }) => direction === 'outgoing' && resolve(0)))
    await manager.edit(at(after).id, () => at(after))
    await closed
    await until('one', 'connected')
    expect(manager.directory.require('one')).toMatchObject({ endpoint: { uri: after }, probe: { roundTripMs: expect.any(Number) } })
  } finally {
    for (const place of places) await place.close()
  }
})
