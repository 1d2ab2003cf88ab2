import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { createTestCertificate, testIdentity } from '../../support/certificates.ts'
import { dialRaw } from '../../support/raw-peer.ts'
import {
  clientOpening,
  openAsClient,
  readExchangeMessage,
  requestMessage,
  serveRequests,
  serverIdentity,
} from '../../support/scripted-halibut.ts'
import { collectLog, createEchoService, createScriptedAgent, dialCount, failureOf, nextLog } from '../../support/world.ts'

const pageOf = (html: string, headers = ''): string =>
  `HTTP/1.0 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: ${html.length}\r\n${headers}\r\n${html}\r\n\r\n`
const defaultPage = pageOf('<html><body><p>Hello!</p></body></html>')
const hello = requestMessage({ service: 'IEchoService', method: 'SayHello', params: ['Paul'] })

test('T01 a dialler’s first bytes are the preamble, once', async () => {
  await using agent = await createScriptedAgent({ script: peer => serveRequests(peer) })
  await agent.sayHello()
  await agent.sayHello()
  const sent = agent.listener.connections[0]?.received.toString('latin1') ?? ''
  expect(sent.startsWith('MX\r\n\r\nMX-CLIENT')).toBe(true)
  expect(sent.lastIndexOf('MX\r\n\r\n')).toBe(0)
  expect(agent.listener.connections).toHaveLength(1)
})

test('T02 an identity, and even a request, in the same record as the preamble is not lost', async () => {
  await using service = await createEchoService()
  await using peer = await service.dial()
  await peer.write(Buffer.concat([Buffer.from('MX\n\nMX-CLIENT 1.0\r\n\r\n'), hello]))
  await peer.readUntil(serverIdentity)
  expect(await readExchangeMessage(peer)).toMatchObject({ id: 'r1', error: null, result: 'Paul...' })
})

test('T03 a CRLF preamble that arrives byte by byte is accepted', async () => {
  await using service = await createEchoService()
  await using peer = await service.dial()
  for (const byte of Buffer.from('MX\r\n\r\n')) await peer.write(Buffer.of(byte))
  await peer.write('MX-CLIENT 1.0\r\n\r\n')
  await peer.readUntil(serverIdentity)
})

test('T04 any preamble that begins with MX is accepted', async () => {
  await using service = await createEchoService()
  await using peer = await service.dial()
  await peer.write('MXfoo\n\nMX-CLIENT 1.0\r\n\r\n')
  await peer.readUntil(serverIdentity)
})

test('T05 an HTTP request gets the friendly page, byte for byte, and the connection ends', async () => {
  await using service = await createEchoService()
  for (const text of ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'M\n\n', '\n\n']) {
    await using peer = await service.dial()
    await peer.write(text)
    expect((await peer.readToEnd()).toString()).toBe(defaultPage)
    expect(await peer.closed).toBeUndefined()
  }
})

test('T06 HELLO without a client certificate gets the page, and discovery learns the thumbprint', async () => {
  await using service = await createEchoService()
  await using peer = await dialRaw(service.port)
  await peer.write('HELLO\n\n')
  expect((await peer.readToEnd()).toString()).toBe(defaultPage)
  await using other = await createScriptedAgent()
  const found = await other.runtime.discover(`https://localhost:${service.port}/x?y`)
  expect(found).toMatchObject({ uri: `https://localhost:${service.port}/`, thumbprint: service.runtime.thumbprint })
})

test('T06 discovery offers no certificate and writes HELLO', async () => {
  await using agent = await createScriptedAgent()
  const found = agent.runtime.discover(agent.endpoint.uri)
  const peer = await agent.listener.accept()
  expect((await peer.readToEnd()).toString()).toBe('HELLO\r\n\r\n')
  expect(peer.peerThumbprint).toBeUndefined()
  expect((await found).thumbprint).toBe(agent.endpoint.thumbprint)
})

test('T07 a peer that closes right after TLS does no harm', async () => {
  await using service = await createEchoService()
  const ignored = nextLog(service.runtime, event => event.message === 'Ignoring empty request')
  const log = collectLog(service.runtime)
  await using early = await service.dial()
  early.end()
  await early.closed
  await ignored
  expect(early.received).toHaveLength(0)
  expect(log.filter(event => event.type.startsWith('Error'))).toEqual([])
  await using peer = await service.dial()
  await openAsClient(peer)
})

test('T08 the page and its headers can be changed, and null brings the default back', async () => {
  const html = '<p>Grüße</p>'
  await using service = await createEchoService({ friendlyPage: { html, headers: { 'X-One': '1', 'X-Two': 'zwei' } } })
  const get = async (): Promise<string> => {
    await using peer = await dialRaw(service.port)
    await peer.write('GET / HTTP/1.0\r\n\r\n')
    return (await peer.readToEnd()).toString()
  }
  expect(await get()).toBe(pageOf(html, 'X-One: 1\r\nX-Two: zwei\r\n'))
  service.runtime.setFriendlyPage({ html: '' })
  expect(await get()).toBe(pageOf(''))
  service.runtime.setFriendlyPage({ html: null })
  expect(await get()).toBe(defaultPage)
})

test('T09 MX without a client certificate: closed, nothing written, denial logged', async () => {
  await using service = await createEchoService()
  const denied = nextLog(service.runtime, event => event.type === 'ClientDenied')
  await using peer = await dialRaw(service.port)
  await peer.write(clientOpening)
  expect((await peer.readToEnd()).length).toBe(0)
  expect((await denied).message).toMatch(
    /^A client at \S+ connected, and attempted a message exchange, but did not present a client certificate$/,
  )
})

test('T10 an untrusted certificate: closed, nothing written, thumbprint logged, callback asked once', async () => {
  const stranger = testIdentity('stranger')
  const asked: unknown[] = []
  await using service = await createEchoService({
    onUnauthorised: caller => {
      asked.push(caller.thumbprint)
      return 'block'
    },
  })
  const denied = nextLog(service.runtime, event => event.type === 'ClientDenied')
  await using peer = await service.dial({ certificate: stranger })
  await peer.write(clientOpening)
  expect((await peer.readToEnd()).length).toBe(0)
  expect((await denied).message).toContain(
    `but it presented a client certificate with the thumbprint '${stranger.thumbprint}' which is not in the list of thumbprints that we trust`,
  )
  expect(asked).toEqual([stranger.thumbprint])
  expect(service.runtime.isTrusted(stranger.thumbprint)).toBe(false)
})

test('T11 a callback that allows adds the thumbprint to the trusted ones, and the connection goes on', async () => {
  const stranger = testIdentity('stranger')
  await using service = await createEchoService({ onUnauthorised: () => Promise.resolve('trust_and_allow') })
  await using peer = await service.dial({ certificate: stranger })
  await openAsClient(peer)
  expect(service.runtime.isTrusted(stranger.thumbprint)).toBe(true)
})

test('T12 a wrong server thumbprint: one attempt, an error that names both thumbprints', async () => {
  await using agent = await createScriptedAgent()
  const expected = testIdentity('somebody else').thumbprint
  const error = await failureOf(agent.sayHello({ endpoint: { ...agent.endpoint, thumbprint: expected } }))
  expect(error).toMatchObject({ kind: 'thumbprint_mismatch', delivery: 'not_sent' })
  expect(error.dotnetMessage).toContain(`An error occurred when sending a request to '${agent.endpoint.uri}', after the request began: `)
  expect(error.dotnetMessage).toContain(
    `with the thumbprint '${expected}'. Instead, it presented a certificate with a thumbprint of '${agent.endpoint.thumbprint}'`,
  )
  expect(dialCount(agent.log)).toBe(1)
  expect(agent.listener.connections.every(peer => peer.received.length === 0)).toBe(true)
})

test('T13 a pinned thumbprint in lower case does not match', async () => {
  await using agent = await createScriptedAgent()
  const error = await failureOf(agent.sayHello({ endpoint: { ...agent.endpoint, thumbprint: agent.endpoint.thumbprint.toLowerCase() } }))
  expect(error.kind).toBe('thumbprint_mismatch')
})

test('T14 a thumbprint trusted in lower case is accepted', async () => {
  await using service = await createEchoService({ trust: [] })
  service.runtime.trust(testIdentity('caller').thumbprint.toLowerCase())
  await using peer = await service.dial()
  await openAsClient(peer)
})

test('T15 taking trust away resets the live connection, and the next call fails', async () => {
  await using service = await createEchoService()
  await using peer = await service.dial()
  await openAsClient(peer)
  service.runtime.trustOnly([])
  expect(await peer.closed).toMatchObject({ code: 'ECONNRESET' })
  await using next = await service.dial()
  await next.write(clientOpening)
  expect((await next.readToEnd()).length).toBe(0)
})

test('T16 a self-signed, expired certificate for another host is accepted when its thumbprint is right', async () => {
  const certificate = createTestCertificate({
    commonName: 'elsewhere.example',
    notBefore: new Date('2001-01-01'),
    notAfter: new Date('2002-01-01'),
  })
  await using agent = await createScriptedAgent({ listen: { certificate }, script: peer => serveRequests(peer, 'expired, and welcome') })
  expect(await agent.sayHello()).toBe('expired, and welcome')
})

test('T17 a caller that speaks plain HTTP is dropped within 5 s', async () => {
  await using service = await createEchoService()
  const startedAt = performance.now()
  const socket = connect(service.port, '127.0.0.1').on('error', () => undefined)
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  socket.resume()
  await once(socket, 'close')
  expect(performance.now() - startedAt).toBeLessThan(5_000)
  await using peer = await service.dial()
  await openAsClient(peer)
})

test('T18 TLS 1.2 alone and TLS 1.3 alone both work, in both directions', async () => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const only = { minVersion: version, maxVersion: version }
    await using service = await createEchoService()
    await using peer = await service.dial(only)
    await openAsClient(peer)
    await peer.write(hello)
    expect(await readExchangeMessage(peer)).toMatchObject({ result: 'Paul...' })
    await using agent = await createScriptedAgent({ listen: only, script: accepted => serveRequests(accepted) })
    expect(await agent.sayHello()).toBe('ok')
    expect(agent.listener.connections[0]?.socket.getProtocol()).toBe(version)
  }
})
