import { subprotocol, ticketsPath } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { type ClientState, createClient } from '../../client-sdk/src/index.ts'
import { gatewayLimits } from '../../server/src/base/limits.ts'
import { createGatewayWorld, type GatewayWorld, TestSocket } from '../support/gateway.ts'
import { nodeWebSocket } from '../support/node-websocket.ts'
import { ask } from '../support/rest.ts'
import { until } from '../support/stream-sections.ts'

interface Made {
  readonly id: string
  readonly secret: string
  readonly token: Record<string, unknown>
}

const forever = { agent: 'a1', service: 'IProbeService', method: 'Forever', args: [] }

async function make(world: GatewayWorld, members: object = {}): Promise<Made> {
  return (await ask(world, 'POST /tokens', { name: 'ci', role: 'operator', ...members })).body as Made
}

test('a token is made and told once, is listed without its secret, signs in, and is revoked, over HTTP as over the socket', async () => {
  await using world = await createGatewayWorld()
  const made = await ask(world, 'POST /tokens', { name: 'ci', role: 'operator', expires: '2999-01-01T00:00:00+01:00' })
  const { id, secret, token } = made.body as Made
  expect([made.status, made.headers.get('location')]).toEqual([201, `tokens/${id}`])
  expect(secret).toMatch(new RegExp(`^hgw_${id}_[A-Za-z0-9_-]{43}$`))
  expect(token).toEqual({
    id,
    name: 'ci',
    role: 'operator',
    state: 'valid',
    created: expect.any(String),
    createdBy: 'start',
    expires: '2998-12-31T23:00:00.000Z',
  })
  const socket = await world.open(secret)
  expect(await socket.ask(1, 'agents.list')).toMatchObject({ result: { agents: [{ id: 'a1' }] } })
  expect(await socket.ask(2, 'tokens.list')).toMatchObject({ error: { data: { kind: 'forbidden' } } })
  const used = { ...token, lastUsed: expect.any(String) }
  expect((await ask(world, `GET /tokens/${id}`)).body).toEqual({ token: used })
  const listed = await ask(world, 'GET /tokens')
  expect([listed.body, listed.headers.get('cache-control')]).toEqual([{ tokens: [used] }, 'no-store'])
  const admin = await world.open()
  expect(await admin.ask(1, 'tokens.list')).toMatchObject({ result: { tokens: [used] } })
  expect((await ask(world, `POST /tokens/${id}/revoke`)).body).toMatchObject({ token: { state: 'revoked', revoked: expect.any(String) } })
  expect(await ask({ ...world, token: secret }, 'GET /agents')).toMatchObject({ status: 401, body: { kind: 'unauthorized' } })
  expect(await ask(world, `GET /tokens/${'0'.repeat(16)}`)).toMatchObject({ status: 404, body: { kind: 'not_found' } })
})

test.each([
  [{ name: 'start' }, '"start" is the name of another sign-in'],
  [{ expires: '2001-01-01T00:00:00Z' }, 'expires is in the past'],
  [{ expires: 'tomorrow' }, '/expires: expected a moment'],
  [{ role: 'emperor' }, '/role: expected'],
  [{ role: 'admin', scope: [{ agents: ['*'] }] }, 'scope does not go with the role admin'],
  [{ name: 'a b' }, '/name: expected'],
])('a token with %j is not made, and it is said why', async (members, why) => {
  await using world = await createGatewayWorld()
  const refused = await ask(world, 'POST /tokens', { name: 'ci', role: 'operator', ...members })
  expect([refused.status >= 400 && refused.status < 500, JSON.stringify(refused.body)]).toEqual([
    true,
    expect.stringContaining(JSON.stringify(why).slice(1, -1)),
  ])
  expect(world.tokens.list()).toEqual([])
})

test('whoever gets the name of a token that is over gets nothing of what belonged to that', async () => {
  await using world = await createGatewayWorld()
  const call = { service: 'IProbeService', method: 'Hello', args: ['you'] }
  const first = await make(world)
  const ofFirst = { ...world, token: first.secret }
  const epoch = (await ask(ofFirst, 'GET /agents')).headers.get('halibut-epoch')
  const answer = await ask(ofFirst, 'POST /agents/a1/calls', { ...call, idempotencyKey: 'k', epoch })
  expect(answer).toMatchObject({ status: 200, body: { value: 'Hello you' } })
  expect((await ask(world, `POST /tokens/${first.id}/revoke`)).status).toBe(200)
  const second = await make(world)
  expect(second.token['name']).toBe(first.token['name'])
  const ofSecond = { ...world, token: second.secret }
  expect((await ask(ofSecond, `GET /calls/k?epoch=${epoch}`)).body).toEqual({ state: 'unknown', reason: 'key' })
  const again = await ask(ofSecond, 'POST /agents/a1/calls', { ...call, args: ['me'], idempotencyKey: 'k', epoch })
  expect(again).toMatchObject({ status: 200, body: { value: 'Hello me' } })
})

test('tokens are told in pages', async () => {
  await using world = await createGatewayWorld()
  for (const name of ['one', 'two', 'three']) await make(world, { name })
  const first = (await ask(world, 'GET /tokens?limit=2')).body as { tokens: { id: string }[]; next: string }
  const second = (await ask(world, `GET /tokens?limit=2&cursor=${first.next}`)).body as typeof first
  const ids = [...first.tokens, ...second.tokens].map(({ id }) => id)
  expect([first.tokens.length, second.next, ids]).toEqual([2, undefined, [...ids].sort()])
  expect(new Set(ids).size).toBe(3)
})

test('a token with a scope reaches what that names, as far as its role goes', async () => {
  await using world = await createGatewayWorld()
  const { secret } = await make(world, { scope: [{ agents: ['a1'], methods: ['Add'] }, { agents: ['web-*'] }] })
  const socket = await world.open(secret)
  const call = (method: string, args: unknown[]) => socket.ask(method, 'agent.invoke', { ...forever, method, args })
  expect(await call('Add(int64,int64)', ['1', '2'])).toMatchObject({ result: { value: '3' } })
  expect(await call('Hello', ['Ada'])).toMatchObject({
    error: { message: expect.stringContaining('the token ci is not for this'), data: { kind: 'forbidden', delivery: 'not_sent' } },
  })
})

test('a revocation ends within a second the sockets, sessions, tickets and calls of its token, says why, and touches no others', async () => {
  await using world = await createGatewayWorld()
  const { id, secret } = await make(world)
  const [socket, mute, other] = [await world.open(secret), await world.socket({ token: secret }), await world.open('operator')]
  other.send({ jsonrpc: '2.0', id: 1, method: 'agent.invoke', params: forever })
  const waiting = await world.socket({ token: secret })
  const hello = (await waiting.hello()) as { result: { session: string; resumeToken: string; epoch: string } }
  socket.send({ jsonrpc: '2.0', id: 1, method: 'agent.invoke', params: forever })
  const keyed = { ...forever, idempotencyKey: 'once', epoch: hello.result.epoch }
  socket.send({ jsonrpc: '2.0', id: 2, method: 'agent.invoke', params: keyed })
  const overHttp = ask({ ...world, token: secret }, 'POST /agents/a1/calls', { service: 'IProbeService', method: 'Forever', args: [] })
  const ticket = (await (
    await fetch(`${world.origin}${ticketsPath}`, { method: 'POST', headers: { authorization: `Bearer ${secret}` } })
  ).json()) as { ticket: string }
  await until(() => world.calls.length === 4)
  // Without its socket the session waits to be gone on with.
  waiting.socket.terminate()
  await waiting.closed

  const since = performance.now()
  await ask(world, `POST /tokens/${id}/revoke`)
  const [closed, muteClosed, answer] = await Promise.all([socket.closed, mute.closed, overHttp])
  expect(performance.now() - since).toBeLessThan(1_000)
  expect([closed, muteClosed]).toEqual(Array(2).fill({ code: 4402, reason: 'signed_out' }))
  expect(answer).toMatchObject({
    status: 401,
    body: { kind: 'unauthorized', detail: expect.stringContaining('the sign-in of ci is over'), delivery: 'unknown' },
  })
  expect(world.calls.map(({ signal }) => signal?.aborted)).toEqual([false, true, true, true])
  await expect(TestSocket.open(world.url, [subprotocol, ticket.ticket])).rejects.toThrow('HTTP 401')

  // Another token of that name cannot go on with what was that one’s.
  const again = await make(world)
  const back = await world.socket({ token: again.secret })
  const { session, resumeToken: token } = hello.result
  const resume = { session, token, received: 0, streams: [] }
  expect(await back.ask('hello', 'hello', { client: { name: 'test', version: '1' }, resume })).toMatchObject({ result: { resumed: false } })
  expect(await other.ask(2, 'agents.list')).toMatchObject({ id: 2 })
})

test('a client whose token was revoked says so, and does not come back with it by itself', async () => {
  await using world = await createGatewayWorld()
  const { id, secret } = await make(world)
  const opened: string[] = []
  await using client = createClient({
    url: world.origin,
    token: secret,
    webSocket: (url, protocols) => {
      opened.push(url)
      return nodeWebSocket(url, protocols)
    },
    backoff: { firstMs: 1, maxMs: 2 },
  })
  const states: ClientState[] = []
  client.onState(state => states.push(state))
  const watch = client.watchAgents()
  await watch.next()
  const running = client.agent('a1').invoke('IProbeService', 'Forever', [])
  running.catch(() => undefined)
  await until(() => world.calls.length === 1)
  await ask(world, `POST /tokens/${id}/revoke`)
  await expect(running).rejects.toMatchObject({ delivery: 'unknown', message: expect.stringContaining('4402 signed_out') })
  await expect(watch.next()).rejects.toMatchObject({ message: expect.stringContaining('4402 signed_out') })
  expect(client.state).toMatchObject({
    at: 'failed',
    why: { kind: 'unauthorized', retryable: false, advice: expect.stringContaining('token') },
  })
  expect([opened.length, states.filter(({ at }) => at === 'waiting')]).toEqual([1, []])
  await expect(client.agents()).rejects.toMatchObject({ kind: 'unauthorized', message: 'the credential is not valid (any more)' })
  expect(opened.length).toBe(1)
})

test('a client with a function for its token comes back by itself with the next one, and its watches go on', async () => {
  await using world = await createGatewayWorld()
  const [first, second] = [await make(world, { name: 'first' }), await make(world, { name: 'second' })]
  const tokens = [first.secret, second.secret]
  await using client = createClient({
    url: world.origin,
    token: () => tokens.shift() ?? second.secret,
    webSocket: nodeWebSocket,
    backoff: { firstMs: 1, maxMs: 2 },
  })
  const states: ClientState[] = []
  client.onState(state => states.push(state))
  const watch = client.watchAgents()
  await watch.next()
  const running = client.agent('a1').invoke('IProbeService', 'Forever', [])
  running.catch(() => undefined)
  await until(() => world.calls.length === 1)
  const next = watch.next()
  await ask(world, `POST /tokens/${first.id}/revoke`)
  expect(await next).toMatchObject({ value: { type: 'snapshot', agents: [{ id: 'a1' }] } })
  expect(client.state).toMatchObject({ at: 'connected', welcome: { resumed: false, principal: { name: 'second' } } })
  expect(states.find(({ at }) => at === 'waiting')).toMatchObject({ why: { kind: 'unauthorized' } })
  // What ran with the sign-in that is over ended with it.
  await expect(running).rejects.toMatchObject({ kind: 'connection_lost', delivery: 'unknown' })

  // The same token once more is refused, and that is the end.
  const last = watch.next()
  await ask(world, `POST /tokens/${second.id}/revoke`)
  await expect(last).rejects.toMatchObject({ kind: 'connection_lost', message: 'the credential is not valid (any more)' })
  expect(client.state).toMatchObject({ at: 'failed', why: { kind: 'unauthorized', retryable: false } })
})

test('who asks for too much over sockets is told how long to wait, however many sockets it has, and others are served', async () => {
  await using world = await createGatewayWorld({ callLimits: { socketCallsPerAddress: 1_000, socketCallsPerToken: 4 } })
  const [one, two, other] = [await world.open('operator'), await world.open('operator'), await world.open('viewer')]
  const kindOf = async (socket: TestSocket, id: number) =>
    ((await socket.ask(id, 'agents.list')) as { error?: { data: { kind: string; retryAfterMs: number } } }).error?.data
  expect([await kindOf(one, 1), await kindOf(two, 1), await kindOf(one, 2), await kindOf(two, 2)]).toEqual(Array(4).fill(undefined))
  const refused = await kindOf(two, 3)
  expect(refused).toMatchObject({ kind: 'too_many_calls', delivery: 'not_sent', retryable: true })
  expect(refused?.retryAfterMs).toBeGreaterThan(0)
  expect(await kindOf(other, 1)).toBeUndefined()
})

test('whoever guesses is told to wait, and who has the right token from the same address is let in', async () => {
  await using world = await createGatewayWorld()
  const guess = () => ask({ ...world, token: `hgw_${'0'.repeat(16)}_${'A'.repeat(43)}` }, 'GET /agents')
  for (let i = 0; i < gatewayLimits.failedSignIns; i++) expect((await guess()).status).toBe(401)
  const refused = await guess()
  expect(refused).toMatchObject({
    status: 429,
    body: { kind: 'too_many_calls', detail: expect.stringContaining('from this address failed') },
  })
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await ask(world, 'GET /agents')).status).toBe(200)
  await expect(world.open('nobody')).rejects.toThrow('HTTP 429')
})
