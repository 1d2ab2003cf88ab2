import { connect, type Socket } from 'node:net'
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
    port,
    log: collectLog(runtime),
    dial: async (certificate?: typeof trusted, localAddress?: string) => {
      const peer = await dialRaw(port, { localAddress, ...(certificate && { certificate }) })
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
  const last = await port.dial(stranger)
  let isThrough = false
  const dialling = port.dial(trusted).then(peer => {
    isThrough = true
    return peer
  })
  // It waits for one of them to leave, and is not turned away; another address waits for nobody.
  for (let i = 0; i < 3; i++) await openAsClient(await port.dial(trusted, '127.0.0.2'))
  expect(isThrough).toBe(false)
  last.destroy()
  await openAsClient(await dialling)
})

test('where no more connections may wait either, a newcomer is reset, and one of another address is not', async () => {
  await using port = await createPort({ maxUnidentifiedConnectionsPerAddress: 1, maxWaitingConnectionsPerAddress: 3 })
  const flood = Array.from({ length: 4 }, () => connect(port.port, '127.0.0.1').on('error', () => undefined))
  const ends = flood.map(socket => new Promise<Socket>(resolve => socket.once('close', () => resolve(socket))))
  // Those that wait say what a handshake begins with, so that the one that is under way is the only one that has no more to say.
  for (const socket of flood) socket.write(Buffer.from([0x16]))
  const reset = await Promise.race(ends)
  expect(port.log.some(({ message }) => message.includes('3 connections from 127.0.0.1 wait for their handshake'))).toBe(true)
  await openAsClient(await port.dial(trusted, '127.0.0.2'))
  for (const socket of flood) if (socket !== reset) socket.destroy()
  await Promise.all(ends)
})

test('a known address is served before a flood of another, and the flood’s own honest peers in their turn', async () => {
  await using port = await createPort({ maxUnidentifiedConnections: 2, maxUnidentifiedConnectionsPerAddress: 1 })
  await openAsClient(await port.dial(trusted, '127.0.0.2'))
  const flood = Array.from({ length: 30 }, () => connect(port.port, '127.0.0.1').on('error', () => undefined))
  const ends = flood.map(socket => new Promise(resolve => socket.once('close', resolve)))
  for (const socket of flood) socket.write(Buffer.from([0x16]))
  for (let i = 0; i < 3; i++) await openAsClient(await port.dial(trusted, '127.0.0.2'))
  for (const socket of flood) socket.destroy()
  await Promise.all(ends)
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
