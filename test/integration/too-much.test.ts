import { expect, test } from 'vitest'
import type { Limits } from '../../server/src/base/limits.ts'
import { testIdentity } from '../support/certificates.ts'
import { dialRaw, type RawPeer } from '../support/raw-peer.ts'
import { echoService } from '../support/sample-contracts.ts'
import { openAsSubscriber, readExchangeMessage, stalledMessage } from '../support/scripted-halibut.ts'
import { until } from '../support/stream-sections.ts'
import { createWorld, failureOf, type World } from '../support/world.ts'

const hostile = testIdentity('hostile')

/** An honest polling agent, and connections of a hostile one, each of which answers a call with a part of a large message and stops. */
async function createStalled(limits: Partial<Limits>, connections: number) {
  const world = await createWorld({ agent: { mode: 'polling' }, client: { limits } })
  world.client.trust(hostile.thumbprint)
  const { port } = await world.client.listen({ host: '127.0.0.1' })
  const client = world.client.createClient(echoService, { uri: 'poll://hostile/', thumbprint: hostile.thumbprint })
  const peers: RawPeer[] = []
  const calls: Promise<unknown>[] = []
  for (let n = 0; n < connections; n++) {
    const peer = await dialRaw(port, { certificate: hostile })
    peers.push(peer)
    await openAsSubscriber(peer, 'poll://hostile/')
    const call = client.SayHello('Paul')
    call.catch(() => undefined)
    calls.push(call)
    await readExchangeMessage(peer)
    const before = world.client.memoryInUse().messages
    await peer.write(stalledMessage(2 ** 20, 900_000))
    if (n === 0) await until(() => world.client.memoryInUse().messages > before + 800_000)
  }
  return {
    world,
    calls,
    peers,
    async [Symbol.asyncDispose]() {
      for (const peer of peers) await peer[Symbol.asyncDispose]()
      await world[Symbol.asyncDispose]()
    },
  }
}

const small = { maxMessageBytes: 2 ** 20, maxMessageBytesInFlight: 4 * 2 ** 20 }

test('answers that stall on ten connections of one agent leave another its answers', async () => {
  await using stalled = await createStalled(small, 10)
  for (let n = 0; n < 20; n++) expect(await stalled.world.echo.Big(300_000n)).toHaveLength(300_000)
})

test('an answer that takes too long gives way when its memory is needed, and not before', async () => {
  const needed = { maxMessageBytes: 2 ** 20, maxMessageBytesInFlight: 4_500_000 }
  await using patient = await createStalled(needed, 1)
  expect(await failureOf(patient.world.echo.Big(900_000n))).toMatchObject({ kind: 'memory_limit' })
  expect(patient.peers[0]?.ended).toBe(false)
  await using stalled = await createStalled({ ...needed, slowMessageMs: 0 }, 1)
  expect(await stalled.world.echo.Big(900_000n)).toHaveLength(900_000)
  const why = await failureOf(stalled.calls[0] as Promise<unknown>)
  expect(why).toMatchObject({ kind: 'memory_limit', delivery: 'unknown' })
  expect(why.message).toContain('took longer than 0 ms to arrive')
  await stalled.peers[0]?.closed
})

/** Calls after which the agent’s one connection must still be the same. */
async function keepsConnection(limits: Partial<Limits>, run: (world: World) => Promise<void>): Promise<void> {
  await using world = await createWorld({ agent: { mode: 'polling' }, client: { limits } })
  let lost = 0
  world.client.on('subscriberDisconnected', () => {
    lost++
  })
  await run(world)
  expect(await world.echo.SayHello('Paul')).toBe('Paul...')
  expect(lost).toBe(0)
  expect(world.client.memoryInUse().messages).toBe(0)
}

test('an answer above maxMessageBytes ends its call, and the agent’s connection goes on', async () => {
  await keepsConnection({ maxMessageBytes: 100_000 }, async world => {
    // Larger than the limit in one write, in many, and so that it hardly shrinks.
    for (const chars of [100_001n, 5_000_000n]) {
      const why = await failureOf(world.echo.Big(chars))
      expect(why).toMatchObject({ kind: 'message_too_large', delivery: 'executed', phase: 'response' })
      expect(why.message).toContain('maxMessageBytes is 100000')
    }
  })
})

test('so does an answer with too many values, and one for which there is no memory', async () => {
  await keepsConnection({ maxMessageElements: 6 }, async world => {
    expect(await failureOf(world.echo.CrashAggregate())).toMatchObject({ kind: 'message_too_large', delivery: 'executed' })
  })
  await keepsConnection({ maxMessageBytesInFlight: 200_000 }, async world => {
    expect(await failureOf(world.echo.Big(300_000n))).toMatchObject({ kind: 'memory_limit', delivery: 'executed' })
  })
})

test('an answer that is too large is read for so long and no longer', async () => {
  const world = await createWorld({ agent: { mode: 'polling' }, client: { limits: { maxMessageBytes: 1_000, tooLargeMessageMs: 50 } } })
  await using _end = world
  world.client.trust(hostile.thumbprint)
  const { port } = await world.client.listen({ host: '127.0.0.1' })
  await using peer = await dialRaw(port, { certificate: hostile })
  await openAsSubscriber(peer, 'poll://hostile/')
  const client = world.client.createClient(echoService, { uri: 'poll://hostile/', thumbprint: hostile.thumbprint })
  const call = failureOf(client.SayHello('Paul'))
  await readExchangeMessage(peer)
  await peer.write(stalledMessage(2 ** 20, 900_000))
  expect(await call).toMatchObject({ kind: 'message_too_large', delivery: 'unknown' })
  await peer.closed
})

test.each(['polling', 'listening'] as const)(
  'a request that is too large for a %s service of ours is answered so, and its connection goes on',
  async mode => {
    const limits = { maxMessageBytes: 100_000 }
    await using world = await createWorld({ agent: { mode, limits } })
    let opened = 0
    world.client.on('connectionOpened', () => {
      opened++
    })
    expect(await world.echo.SayHello('Paul')).toBe('Paul...')
    opened = 0
    for (const chars of [100_001, 5_000_000]) {
      const why = await failureOf(world.echo.SayHello('x'.repeat(chars)))
      expect(why).toMatchObject({ kind: 'remote_error', phase: 'response' })
      expect(why.message).toContain('maxMessageBytes is 100000')
      expect(await world.echo.SayHello('Paul')).toBe('Paul...')
    }
    expect(opened).toBe(0)
    expect(world.agent.memoryInUse().messages).toBe(0)
  },
)
