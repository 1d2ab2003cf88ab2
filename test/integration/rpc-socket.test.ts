import { once } from 'node:events'
import { ResponseSchema } from '@halibut-gateway/schemas'
import { closeCodes, facadeLimits, subprotocol } from '@halibut-gateway/schemas/wire'
import { Value } from '@sinclair/typebox/value'
import { describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { createGatewayWorld } from '../support/gateway.ts'

describe('the handshake', () => {
  test('answers the subprotocol and never the token that was offered beside it', async () => {
    await using world = await createGatewayWorld()
    for (const protocols of [
      [subprotocol, world.token],
      [world.token, subprotocol],
    ]) {
      expect((await world.socket({ protocols })).socket.protocol).toBe('halibut-gateway.v1')
    }
  })

  test('takes the token from an Authorization header too', async () => {
    await using world = await createGatewayWorld()
    const socket = await world.socket({ protocols: [subprotocol], headers: { authorization: `Bearer ${world.token}` } })
    expect(socket.socket.protocol).toBe('halibut-gateway.v1')
  })

  test('refuses a missing and a wrong token with 401', async () => {
    await using world = await createGatewayWorld()
    await expect(world.socket({ protocols: [subprotocol] })).rejects.toThrow('HTTP 401')
    await expect(world.socket({ token: `${world.token}x` })).rejects.toThrow('HTTP 401')
    await expect(world.socket({ headers: { authorization: 'Basic eDp5' } })).rejects.toThrow('HTTP 401')
  })

  test('refuses a client that does not offer the subprotocol with 400', async () => {
    await using world = await createGatewayWorld()
    await expect(world.socket({ protocols: [world.token] })).rejects.toThrow('HTTP 400')
  })

  test('refuses any Origin and Host that is not on the lists with 403, and takes its own', async () => {
    await using world = await createGatewayWorld()
    for (const origin of ['https://evil.example', `${world.origin}.evil.example`, world.origin.replace('http:', 'https:'), 'null']) {
      await expect(world.socket({ headers: { origin } })).rejects.toThrow('HTTP 403')
    }
    await expect(world.socket({ headers: { host: 'rebound.example' } })).rejects.toThrow('HTTP 403')
    await world.socket({ headers: { origin: world.origin } })
  })

  test('plain requests get the same Host and Origin checks, and the strict policy', async () => {
    await using world = await createGatewayWorld()
    const alive = await fetch(`${world.origin}/livez`)
    expect([alive.status, await alive.json()]).toEqual([200, { status: 'ok' }])
    expect(alive.headers.get('content-security-policy')).toContain("default-src 'none';script-src 'self';style-src 'self'")
    expect((await fetch(`${world.origin}/readyz`)).status).toBe(200)
    const refused = await fetch(`${world.origin}/livez`, { headers: { origin: 'https://evil.example' } })
    expect([refused.status, refused.headers.get('content-type'), ((await refused.json()) as { kind: string }).kind]).toEqual([
      403,
      'application/problem+json; charset=utf-8',
      'forbidden',
    ])
    expect((await fetch(`${world.origin}/nothing`)).status).toBe(404)
  })
})

describe('hello', () => {
  test('announces session, principal and limits', async () => {
    await using world = await createGatewayWorld()
    const socket = await world.socket()
    expect(await socket.hello()).toMatchObject({
      id: 'hello',
      result: { principal: { role: 'admin' }, limits: facadeLimits, resumed: false },
    })
  })

  test.each([
    ['another request', '{"jsonrpc":"2.0","id":1,"method":"agents.list"}'],
    ['a notification', '{"jsonrpc":"2.0","method":"hello"}'],
    ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"hello"}]'],
    ['no JSON', 'hello'],
  ])('is demanded first: %s closes with 4400', async (_name, text) => {
    await using world = await createGatewayWorld()
    const socket = await world.socket()
    socket.send(text)
    expect(await socket.closed).toEqual({ code: closeCodes.hello_required.code, reason: 'hello_required' })
  })

  test('that does not fit is answered, then the socket is closed with 4401', async () => {
    await using world = await createGatewayWorld()
    const socket = await world.socket()
    expect(await socket.ask(1, 'hello', { client: {} })).toMatchObject({ error: { data: { kind: 'invalid_params' } } })
    expect((await socket.closed).code).toBe(closeCodes.hello_refused.code)
  })

  test('may have requests, data streams and pings right behind it, however they come', async () => {
    await using world = await createGatewayWorld()
    const hello = { jsonrpc: '2.0', id: 'hello', method: 'hello', params: { client: { name: 'test', version: '1' } } }
    const pause = [() => undefined, () => Promise.resolve(), () => new Promise(resolve => setImmediate(resolve))]
    for (let i = 0; i < 30; i++) {
      const socket = await world.socket()
      socket.send(hello)
      await pause[i % pause.length]?.()
      socket.send({ jsonrpc: '2.0', id: 1, method: 'agents.list' })
      socket.send({ jsonrpc: '2.0', method: '$/ping' })
      expect([await socket.next(), await socket.next(), await socket.next()]).toMatchObject(
        expect.arrayContaining([
          expect.objectContaining({ id: 'hello' }),
          expect.objectContaining({ method: '$/ping' }),
          expect.objectContaining({ id: 1, result: expect.anything() }),
        ]),
      )
      socket.close()
      expect((await socket.closed).code).toBe(1000)
    }
  })

  test('said twice is an error and nothing else', async () => {
    await using world = await createGatewayWorld()
    const socket = await world.open()
    expect(await socket.hello()).toMatchObject({ error: { code: -32600 } })
    expect(await socket.ask(1, 'agents.list')).toMatchObject({ id: 1, result: {} })
  })
})

describe('JSON-RPC', () => {
  test.each([
    ['text that is not JSON', '{"jsonrpc":', null, -32700],
    ['a string', '"x"', null, -32600],
    ['an empty batch', '[]', null, -32600],
    ['a batch of 21', JSON.stringify(Array.from({ length: 21 }, (_, id) => ({ jsonrpc: '2.0', id, method: 'agents.list' }))), null, -32600],
    ['nesting of 65', '['.repeat(65) + ']'.repeat(65), null, -32600],
    ['another version', '{"jsonrpc":"1.0","id":7,"method":"agents.list"}', 7, -32600],
    ['a null id', '{"jsonrpc":"2.0","id":null,"method":"agents.list"}', null, -32600],
    ['a fractional id', '{"jsonrpc":"2.0","id":1.5,"method":"agents.list"}', null, -32600],
    ['an id of 65 characters', `{"jsonrpc":"2.0","id":"${'x'.repeat(65)}","method":"agents.list"}`, null, -32600],
    ['an unknown member', '{"jsonrpc":"2.0","id":1,"method":"agents.list","x":1}', 1, -32600],
    ['a method that is no text', '{"jsonrpc":"2.0","id":1,"method":1}', 1, -32600],
    ['an unknown method', '{"jsonrpc":"2.0","id":1,"method":"constructor"}', 1, -32601],
    ['parameters by position', '{"jsonrpc":"2.0","id":1,"method":"contracts.get","params":["x"]}', 1, -32602],
    ['a missing parameter', '{"jsonrpc":"2.0","id":1,"method":"contracts.get"}', 1, -32602],
    ['an unknown parameter', '{"jsonrpc":"2.0","id":1,"method":"agents.list","params":{"__proto__":1}}', 1, -32602],
  ])('%s has its defined answer', async (_name, text, id, code) => {
    await using world = await createGatewayWorld()
    const socket = await world.open()
    socket.send(text)
    const answer = await socket.next()
    expect(answer).toMatchObject({ id, error: { code } })
    expect(Value.Check(ResponseSchema, answer)).toBe(true)
    expect(await socket.ask('after', 'agents.list')).toMatchObject({ id: 'after', result: {} })
  })

  test('a batch is answered by one batch, and its notifications beside it or not at all', async () => {
    await using world = await createGatewayWorld()
    const socket = await world.open()
    socket.send([
      { jsonrpc: '2.0', id: 4, method: 'agents.list' },
      { jsonrpc: '2.0', method: '$/ping' },
      { jsonrpc: '2.0', id: 5, method: 'nonsense' },
      { jsonrpc: '2.0', id: 6, method: 'agents.watch' },
      3,
    ])
    expect(await socket.next()).toEqual({ jsonrpc: '2.0', method: '$/ping' })
    expect(await socket.next()).toMatchObject([
      { id: 4, result: {} },
      { id: 5, error: { code: -32601 } },
      { id: 6, error: { code: -32600 } },
      { id: null, error: { code: -32600 } },
    ])
    socket.send([{ jsonrpc: '2.0', method: '$/ack', params: { received: 1 } }])
    expect(await socket.ask(1, 'agents.list')).toMatchObject({ id: 1 })
  })

  test('an id in flight is refused, and the first request goes on', async () => {
    await using world = await createGatewayWorld()
    const socket = await world.open()
    const forever = { agent: 'a1', service: 'IProbeService', method: 'Forever', args: [] }
    socket.send({ jsonrpc: '2.0', id: 'x', method: 'agent.invoke', params: forever })
    expect(await socket.ask('x', 'agents.list')).toMatchObject({ id: 'x', error: { data: { kind: 'duplicate_id' } } })
    socket.send({ jsonrpc: '2.0', method: '$/cancel', params: { id: 'x' } })
    expect(await socket.next()).toMatchObject({ id: 'x', error: { data: { kind: 'cancelled', delivery: 'unknown', agent: 'a1' } } })
  })

  test('the 65th request in flight is refused', async () => {
    await using world = await createGatewayWorld()
    const socket = await world.open()
    for (let id = 0; id < facadeLimits.callsInFlight; id++) {
      socket.send({
        jsonrpc: '2.0',
        id,
        method: 'agent.invoke',
        params: { agent: 'a1', service: 'IProbeService', method: 'Forever', args: [] },
      })
    }
    expect(await socket.ask('more', 'agents.list')).toMatchObject({
      id: 'more',
      error: { data: { kind: 'too_many_calls', retryable: true } },
    })
  })

  test('a frame above the limit closes with 1009, a binary one with 4403', async () => {
    await using world = await createGatewayWorld()
    const big = await world.open()
    big.send('x'.repeat(facadeLimits.textBytes + 1))
    expect((await big.closed).code).toBe(closeCodes.too_big.code)
    const binary = await world.open()
    binary.socket.send(Buffer.from([1]))
    expect((await binary.closed).code).toBe(closeCodes.binary_refused.code)
  })

  test('a binary frame above its limit closes with 1009, one at the limit is looked at', async () => {
    await using world = await createGatewayWorld()
    const big = await world.open()
    big.socket.send(Buffer.alloc(facadeLimits.binaryBytes + 1))
    expect(await big.closed).toEqual({ code: closeCodes.too_big.code, reason: 'too_big' })
    const just = await world.open()
    just.socket.send(Buffer.alloc(facadeLimits.binaryBytes))
    expect((await just.closed).code).toBe(closeCodes.binary_refused.code)
  })
})

describe('resuming', () => {
  interface Greeting {
    readonly result: { readonly session: string; readonly resumeToken: string }
  }
  const resume = ({ result }: Greeting, received = 0) => ({
    client: { name: 'test', version: '1' },
    resume: { session: result.session, token: result.resumeToken, received, streams: [] },
  })

  test('a second socket takes the session, and the first is closed with 4409', async () => {
    await using world = await createGatewayWorld()
    const first = await world.socket()
    const greeting = (await first.hello()) as unknown as Greeting
    const second = await world.socket()
    expect(await second.ask('hello', 'hello', resume(greeting))).toMatchObject({
      result: { resumed: true, session: greeting.result.session },
    })
    expect(await first.closed).toEqual({ code: closeCodes.session_taken.code, reason: 'session_taken' })
    expect(await second.ask(1, 'agents.list')).toMatchObject({ id: 1, result: {} })
  })

  test('from another Origin gives a fresh session, and the first keeps its own', async () => {
    await using world = await createGatewayWorld()
    const first = await world.socket()
    const greeting = (await first.hello()) as unknown as Greeting
    const second = await world.socket({ headers: { origin: world.origin } })
    expect(await second.ask('hello', 'hello', resume(greeting))).toMatchObject({
      result: { resumed: false, reason: expect.any(String), sequence: 0, session: expect.not.stringContaining(greeting.result.session) },
    })
    expect(await first.ask(1, 'agents.list')).toMatchObject({ id: 1, result: {} })
  })

  test('with more received than was sent gives a fresh session, and ends the other', async () => {
    await using world = await createGatewayWorld()
    const first = await world.socket()
    const greeting = (await first.hello()) as unknown as Greeting
    const second = await world.socket()
    expect(await second.ask('hello', 'hello', resume(greeting, 1))).toMatchObject({
      result: { resumed: false, reason: expect.any(String) },
    })
    expect((await first.closed).code).toBe(closeCodes.session_taken.code)
  })
})

describe('agent.invoke', () => {
  const target = { agent: 'a1', service: 'IProbeService' }

  test('reads arguments and writes results by contract', async () => {
    await using world = await createGatewayWorld()
    const socket = await world.open()
    const params = { ...target, method: 'Add(int64,int64)', args: ['9007199254740993', '1'] }
    expect(await socket.ask(1, 'agent.invoke', params)).toMatchObject({
      result: { value: '9007199254740994', signature: 'Add(int64,int64)' },
    })
    expect(world.calls[0]?.args).toEqual([9007199254740993n, 1n])
  })

  test('lists the signatures where a bare name fits several, and sends nothing', async () => {
    await using world = await createGatewayWorld()
    const socket = await world.open()
    expect(await socket.ask(1, 'agent.invoke', { ...target, method: 'Add', args: [1, 2] })).toMatchObject({
      error: {
        code: -32602,
        data: { kind: 'invalid_params', delivery: 'not_sent', candidates: ['Add(int64,int64)', 'Add(double,double)'] },
      },
    })
    expect(await socket.ask(2, 'agent.invoke', { ...target, method: 'add', args: [1.5, 2] })).toMatchObject({ result: { value: 3.5 } })
    expect(world.calls).toHaveLength(1)
  })

  test('names the place, what was expected and what came', async () => {
    await using world = await createGatewayWorld()
    const socket = await world.open()
    expect(await socket.ask(1, 'agent.invoke', { ...target, method: 'Add(int64,int64)', args: ['1', '1.5'] })).toMatchObject({
      error: { data: { errors: [{ path: '/args/1', expected: 'an integer of 64 bits as decimal text', got: '"1.5"' }] } },
    })
    expect(await socket.ask(2, 'agent.invoke', { ...target, method: 'Nothing', args: [] })).toMatchObject({
      error: { data: { errors: [{ path: '/method' }] } },
    })
    expect(await socket.ask(3, 'agent.invoke', { ...target, agent: 'none', method: 'Hello', args: ['x'] })).toMatchObject({
      error: { data: { kind: 'agent_not_found' } },
    })
    expect(world.calls).toHaveLength(0)
  })

  test('tells what the service said', async () => {
    await using world = await createGatewayWorld()
    const socket = await world.open()
    expect(await socket.ask(1, 'agent.invoke', { ...target, method: 'Fail', args: ['nothing works'] })).toMatchObject({
      error: {
        message: 'nothing works',
        data: {
          kind: 'service_failed',
          phase: 'response',
          delivery: 'executed',
          agent: 'a1',
          remote: { message: 'nothing works', details: 'at Somewhere()' },
        },
      },
    })
  })

  test('a socket that ends takes its calls with it', async () => {
    await using world = await createGatewayWorld()
    const socket = await world.open()
    socket.send({ jsonrpc: '2.0', id: 1, method: 'agent.invoke', params: { ...target, method: 'Forever', args: [] } })
    await socket.ask(2, 'agents.list')
    const aborted = new Promise(resolve => world.calls[0]?.signal?.addEventListener('abort', resolve))
    socket.close()
    await aborted
  })
})

describe('agents.watch', () => {
  test('tells everything first, then each change, until it is cancelled', async () => {
    await using world = await createGatewayWorld()
    const socket = await world.open()
    expect(await socket.ask('w', 'agents.watch')).toMatchObject({
      method: '$/progress',
      params: { id: 'w', sequence: 1, item: { type: 'snapshot', agents: [{ id: 'a1', state: 'offline' }] } },
    })
    world.directory.report('a1', { type: 'reached', how: 'answers probes' })
    expect(await socket.next()).toMatchObject({
      params: { id: 'w', sequence: 2, item: { type: 'changed', agents: [{ state: 'connected' }] } },
    })
    world.directory.remove('a1')
    expect(await socket.next()).toMatchObject({ params: { sequence: 3, item: { type: 'removed', ids: ['a1'] } } })
    socket.send({ jsonrpc: '2.0', method: '$/cancel', params: { id: 'w' } })
    expect(await socket.next()).toMatchObject({ id: 'w', error: { data: { kind: 'cancelled' } } })
  })
})

test('a client whose WebSocket pings and does nothing else stays', async () => {
  await using world = await createGatewayWorld()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  try {
    const client = new WebSocket(world.url, [subprotocol, world.token], { autoPong: false })
    await once(client, 'open')
    client.send('{"jsonrpc":"2.0","id":0,"method":"hello","params":{"client":{"name":"t","version":"1"}}}')
    await once(client, 'message')
    for (let passedMs = 0; passedMs < 3 * facadeLimits.deadMs; passedMs += facadeLimits.pingMs / 2) {
      const pong = once(client, 'pong')
      client.ping()
      await pong
      await vi.advanceTimersByTimeAsync(facadeLimits.pingMs / 2)
    }
    expect(client.readyState).toBe(WebSocket.OPEN)
    const closed = once(client, 'close')
    await vi.advanceTimersByTimeAsync(facadeLimits.deadMs)
    expect((await closed)[0]).toBe(closeCodes.heartbeat_timeout.code)
  } finally {
    vi.useRealTimers()
  }
})

test('a gateway that stops closes its sockets with 1001', async () => {
  await using world = await createGatewayWorld()
  const socket = await world.open()
  const gone = socket.closed
  await world.stop()
  expect(await gone).toEqual({ code: closeCodes.going_away.code, reason: 'going_away' })
})

test('rpc.discover describes every method', async () => {
  await using world = await createGatewayWorld()
  const socket = await world.open()
  expect(await socket.ask(1, 'rpc.discover')).toMatchObject({
    result: { openrpc: '1.3.2', methods: expect.arrayContaining([expect.objectContaining({ name: 'agent.invoke' })]) },
  })
})
