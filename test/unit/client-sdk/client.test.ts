import { createClient, type GatewayClient, GatewayError, type WebSocketLike } from '@halibut-gateway/client'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { backoffDelayMs } from '../../../client-sdk/src/backoff.ts'
import { type CallHooks, PendingCalls } from '../../../client-sdk/src/pending-calls.ts'
import { Download } from '../../../client-sdk/src/streams/download.ts'
import { watchItems } from '../../../client-sdk/src/subscriptions.ts'
import { createGatewayWorld, type GatewayWorld, probe } from '../../support/gateway.ts'

/** A client whose sockets the test can cut. */
function connect(world: GatewayWorld, token = world.token): { client: GatewayClient; sockets: WebSocket[] } {
  const sockets: WebSocket[] = []
  const client = createClient({
    url: world.origin,
    token,
    backoff: { firstMs: 1, maxMs: 5 },
    webSocket: (url, protocols) => {
      const socket = new WebSocket(url, protocols)
      sockets.push(socket)
      return socket as unknown as WebSocketLike
    },
  })
  return { client, sockets }
}

describe('a client', () => {
  test('connects with the first request, and calls a service as typed functions', async () => {
    await using world = await createGatewayWorld()
    const { client, sockets } = connect(world)
    await using _ = client
    expect([client.state.at, sockets.length]).toEqual(['idle', 0])
    const service = client.agent('a1').service(probe)
    expect(
      await Promise.all([service.Add(1n, 2n), service.Add(0.5, 2), service['Add(double,double)'](1, 2), service.Hello('you')]),
    ).toEqual([3n, 2.5, 3, 'Hello you'])
    expect([client.state.at, sockets.length]).toEqual(['connected', 1])
  })

  test('arguments that fit nothing fail before anything is sent', async () => {
    await using world = await createGatewayWorld()
    const { client, sockets } = connect(world)
    await using _ = client
    // @ts-expect-error text is no number
    const call = client.agent('a1').service(probe).Add('x', 1n)
    await expect(call).rejects.toMatchObject({
      kind: 'invalid_params',
      delivery: 'not_sent',
      candidates: ['Add(int64,int64)', 'Add(double,double)'],
    })
    expect(sockets).toHaveLength(0)
  })

  test('an error tells kind, phase, delivery and advice', async () => {
    await using world = await createGatewayWorld()
    const { client } = connect(world)
    await using _ = client
    const error = await client
      .agent('a1')
      .service(probe)
      .Fail('nothing works')
      .catch((why: unknown) => why)
    expect(error).toBeInstanceOf(GatewayError)
    expect(error).toMatchObject({
      kind: 'service_failed',
      phase: 'response',
      delivery: 'executed',
      agent: 'a1',
      message: 'nothing works',
      retryable: false,
    })
  })

  test('an abort ends the call here and there', async () => {
    await using world = await createGatewayWorld()
    const { client } = connect(world)
    await using _ = client
    await client.agents()
    const stop = new AbortController()
    const call = client.agent('a1').service(probe).Forever({ signal: stop.signal })
    await client.agents()
    const aborted = new Promise(resolve => world.calls[0]?.signal?.addEventListener('abort', resolve))
    stop.abort()
    await expect(call).rejects.toMatchObject({ kind: 'cancelled', delivery: 'unknown' })
    await aborted
    await expect(client.agent('a1').service(probe).Forever({ signal: stop.signal })).rejects.toMatchObject({
      kind: 'cancelled',
      delivery: 'not_sent',
    })
  })

  test('a wrong token fails with what to do, and what waited ends', async () => {
    await using world = await createGatewayWorld()
    const { client, sockets } = connect(world, 'wrong')
    await using _ = client
    await expect(client.agents()).rejects.toMatchObject({
      kind: 'unauthorized',
      delivery: 'not_sent',
      advice: expect.stringContaining('open'),
    })
    expect([client.state.at, sockets.length]).toEqual(['failed', 0])
  })

  test('a watch and a call go on where the socket was cut', async () => {
    await using world = await createGatewayWorld()
    const { client, sockets } = connect(world)
    await using _ = client
    const stop = new AbortController()
    const events = client.watchAgents({ signal: stop.signal })
    expect((await events.next()).value).toMatchObject({ type: 'snapshot', agents: [{ state: 'offline' }] })
    const call = client.agent('a1').service(probe).Forever({ signal: stop.signal })
    await client.agents()
    const next = events.next()
    sockets[0]?.terminate()
    world.directory.report('a1', { type: 'reached', how: 'answers probes' })
    expect((await next).value).toMatchObject({ type: 'changed', agents: [{ state: 'connected' }] })
    expect(world.calls[0]?.signal?.aborted).toBe(false)
    stop.abort()
    await expect(call).rejects.toMatchObject({ kind: 'cancelled', delivery: 'unknown' })
    expect((await events.next()).done).toBe(true)
    expect(sockets).toHaveLength(2)
  })

  test('where the gateway has forgotten the session, a call that was sent ends as lost and a watch begins anew', async () => {
    await using world = await createGatewayWorld()
    const { client, sockets } = connect(world)
    await using _ = client
    const events = client.watchAgents()
    await events.next()
    const lost = client.agent('a1').service(probe).Forever()
    await client.agents()
    world.forgetSessions()
    sockets[0]?.terminate()
    await expect(lost).rejects.toMatchObject({ kind: 'connection_lost', delivery: 'unknown' })
    expect((await events.next()).value).toMatchObject({ type: 'snapshot' })
    await events.return()
  })

  test('what was asked while the gateway was away is sent when it is back', async () => {
    await using world = await createGatewayWorld()
    const { client, sockets } = connect(world)
    await using _ = client
    await client.agents()
    const gone = new Promise(resolve => sockets[0]?.once('close', resolve))
    sockets[0]?.terminate()
    await gone
    expect(await client.agents()).toHaveLength(1)
  })

  test('a closed client refuses', async () => {
    await using world = await createGatewayWorld()
    const { client } = connect(world)
    client.close()
    await expect(client.agents()).rejects.toMatchObject({ kind: 'closed' })
  })

  test.each([
    ['http://gateway.example', 'ws://gateway.example/rpc'],
    ['https://gateway.example/gw/', 'wss://gateway.example/gw/rpc'],
    ['https://gateway.example/gw', 'wss://gateway.example/gw/rpc'],
    ['wss://gateway.example/gw/rpc', 'wss://gateway.example/gw/rpc'],
  ])('the url %s leads to the socket at %s', async (url, socketUrl) => {
    const opened: string[] = []
    const client = createClient({
      url,
      reconnect: false,
      webSocket: to => {
        opened.push(to)
        throw new Error('enough')
      },
    })
    await expect(client.agents()).rejects.toThrow()
    client.close()
    expect(opened).toEqual([socketUrl])
  })

  test.each(['nowhere', 'ftp://x/'])('the url %s is refused', url => {
    expect(() => createClient({ url, webSocket: () => expect.unreachable() })).toThrow('url')
  })
})

test('waits grow, spread out, and end at the longest', () => {
  const options = { firstMs: 250, maxMs: 15_000 }
  expect([1, 2, 3, 20].map(attempt => backoffDelayMs(attempt, options, () => 1))).toEqual([250, 500, 1_000, 15_000])
  expect([1, 2, 3, 20].map(attempt => backoffDelayMs(attempt, options, () => 0))).toEqual([125, 250, 500, 7_500])
})

test('a pending call ends once, whoever comes first', async () => {
  const pending = new PendingCalls()
  const { call, answer } = pending.add({})
  expect(pending.answer({ jsonrpc: '2.0', id: call.id, result: 1 }, new Map())).toBe(true)
  expect(pending.answer({ jsonrpc: '2.0', id: call.id, result: 2 }, new Map())).toBe(false)
  pending.failAll(new GatewayError('closed', 'closed'))
  expect(await answer).toBe(1)
  expect(pending.size).toBe(0)
})

test('a result whose JSON cannot be read was executed all the same', async () => {
  const pending = new PendingCalls()
  const { call, answer } = pending.add({})
  const nothing = (): void => undefined
  const json = new Download(1, { free: 0 }, { credit: nothing, cancel: nothing, over: nothing })
  json.receive({ offset: 0, isHeldUp: false }, new TextEncoder().encode('{'))
  json.ended({ length: 1 })
  pending.answer({ jsonrpc: '2.0', id: call.id, result: { $json: { $stream: 2, length: 1 } } }, new Map([[2, json]]))
  await expect(answer).rejects.toMatchObject({ kind: 'protocol_error', delivery: 'executed' })
})

test('what was not read yet is told with what follows where it can be, and what was read gives credit', async () => {
  let hooks: CallHooks = {}
  const granted: object[] = []
  const items = watchItems<string>(
    {
      start: (_signal, given) => {
        hooks = given
        given.onSent?.(7)
        return new Promise(() => undefined)
      },
      notify: (_method, params) => void granted.push(params),
      merge: (older, newer) => (older[0] === newer[0] ? `${older}+${newer}` : undefined),
      gap: undefined,
      restarts: () => false,
    },
    new AbortController().signal,
  )
  const first = items.next()
  hooks.onItem?.(1, 'c1')
  expect((await first).value).toBe('c1')
  for (const [i, item] of ['b1', 'a1', 'a2'].entries()) hooks.onItem?.(i + 2, item)
  expect([(await items.next()).value, (await items.next()).value]).toEqual(['b1', 'a1+a2'])
  for (let sequence = 5; sequence <= 17; sequence++) {
    hooks.onItem?.(sequence, `d${sequence}`)
    await items.next()
  }
  expect(granted).toEqual([{ id: 7, sequence: 80 }])
  await items.return()
})
