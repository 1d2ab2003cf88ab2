import { type ClientState, createClient } from '@halibut-gateway/client'
import { createTestGateway } from '@halibut-gateway/client/testing'
import { expect, test, vi } from 'vitest'

/** A client whose sockets fail while `broken`, and the states that a listener was told. */
function createWorld() {
  const gateway = createTestGateway()
  const world = { broken: false, sockets: 0 }
  const client = createClient({
    url: 'http://test',
    backoff: { firstMs: 0, maxMs: 0 },
    webSocket: (url, protocols) => {
      world.sockets++
      if (world.broken) throw new Error('there is no way')
      return gateway.webSocket(url, protocols)
    },
  })
  const states: ClientState[] = []
  const stop = client.onState(state => {
    expect(client.state).toBe(state)
    states.push(state)
  })
  const reached = (at: ClientState['at']) => vi.waitFor(() => expect(client.state.at).toBe(at), { interval: 1 })
  return { gateway, client, states, stop, reached, world, [Symbol.asyncDispose]: async () => client.close() }
}

test('a listener hears each state in order: connecting, connected, idle, waiting, closed', async () => {
  await using it = createWorld()
  expect(it.client.state).toEqual({ at: 'idle' })
  await it.client.agents()
  expect(it.states).toMatchObject([
    { at: 'connecting', attempt: 1 },
    { at: 'connected', welcome: { resumed: false, principal: { name: 'test' } } },
  ])
  // Nothing is under way: there is no need to connect again.
  it.gateway.cut()
  expect(it.states.splice(0).at(-1)).toMatchObject({ at: 'idle', why: { kind: 'connection_lost' } })

  const watch = it.client.watchAgents()
  await watch.next()
  it.world.broken = true
  it.gateway.cut()
  const socketsBefore = it.world.sockets
  await vi.waitFor(() => expect(it.world.sockets).toBeGreaterThan(socketsBefore), { interval: 1 })
  it.world.broken = false
  await it.reached('connected')
  const [first, second, third, fourth, ...others] = it.states.splice(0)
  expect([first, second, third, fourth]).toMatchObject([
    { at: 'connecting', attempt: 1, why: { kind: 'connection_lost' } },
    { at: 'connected', welcome: { resumed: true }, after: { why: { kind: 'connection_lost' } } },
    { at: 'waiting', attempt: 1, why: { kind: 'connection_lost', message: 'the connection to the gateway ended: 1006' } },
    { at: 'connecting', attempt: 1 },
  ])
  expect(others.at(0)).toMatchObject({ at: 'waiting', attempt: 2, why: { kind: 'connect_failed' } })
  expect(others.at(-1)).toMatchObject({ at: 'connected', welcome: { resumed: true } })

  it.client.close()
  expect(it.states.splice(0)).toEqual([{ at: 'closed' }])
})

test('each state without a connection says why, since when, after how many attempts, and when the next one is', async () => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(1)
  try {
    const gateway = createTestGateway()
    const sockets: { ended(code: number, reason: string): void }[] = []
    let broken = false
    await using client = createClient({
      url: 'http://test',
      backoff: { firstMs: 1_000, maxMs: 60_000 },
      webSocket: (url, protocols) => {
        if (broken) throw new Error('there is no way')
        const socket = gateway.webSocket(url, protocols)
        sockets.push(socket as unknown as { ended(code: number, reason: string): void })
        return socket
      },
    })
    const watch = client.watchAgents()
    void watch.next()
    await vi.advanceTimersByTimeAsync(100)
    broken = true
    const since = new Date()
    sockets[0]?.ended(1013, 'too much to do')
    const message = 'the connection to the gateway ended: 1013 too much to do'
    const lost = expect.objectContaining({ kind: 'connection_lost', message, advice: expect.stringContaining('port') })
    expect(client.state).toEqual({ at: 'waiting', attempt: 2, delayMs: 2_000, nextAt: new Date(+since + 2_000), since, why: lost })
    const call = client.agents({ timeoutMs: 3_000 }).catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(2_000)
    const refused = expect.objectContaining({ kind: 'connect_failed', message: 'no connection was opened: Error: there is no way' })
    const nextAt = new Date(+since + 6_000)
    expect(client.state).toEqual({ at: 'waiting', attempt: 3, delayMs: 4_000, nextAt, since, why: refused })
    await vi.advanceTimersByTimeAsync(1_000)
    const told = `no connection since ${since.toISOString()} (2 attempts, the next at ${nextAt.toISOString()})`
    expect(await call).toMatchObject({
      kind: 'deadline_exceeded',
      message: `the request was not sent within 3000 ms; ${told}: no connection was opened: Error: there is no way`,
      advice: 'look at the cause, then try again',
      cause: refused,
    })
  } finally {
    vi.restoreAllMocks()
    vi.useRealTimers()
  }
})

test('a failure that connecting again cannot mend is a state, and connectNow tries again', async () => {
  const client = createClient({
    url: 'http://test',
    webSocket: () => {
      throw new Error('there is no way')
    },
    reconnect: false,
  })
  const states: string[] = []
  client.onState(({ at }) => states.push(at))
  await expect(client.agents()).rejects.toMatchObject({ kind: 'connect_failed', message: expect.stringContaining('there is no way') })
  expect([states.splice(0), client.state]).toMatchObject([['connecting', 'failed'], { at: 'failed', why: { kind: 'connect_failed' } }])
  client.connectNow()
  await vi.waitFor(() => expect(states).toEqual(['connecting', 'failed']), { interval: 1 })
  client.close()
})

test('a listener that was taken away hears nothing more', async () => {
  await using it = createWorld()
  it.stop()
  await it.client.agents()
  expect(it.states).toEqual([])
})

test('a listener that throws is an uncaught error of its own, and no failed connection', async () => {
  await using it = createWorld()
  const uncaught: unknown[] = []
  const others = process.rawListeners('uncaughtException') as NodeJS.UncaughtExceptionListener[]
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', error => uncaught.push(error))
  try {
    const error = new Error('a mistake of the page')
    it.client.onState(() => {
      throw error
    })
    const after: string[] = []
    it.client.onState(({ at }) => after.push(at))
    expect(await it.client.agents()).toEqual([])
    it.client.close()
    expect(after).toEqual(['connecting', 'connected', 'closed'])
    await vi.waitFor(() => expect(uncaught).toEqual([error, error, error]), { interval: 1 })
    expect(it.world.sockets).toBe(1)
  } finally {
    process.removeAllListeners('uncaughtException')
    for (const listener of others) process.on('uncaughtException', listener)
  }
})
