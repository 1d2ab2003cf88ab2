import { expect, test } from 'vitest'
import type { Limits } from '../../server/src/base/limits.ts'
import { testIdentity } from '../support/certificates.ts'
import { dialRaw, type RawPeer } from '../support/raw-peer.ts'
import { addSampleServices } from '../support/sample-services.ts'
import { clientOpening, openAsClient, openAsSubscriber } from '../support/scripted-halibut.ts'
import { besiegeWithOpenings } from '../support/siege.ts'
import { collectLog, createRuntime, createWorld } from '../support/world.ts'

const trusted = testIdentity('trusted')
const stranger = testIdentity('stranger')

/** A runtime that trusts the identity `trusted`, and connections to it that are gone at the end. */
async function createPort(limits: Partial<Limits> = {}, hosts = true) {
  const runtime = createRuntime('port', { trust: [trusted.thumbprint], limits })
  if (hosts) addSampleServices((contract, implementation, options) => runtime.addService(contract, implementation, options))
  const { port } = await runtime.listen({ host: '127.0.0.1' })
  const peers: RawPeer[] = []
  return {
    runtime,
    log: collectLog(runtime),
    dial: async (certificate?: typeof trusted) => {
      const peer = await dialRaw(port, { ...(certificate && { certificate }) })
      peers.push(peer)
      return peer
    },
    async [Symbol.asyncDispose]() {
      for (const peer of peers) await peer[Symbol.asyncDispose]()
      await runtime.close()
    },
  }
}

test.each([
  ['without a certificate', undefined],
  ['with one that is not trusted', stranger],
])('whoever comes %s has little time to say that it speaks Halibut, and whoever is trusted has more', async (_who, certificate) => {
  await using port = await createPort({ untrustedPreambleMs: 30 })
  const known = await port.dial(trusted)
  const unknown = await port.dial(certificate)
  await Promise.all([known.write('MX\r\n'), unknown.write('MX\r\n')])
  await unknown.closed
  expect(port.log.some(({ message }) => message.includes('did not identify itself within 30 ms'))).toBe(true)
  await known.write('\r\nMX-CLIENT 1.0\r\n\r\n')
  await known.readUntil('MX-SERVER 1.0\r\n\r\n')
})

test('of whoever is not trusted at most 1 KiB is read, and whoever is may say more', async () => {
  await using port = await createPort()
  const unknown = await port.dial(stranger)
  await unknown.write(`MX${'x'.repeat(1_100)}`)
  await unknown.closed
  expect(port.log.filter(({ type }) => type === 'ClientDenied')).toHaveLength(1)
  const known = await port.dial(trusted)
  await known.write(`MX${'x'.repeat(1_100)}\r\n\r\nMX-CLIENT 1.0\r\n\r\n`)
  await known.readUntil('MX-SERVER 1.0\r\n\r\n')
})

test('a flood from one address takes the places of that address alone, and whoever is trusted needs none once TLS is through', async () => {
  await using port = await createPort({ maxUnidentifiedConnectionsPerAddress: 4 })
  for (let n = 0; n < 3; n++) {
    await port.dial()
    // Those that are trusted come from the same address.
    await openAsClient(await port.dial(trusted))
  }
  await port.dial(stranger)
  await expect(port.dial(trusted)).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect(port.log.some(({ message }) => message.includes('4 connections from 127.0.0.1 have not said who they are'))).toBe(true)
})

test('a flood that has had its time gives way, one connection for each that comes', async () => {
  await using port = await createPort({ maxUnidentifiedConnectionsPerAddress: 2, unidentifiedGraceMs: 0 })
  const flood = [await port.dial(), await port.dial()] as const
  await openAsClient(await port.dial(trusted))
  await flood[0].closed
  await openAsClient(await port.dial(trusted))
  await flood[1].closed
  await openAsClient(await port.dial(trusted))
})

test('one certificate has so many connections and no more, another as many again', async () => {
  const other = testIdentity('other')
  await using port = await createPort({ maxConnectionsPerCertificate: 2 })
  port.runtime.trust(other.thumbprint)
  const first = await port.dial(trusted)
  await openAsClient(first)
  await openAsSubscriber(await port.dial(trusted), 'poll://trusted/')
  const surplus = await port.dial(trusted)
  await surplus.write(clientOpening)
  await surplus.closed
  expect(port.log.some(({ message }) => message.includes(`${trusted.thumbprint} has 2 connections already`))).toBe(true)
  await openAsClient(await port.dial(other))
  const gone = new Promise(resolve => port.runtime.on('connectionClosed', resolve))
  first.destroy()
  await gone
  await openAsClient(await port.dial(trusted))
})

test('a caller is turned away where no service is hosted, and a polling agent is not', async () => {
  await using port = await createPort({}, false)
  const caller = await port.dial(trusted)
  await caller.write(clientOpening)
  expect(await caller.readToEnd()).toHaveLength(0)
  expect(port.log.some(({ type, message }) => type === 'ClientDenied' && message.includes('none is hosted here'))).toBe(true)
  await openAsSubscriber(await port.dial(trusted), 'poll://trusted/')
})

test('agents that all come at once from one address are all let in, though more come than have a place', async () => {
  await using world = await createWorld({
    agent: { mode: 'polling', connections: 60 },
    limits: { maxUnidentifiedConnectionsPerAddress: 8, pollingReconnectMinMs: 5, pollingReconnectMaxMs: 20 },
  })
  expect(world.client.subscribers()).toHaveLength(60)
})

test('150 openings that never end leave a gateway with a heap of 64 MB its agent and its browser', async () => {
  const { connections, turnedAway, honestCalls } = await besiegeWithOpenings({ connections: 150, heapMiB: 64 })
  expect({ connections, turnedAway }).toEqual({ connections: 150, turnedAway: 0 })
  expect(honestCalls).toBeGreaterThan(10)
})
