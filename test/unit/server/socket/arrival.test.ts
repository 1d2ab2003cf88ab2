import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { defaultLimits, type Limits } from '../../../../server/src/base/limits.ts'
import { Openings } from '../../../../server/src/base/openings.ts'
import { Arrival, type ArrivalPort, maxFirstBytes } from '../../../../server/src/socket/arrival.ts'
import { HandshakeLine, type Waiting } from '../../../../server/src/socket/handshake-line.ts'

/** A TCP connection that has arrived, and what its port hears of it; with so few places that it has to say something first. */
async function createArrival(limits: Limits = { ...defaultLimits, maxUnidentifiedConnectionsPerAddress: 24 }) {
  const openings = new Openings(limits)
  const begun: Arrival[] = []
  const rejected: string[] = []
  const port: ArrivalPort = {
    line: new HandshakeLine(limits, openings),
    arrivals: new Set(),
    beginTls: arrival => void begun.push(arrival),
    onRejected: (_remoteAddress, error) => void rejected.push(error.kind),
  }
  const server = createServer({ pauseOnConnect: true, highWaterMark: maxFirstBytes + 1 }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.on('error', () => undefined)
  const [raw] = (await once(server, 'connection')) as [Socket]
  const arrival = new Arrival(raw, port)
  return {
    arrival,
    client,
    port,
    openings,
    begun,
    rejected,
    async [Symbol.asyncDispose]() {
      client.destroy()
      raw.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

test('it waits until its first byte has come and its turn is there, and leaves nothing when it is gone', async () => {
  await using world = await createArrival()
  const { arrival, client, port, openings, begun, rejected } = world
  expect([port.line.size, port.arrivals.size, openings.size]).toEqual([1, 1, 0])
  client.write('hello')
  while (begun.length === 0) await new Promise(resolve => setImmediate(resolve))
  expect([begun, port.line.size, openings.size]).toEqual([[arrival], 0, 1])
  arrival.raw.destroy()
  await once(arrival.raw, 'close')
  expect([port.arrivals.size, openings.size, rejected]).toEqual([0, 0, ['connection_lost']])
})

test('where nearly all places are free it says nothing before it is handed to TLS, and nothing has been read of it', async () => {
  await using world = await createArrival(defaultLimits)
  const { arrival, client, begun } = world
  client.write('hello')
  while (begun.length === 0) await new Promise(resolve => setImmediate(resolve))
  expect([begun, arrival.raw.bytesRead, arrival.raw.readableLength]).toEqual([[arrival], 0, 0])
})

test('one that has been destroyed and has its turn before it tells so is not handed to TLS', async () => {
  await using world = await createArrival()
  const { arrival, client, port, openings, begun, rejected } = world
  // After one that had its turn the next one has it at once.
  await new Promise<void>(resolve => {
    const before: Waiting = { endPoint: '10.0.0.1:1', listen: () => undefined, begin: () => resolve(), drop: () => undefined }
    port.line.speak(port.line.enter(before))
  })
  const gone = once(arrival.raw, 'close')
  arrival.raw.once('readable', () => arrival.raw.destroy())
  client.write('hello')
  await gone
  expect([begun, port.line.size, port.arrivals.size, openings.size, rejected]).toEqual([[], 0, 0, 1, ['connection_lost']])
})

test('one that ends behind what it has said leaves the line, though nobody has read that', async () => {
  await using world = await createArrival({ ...defaultLimits, maxUnidentifiedConnections: 1 })
  const { arrival, client, port, openings, begun, rejected } = world
  openings.enter({}, '10.0.0.1:1', () => undefined)
  client.write('hello')
  await once(arrival.raw, 'readable')
  expect([arrival.raw.readableLength, port.line.size]).toEqual([5, 1])
  client.end()
  await once(arrival.raw, 'close')
  expect([begun, port.line.size, port.arrivals.size, rejected]).toEqual([[], 0, 0, ['connection_lost']])
})

test('a handshake that leads to nothing is one that was in vain', async () => {
  await using world = await createArrival()
  const { arrival, client, openings, begun } = world
  // One fewer than prevail.
  for (let i = 0; i < 15; i++) openings.waste('10.0.0.1:1')
  client.write('hello')
  while (begun.length === 0) await new Promise(resolve => setImmediate(resolve))
  expect(openings.wastes('10.0.0.1')).toBe(false)
  arrival.raw.destroy()
  await once(arrival.raw, 'close')
  expect(openings.wastes('10.0.0.1')).toBe(true)
})
