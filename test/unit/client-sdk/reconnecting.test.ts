import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type ClientState, createClient, type WebSocketLike } from '@halibut-gateway/client'
import { createTestGateway } from '@halibut-gateway/client/testing'
import { closeCodes, facadeLimits } from '@halibut-gateway/schemas/wire'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { createGatewayWorld } from '../../support/gateway.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

/** A client of a gateway in memory, whose newest socket `end` closes with a code as something on the way would. */
function createWorld({ reconnect = true }: { reconnect?: boolean } = {}) {
  const gateway = createTestGateway()
  const sockets: WebSocketLike[] = []
  const client = createClient({
    url: 'http://test',
    reconnect,
    webSocket: (url, protocols) => {
      const socket = gateway.webSocket(url, protocols)
      sockets.push(socket)
      return socket
    },
  })
  const states: ClientState[] = []
  client.onState(state => states.push(state))
  const end = (code: number): void => (sockets.at(-1) as unknown as { ended(code: number): void }).ended(code)
  return { gateway, client, sockets, states, end, [Symbol.asyncDispose]: async () => client.close() }
}

const codes = Object.values(closeCodes)

test.each(codes.filter(({ retry }) => !retry).map(({ code }) => code))(
  'the close code %d is final for calls and for watches',
  async code => {
    await using it = createWorld()
    const watches = [it.client.watchAgents(), it.client.watchCalls(), it.client.watchMesh()] as const
    await Promise.all([watches[0].next(), watches[1].next()])
    const ends = watches.map(watch => watch.next().catch((error: unknown) => error))
    it.end(code)
    const ended = { kind: 'connection_lost', message: expect.stringContaining(String(code)) }
    expect(await Promise.all(ends)).toMatchObject([ended, ended, ended])
    expect([it.client.state.at, it.sockets.length]).toEqual(['failed', 1])
  },
)

test.each([
  ['a final close', closeCodes.policy_violation.code, true],
  ['a close of a client that does not connect again', closeCodes.going_away.code, false],
])('%s ends what was not sent yet as well', async (_, code, reconnect) => {
  await using it = createWorld({ reconnect })
  const { callsInFlight } = facadeLimits
  const watches = Array.from({ length: callsInFlight }, () => it.client.watchAgents())
  await Promise.all(watches.map(watch => watch.next()))
  const ends = watches.map(watch => watch.next().catch(() => undefined))
  const unsent = it.client.agents()
  it.end(code)
  await expect(unsent).rejects.toMatchObject({ kind: 'connection_lost', delivery: 'not_sent', retryable: !reconnect })
  await Promise.all(ends)
})

test.each(codes.filter(({ retry }) => retry).map(({ code }) => code))(
  'after the close code %d a watch goes on in its session',
  async code => {
    vi.useFakeTimers()
    await using it = createWorld()
    const watch = it.client.watchAgents()
    const first = watch.next()
    await vi.advanceTimersByTimeAsync(100)
    await first
    it.end(code)
    await vi.advanceTimersByTimeAsync(1_000)
    const next = watch.next()
    it.gateway.agent('web-1').set({ state: 'offline' })
    await vi.advanceTimersByTimeAsync(100)
    expect(await next).toMatchObject({ value: { type: 'changed' } })
    expect([it.client.state, it.sockets.length]).toMatchObject([{ at: 'connected', welcome: { resumed: true } }, 2])
  },
)

test('the pause grows while connections do not last, and begins anew after one that did', async () => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(1)
  await using it = createWorld()
  const watch = it.client.watchAgents()
  void watch.next()
  const pauses: number[] = []
  /** Ends the next connection when it has lasted so long. */
  const endAfter = async (lastedMs: number): Promise<void> => {
    while (it.client.state.at !== 'connected') await vi.advanceTimersByTimeAsync(50)
    await vi.advanceTimersByTimeAsync(lastedMs)
    it.end(closeCodes.try_again_later.code)
    const state = it.states.at(-1)
    if (state?.at === 'waiting') pauses.push(state.delayMs)
  }
  for (let i = 0; i < 8; i++) await endAfter(100)
  await endAfter(14_900)
  await endAfter(15_000)
  expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000, 15_000, 250])
})

test('requests one after the other wait as well where no connection lasts', async () => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(1)
  await using it = createWorld()
  const request = async (): Promise<void> => {
    const answer = it.client.agents()
    while (it.client.state.at !== 'connected') await vi.advanceTimersByTimeAsync(10)
    await vi.advanceTimersByTimeAsync(10)
    await answer
    it.end(closeCodes.no_status.code)
    expect(it.client.state.at).toBe('idle')
  }
  for (let i = 0; i < 5; i++) await request()
  const pauses = it.states.flatMap(state => (state.at === 'waiting' ? [state.delayMs] : []))
  expect(pauses).toEqual([500, 1_000, 2_000, 4_000])
  // The time since then counts.
  await vi.advanceTimersByTimeAsync(60_000)
  await request()
  expect(it.states.findLast(({ at }) => at === 'waiting')).toMatchObject({ delayMs: 0 })
})

test('a session that is given up while it is asked for again is not gone on with', async () => {
  vi.useFakeTimers()
  const gateway = createTestGateway()
  const opened: (() => void)[] = []
  const hellos: { method: string; params: { resume?: unknown } }[] = []
  const client = createClient({
    url: 'http://test',
    connectTimeoutMs: Number.POSITIVE_INFINITY,
    webSocket: (url, protocols) => {
      const socket = gateway.webSocket(url, protocols)
      const send = socket.send.bind(socket)
      return Object.assign(socket, {
        // The first one opens at once; the second one when the test says so.
        send: (text: string) => {
          const message = JSON.parse(text) as (typeof hellos)[number]
          if (message.method !== 'hello') send(text)
          else if (hellos.push(message) === 2) opened.push(() => send(text))
          else send(text)
        },
      })
    },
  })
  gateway.agent('web-1')
  const watch = client.watchAgents()
  const first = watch.next()
  await vi.advanceTimersByTimeAsync(100)
  await first
  const next = watch.next()
  gateway.cut()
  await vi.advanceTimersByTimeAsync(facadeLimits.resumeMs)
  expect(client.state.at).toBe('connecting')
  // The gateway would go on with it all the same.
  for (const open of opened) open()
  await vi.advanceTimersByTimeAsync(1_000)
  expect(client.state).toMatchObject({ at: 'connected', welcome: { resumed: false } })
  expect(hellos.map(({ params }) => params.resume !== undefined)).toEqual([false, true, false])
  expect(await next).toMatchObject({ value: { type: 'snapshot', agents: [{ id: 'web-1' }] } })
  client.close()
})

test('a client that is closed while it connects opens nothing more', async () => {
  vi.useFakeTimers()
  const gateway = createTestGateway()
  let signIn: (token: string) => void = () => undefined
  let sockets = 0
  const client = createClient({
    url: 'http://test',
    token: () =>
      new Promise<string>(resolve => {
        signIn = resolve
      }),
    tickets: false,
    webSocket: (url, protocols) => {
      sockets++
      return gateway.webSocket(url, protocols)
    },
  })
  const call = client.agents().catch((error: unknown) => error)
  client.close()
  signIn('token')
  expect(await call).toMatchObject({ kind: 'closed', delivery: 'not_sent' })
  await vi.advanceTimersByTimeAsync(1_000)
  expect([sockets, client.state, vi.getTimerCount()]).toEqual([0, { at: 'closed' }, 0])
})

test.each([
  ['refuses', 4403],
  ['has forgotten the session', undefined],
])('a client that a hook closes, because the gateway %s, stays closed', async (_, code) => {
  const gateway = createTestGateway()
  const sockets: WebSocketLike[] = []
  const ended: string[] = []
  const client = createClient({
    url: 'http://test',
    backoff: { firstMs: 0, maxMs: 0 },
    webSocket: (url, protocols) => {
      const socket = gateway.webSocket(url, protocols)
      sockets.push(socket)
      return socket
    },
    hooks: {
      onOutcome: (_request, { error }) => {
        ended.push(error?.kind ?? 'answered')
        client.close()
      },
    },
  })
  const watch = client.watchAgents()
  await watch.next()
  const next = watch.next().catch((error: unknown) => error)
  if (code === undefined) gateway.restart()
  else (sockets[0] as unknown as { ended(code: number): void }).ended(code)
  await next
  expect([ended, client.state]).toEqual([['connection_lost'], { at: 'closed' }])
  expect(await client.agents().catch((error: unknown) => error)).toMatchObject({ kind: 'closed' })
})

test('a watch ends at the timeout of its signal, whatever is collected meanwhile', async () => {
  await using it = createWorld()
  const items: string[] = []
  for await (const { type } of it.client.watchAgents({ signal: AbortSignal.timeout(200) })) {
    items.push(type)
    setTimeout(collectGarbage)
  }
  expect(items).toEqual(['snapshot'])
})

test('leaving a watch does not wait for its next item', async () => {
  await using it = createWorld()
  const watch = it.client.watchAgents()
  await watch.next()
  const next = watch.next()
  expect(await watch.return()).toEqual({ done: true, value: undefined })
  expect(await next).toEqual({ done: true, value: undefined })
})

describe('where there is no gateway', () => {
  /** A server of something else, which answers every request with this. */
  async function serve(status: number, body: string): Promise<{ url: string } & AsyncDisposable> {
    const server = createServer((_request, response) => response.writeHead(status).end(body)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      [Symbol.asyncDispose]: async () => {
        server.closeAllConnections()
        server.close()
      },
    }
  }

  const connect = (url: string, token?: string, connectTimeoutMs = 10_000) =>
    createClient({
      url,
      connectTimeoutMs,
      ...(token === undefined ? {} : { token }),
      backoff: { firstMs: 1, maxMs: 1 },
      webSocket: (address, protocols) => new WebSocket(address, protocols) as unknown as WebSocketLike,
    })

  test.each([
    [401, '', 'unauthorized'],
    [403, '<html>no</html>', 'forbidden'],
    [404, 'Not Found', 'connect_failed'],
    [200, '<html>Welcome</html>', 'connect_failed'],
  ])('an answer of HTTP %d with the body %j ends what waits', async (status, body, kind) => {
    await using server = await serve(status, body)
    await using client = connect(server.url, 'token')
    await expect(client.agents()).rejects.toMatchObject({
      kind,
      delivery: 'not_sent',
      message: expect.stringContaining(`HTTP ${status}`),
      advice: expect.stringContaining('port'),
    })
    expect(client.state.at).toBe('failed')
  })

  test('an answer that passes is tried again, and a call that gives up says what it was', async () => {
    await using server = await serve(503, '')
    await using client = connect(server.url, 'token')
    const message = expect.stringContaining('HTTP 503')
    await expect(client.agents({ timeoutMs: 300 })).rejects.toMatchObject({ kind: 'deadline_exceeded', message })
    const signal = AbortSignal.timeout(100)
    await expect(client.agent('web-1').invoke('IService', 'Method', [], { signal })).rejects.toMatchObject({ kind: 'cancelled', message })
  })

  test('a call to a port where nothing listens says so when it gives up', async () => {
    const server = await serve(200, '')
    await server[Symbol.asyncDispose]()
    await using client = connect(server.url, 'token')
    const states: ClientState[] = []
    client.onState(state => states.push(state))
    const message = expect.stringMatching(/no answer from http:\/\/127\.0\.0\.1:\d+: ECONNREFUSED/)
    await expect(client.agents({ timeoutMs: 300 })).rejects.toMatchObject({ kind: 'deadline_exceeded', message })
    const why = expect.objectContaining({ kind: 'connect_failed', cause: expect.any(Error) })
    expect(states).toContainEqual(expect.objectContaining({ at: 'waiting', why }))
    expect(states).toContainEqual(
      expect.objectContaining({ at: 'waiting', why: expect.objectContaining({ advice: expect.stringContaining('allowedOrigins') }) }),
    )
  })

  test('an address where nobody answers is given up in time, whatever is collected meanwhile', async () => {
    const server = createServer(collectGarbage).listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      await using client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, 'token', 200)
      const message = expect.stringMatching(/no answer from http:\/\/127\.0\.0\.1:\d+: .*timeout/)
      await expect(client.agents({ timeoutMs: 1_000 })).rejects.toMatchObject({ kind: 'deadline_exceeded', message })
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })

  test('a client may have any time to connect', async () => {
    await using server = await serve(404, '')
    for (const connectTimeoutMs of [Number.POSITIVE_INFINITY, 2 ** 31, 1_000.5]) {
      await using client = connect(server.url, 'token', connectTimeoutMs)
      await expect(client.agents()).rejects.toMatchObject({ message: expect.stringContaining('HTTP 404') })
    }
  })

  test('a client without a token is told that it has none', async () => {
    await using world = await createGatewayWorld()
    await using client = connect(world.origin)
    await expect(client.agents()).rejects.toMatchObject({ kind: 'unauthorized', message: expect.stringContaining('HTTP 401') })
    vi.stubGlobal('WebSocket', WebSocket)
    await using inPage = createClient({ url: world.origin })
    await expect(inPage.agents()).rejects.toMatchObject({ kind: 'unauthorized', message: expect.stringContaining('token') })
  })
})
