import { once } from 'node:events'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { ticketsPath } from '@halibut-gateway/schemas/wire'
import { expect, test, vi } from 'vitest'
import { testIdentity } from '../support/certificates.ts'
import { createGatewayWorld, type GatewayWorld } from '../support/gateway.ts'

// The real time is too long to wait for.
vi.mock('../../server/src/base/limits.ts', async original => {
  const limits = await original<typeof import('../../server/src/base/limits.ts')>()
  return { ...limits, gatewayLimits: { ...limits.gatewayLimits, httpRequestMs: 200 } }
})

/** A TCP connection that has said `text`, and what was answered when the gateway ended it. */
function say(world: GatewayWorld, text: string): { socket: Socket; ended: Promise<string> } {
  const socket = connect(Number(new URL(world.origin).port), '127.0.0.1')
  let answer = ''
  socket.setEncoding('utf8').on('data', chunk => {
    answer += String(chunk)
  })
  socket.write(text)
  return { socket, ended: once(socket, 'close').then(() => answer) }
}

const hostOf = (world: GatewayWorld): string => new URL(world.origin).host

test('a request whose headers or body do not come to an end is ended in its time, and others are answered meanwhile', async () => {
  await using world = await createGatewayWorld()
  const held = ['', `GET /livez HTTP/1.1\r\nhost: ${hostOf(world)}\r\n`].map(text => say(world, text))
  const body = say(
    world,
    `POST ${ticketsPath} HTTP/1.1\r\nhost: ${hostOf(world)}\r\nauthorization: Bearer ${world.token}\r\ncontent-length: 1000000\r\n\r\n`,
  )
  const dribble = setInterval(() => void body.socket.write('x'), 20)
  expect((await fetch(`${world.origin}/livez`)).status).toBe(200)
  const answers = await Promise.all([...held, body].map(({ ended }) => ended))
  clearInterval(dribble)
  expect(answers.map(answer => /HTTP\/1\.1 408/.test(answer))).toEqual([true, true, true])
})

test('over HTTPS whoever does not come through TLS is dropped in the same time', async () => {
  const { certificatePem: cert, keyPem: key } = testIdentity('page')
  await using world = await createGatewayWorld({ certificate: { current: { cert, key }, watch: () => () => undefined } })
  const held = ['', '\x16\x03\x01\x02\x00\x01'].map(text => say(world, text))
  await Promise.all(held.map(({ ended }) => ended))
})

test.each([
  ['to the tickets, without a credential', ticketsPath, 401],
  ['to the tickets, with one that is not valid', ticketsPath, 401],
  ['to an address that there is not', '/nothing', 404],
])('a body %s is answered before it has come', async (name, path, status) => {
  await using world = await createGatewayWorld()
  const credential = name.includes('not valid') ? { authorization: 'Bearer nonsense' } : {}
  const asked = request(`${world.origin}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': 1_000_000, ...credential },
  })
  asked.write('{')
  const [response] = await once(asked, 'response')
  expect(response.statusCode).toBe(status)
  asked.on('error', () => undefined).destroy()
})

test('a token gives a ticket whatever body comes with it', async () => {
  await using world = await createGatewayWorld()
  for (const [type, body] of [
    ['application/json', ''],
    ['application/json', '{"a":'],
    ['text/plain', 'x'.repeat(2_000_000)],
    ['x/y', 'z'],
  ] as const) {
    const headers = { authorization: `Bearer ${world.token}`, 'content-type': type }
    expect((await fetch(`${world.origin}${ticketsPath}`, { method: 'POST', headers, body })).status).toBe(201)
  }
})

const upgrade =
  'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'

test.each([
  ['/livez', 404],
  ['/openrpc.json', 404],
  ['/', 404],
  ['/nothing', 404],
  ['/rpc/more', 404],
  ['/%zz', 400],
])('a WebSocket at %s is refused with %i', async (path, status) => {
  await using world = await createGatewayWorld()
  const { ended } = say(world, `GET ${path} HTTP/1.1\r\nhost: ${hostOf(world)}\r\n${upgrade}`)
  const answer = await ended
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  expect(answer).toContain('application/problem+json')
})

test('an address that cannot be read is a problem like any other', async () => {
  await using world = await createGatewayWorld()
  const response = await fetch(`${world.origin}/%zz`)
  expect([response.status, response.headers.get('content-type')]).toEqual([400, expect.stringContaining('application/problem+json')])
  expect(await response.json()).toMatchObject({ status: 400, kind: 'invalid_request' })
})

test('a handshake behind a request that is still being answered does not hold its connection', async () => {
  await using world = await createGatewayWorld()
  const request = `host: ${hostOf(world)}\r\n`
  const { ended } = say(world, `GET /openrpc.json HTTP/1.1\r\n${request}\r\nGET /rpc HTTP/1.1\r\n${request}${upgrade}`)
  expect(await ended).toMatch(/^HTTP\/1\.1 200 /)
})
