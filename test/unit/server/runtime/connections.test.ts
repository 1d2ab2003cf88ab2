import { expect, test } from 'vitest'
import { isAbortAwaited } from '../../../../server/src/base/abort-listeners.ts'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { defaultLimits } from '../../../../server/src/base/limits.ts'
import { AgentConversation } from '../../../../server/src/exchange/call-agent.ts'
import { Connections } from '../../../../server/src/runtime/connections.ts'
import { parseEndpoint } from '../../../../server/src/runtime/endpoint.ts'
import { EventHub } from '../../../../server/src/runtime/events.ts'
import { OwnCertificates } from '../../../../server/src/runtime/own-certificates.ts'
import { testIdentity } from '../../../support/certificates.ts'
import { listenRaw, type RawListener } from '../../../support/raw-peer.ts'
import { failureOf } from '../../../support/world.ts'

const closed = new HalibutError('closed', 'the runtime has been closed')

/** The connections of a runtime, and an agent that accepts them and says nothing. */
async function createConnections() {
  const listener = await listenRaw({ certificate: testIdentity('agent') })
  const events = new EventHub()
  const told: string[] = []
  events.on('connectionOpened', ({ direction, authorised }) => told.push(`opened ${direction} ${authorised}`))
  events.on('connectionClosed', ({ direction }) => told.push(`closed ${direction}`))
  const log: string[] = []
  const ending = new AbortController()
  const connections = new Connections({
    limits: defaultLimits,
    own: new OwnCertificates(testIdentity('caller'), () => undefined),
    destinations: undefined,
    authoriseAgent: undefined,
    events,
    log: (_endpoint, type) => log.push(type),
    assertNotRevoked: () => undefined,
    ending: ending.signal,
  })
  return {
    connections,
    listener,
    events,
    told,
    log,
    ending,
    endpoint: endpointOf(listener, testIdentity('agent').thumbprint),
    async [Symbol.asyncDispose]() {
      await connections.close(closed)
      await listener[Symbol.asyncDispose]()
    },
  }
}

function endpointOf({ port }: RawListener, thumbprint: string) {
  return parseEndpoint({ uri: `https://localhost:${port}/`, thumbprint }, defaultLimits)
}

test('a connection is told of when it is open and when it has gone, and the signal of its dial is let go', async () => {
  await using world = await createConnections()
  const given = new AbortController()
  const { channel } = await world.connections.dial(world.endpoint, given.signal)
  const peer = await world.listener.accept()
  expect(channel.peer.thumbprint).toBe(testIdentity('agent').thumbprint)
  expect(peer.peerThumbprint).toBe(testIdentity('caller').thumbprint)
  expect([world.told, world.log]).toEqual([['opened outgoing true'], ['OpeningNewConnection', 'Security']])
  expect([isAbortAwaited(given.signal), isAbortAwaited(world.ending.signal)]).toEqual([false, false])
  peer.reset()
  await channel.closed
  expect(world.told).toEqual(['opened outgoing true', 'closed outgoing'])
})

test('an agent that shows another certificate than the pinned one is not connected to, and nothing of it stays', async () => {
  await using world = await createConnections()
  const pinned = endpointOf(world.listener, testIdentity('other').thumbprint)
  expect(await failureOf(world.connections.dial(pinned, undefined))).toMatchObject({ kind: 'thumbprint_mismatch', delivery: 'not_sent' })
  expect([world.told, isAbortAwaited(world.ending.signal)]).toEqual([[], false])
})

test('an endpoint has one pool as long as a connection or a call is in it, and then none', async () => {
  await using world = await createConnections()
  const { connections, endpoint } = world
  const pool = connections.pool(endpoint)
  expect(connections.pool(endpointOf(world.listener, testIdentity('agent').thumbprint))).toBe(pool)
  await pool.reserve(undefined, endpoint.uri, undefined)
  const conversation = new AgentConversation(await connections.dial(endpoint, undefined))
  pool.add(conversation)
  pool.release()
  expect([connections.inUse.pools, connections.pool(endpoint)]).toEqual([1, pool])
  await pool.drop(conversation)
  expect(connections.inUse).toEqual({ messages: 0, spools: 0, pools: 0 })
  expect(connections.pool(endpoint)).not.toBe(pool)
})

test('disconnecting ends the connections to that endpoint, and no others', async () => {
  await using world = await createConnections()
  await using other = await listenRaw({ certificate: testIdentity('agent') })
  const [ended, too, gone] = [
    await world.connections.dial(world.endpoint, undefined),
    await world.connections.dial(world.endpoint, undefined),
    await world.connections.dial(world.endpoint, undefined),
  ]
  gone.channel.destroy()
  await gone.channel.closed
  const stays = await world.connections.dial(endpointOf(other, testIdentity('agent').thumbprint), undefined)
  world.connections.disconnect(world.endpoint)
  for (const { channel } of [ended, too]) {
    await channel.closed
    expect(channel.failure).toMatchObject({ kind: 'connection_lost', endpoint: world.endpoint.uri })
  }
  expect(stays.channel.failure).toBeUndefined()
})

test('once the runtime is closed none is opened, and one that was being opened ends', async () => {
  await using world = await createConnections()
  const opening = failureOf(world.connections.dial(world.endpoint, undefined))
  world.ending.abort(closed)
  expect((await opening).kind).toMatch(/^(closed|cancelled)$/)
  const tried = world.log.length
  expect(await failureOf(world.connections.dial(world.endpoint, undefined))).toBe(closed)
  expect(world.log).toHaveLength(tried)
})

test('closing ends all of them, pooled or not, and is over when they have gone', async () => {
  await using world = await createConnections()
  const { connections, endpoint } = world
  const [loose, pooled] = [await connections.dial(endpoint, undefined), await connections.dial(endpoint, undefined)]
  connections.pool(endpoint).add(new AgentConversation(pooled))
  await connections.close(closed)
  expect(world.told.filter(each => each === 'closed outgoing')).toHaveLength(2)
  expect([loose, pooled].map(({ channel }) => channel.failure)).not.toContain(undefined)
  expect(connections.inUse.pools).toBe(0)
})

test('a connection has an observer only where somebody listens when it opens', async () => {
  await using world = await createConnections()
  const unheard = await world.connections.dial(world.endpoint, undefined)
  expect(unheard.options.observer).toBeUndefined()
  const lines: string[] = []
  world.events.on('controlMessage', ({ direction, line }) => lines.push(`${direction} ${line}`))
  const heard = await world.connections.dial(world.endpoint, undefined)
  await heard.sendNext()
  expect(lines).toEqual(['sent NEXT'])
})
