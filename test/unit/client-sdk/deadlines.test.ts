import { createClient, type WebSocketFactory } from '@halibut-gateway/client'
import { createTestGateway } from '@halibut-gateway/client/testing'
import { int64, method, service } from '@halibut-gateway/schemas/contract'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

const tools = service('IToolService', { One: method([], int64), Forever: method([], int64) })

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A gateway that does not answer before `reachable` is called, and what is sent to it. */
function createWorld() {
  const gateway = createTestGateway()
  gateway.agent('web-1').service(tools, {
    One: () => 1n,
    Forever: ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  })
  const sent: { method: string; params: unknown }[] = []
  let isReachable = false
  let isMute = false
  const webSocket: WebSocketFactory = (url, protocols) => {
    if (!isReachable) throw new Error('there is no way')
    const socket = gateway.webSocket(url, protocols)
    const send = socket.send.bind(socket)
    socket.send = data => {
      sent.push(JSON.parse(data as string) as (typeof sent)[number])
      if (!isMute) send(data)
    }
    return socket
  }
  const client = createClient({ url: 'http://test', webSocket, backoff: { firstMs: 1_000, maxMs: 1_000 } })
  return {
    client,
    gateway,
    sent,
    agent: client.agent('web-1'),
    remote: client.agent('web-1').service(tools),
    reachable: () => {
      isReachable = true
    },
    /** The sockets are cut, and none is opened any more. */
    gone: () => {
      isReachable = false
      gateway.cut()
    },
    /** The gateway hears nothing any more. */
    mute: () => {
      isMute = true
    },
    [Symbol.asyncDispose]: async () => client.close(),
  }
}

/** How a promise ends, and after how many milliseconds. */
async function ending(promise: Promise<unknown>): Promise<unknown> {
  const startedMs = Date.now()
  const ended = promise.then(
    value => ({ value, afterMs: Date.now() - startedMs }),
    ({ kind, delivery, message }: Record<string, unknown>) => ({ kind, delivery, message, afterMs: Date.now() - startedMs }),
  )
  await vi.advanceTimersByTimeAsync(20_000)
  return ended
}

test.each([
  [{ timeoutMs: 5_000 }, 5_000],
  [{ timeoutMs: 5_000, queueTimeoutMs: 2_000 }, 2_000],
  [{ timeoutMs: 2_000, queueTimeoutMs: 5_000 }, 2_000],
])('a call with %j that never finds a connection ends', async (options, afterMs) => {
  await using it = createWorld()
  const since = String.raw`no connection since \d{4}-\d\d-\d\dT\S+Z \(\d+ attempts, the next at \S+Z\)`
  const message = expect.stringMatching(
    `^the request was not sent within ${afterMs} ms; ${since}: no connection was opened: Error: there is no way$`,
  )
  const expected = { kind: 'deadline_exceeded', delivery: 'not_sent', message, afterMs }
  expect(await ending(it.remote.One(options))).toEqual(expected)
  expect(await ending(it.agent.invoke('IToolService', 'One', [], options))).toEqual(expected)
  it.reachable()
  expect(await ending(it.remote.One())).toMatchObject({ value: 1n })
  expect(it.sent.filter(message => message.method === 'agent.invoke')).toHaveLength(1)
})

test('a call that was sent is left to the deadlines of the gateway, and tells them', async () => {
  await using it = createWorld()
  it.reachable()
  it.gateway.delay(8_000)
  const call = ending(it.remote.One({ timeoutMs: 10_000, queueTimeoutMs: 100 }))
  expect(await call).toMatchObject({ value: 1n })
  expect(it.sent.at(1)).toMatchObject({ method: 'agent.invoke', params: { timeoutMs: expect.any(Number), queueTimeoutMs: 100 } })
})

test('what is left of the whole time is what the gateway hears of it', async () => {
  await using it = createWorld()
  const call = it.remote.One({ timeoutMs: 10_000.5, queueTimeoutMs: 8_000.5 })
  await vi.advanceTimersByTimeAsync(1_500)
  it.reachable()
  expect(await ending(call)).toMatchObject({ value: 1n })
  const { params } = it.sent.find(({ method }) => method === 'agent.invoke') ?? {}
  const { timeoutMs, queueTimeoutMs } = (params ?? {}) as Record<string, number>
  expect(queueTimeoutMs).toBe(8_001)
  expect(Number.isInteger(timeoutMs)).toBe(true)
  expect(timeoutMs).toBeLessThanOrEqual(8_501)
  expect(timeoutMs).toBeGreaterThan(5_000)
})

test('a call that was sent ends at its time where the gateway is gone, and a little later where it only says nothing', async () => {
  await using it = createWorld()
  it.reachable()
  await ending(it.client.agents())
  const silent = it.remote.Forever({ timeoutMs: 3_000 })
  it.gone()
  expect(await ending(silent)).toMatchObject({ kind: 'deadline_exceeded', delivery: 'unknown', afterMs: 3_000 })
  it.reachable()
  await ending(it.client.agents())
  it.mute()
  expect(await ending(it.remote.One({ timeoutMs: 3_000 }))).toMatchObject({
    kind: 'deadline_exceeded',
    delivery: 'unknown',
    afterMs: 4_000,
  })
})

test.each([Number.NaN, -5, 0, null as unknown as number])('a time of %s is refused before anything is sent', async ms => {
  await using it = createWorld()
  it.reachable()
  for (const options of [{ timeoutMs: ms }, { queueTimeoutMs: ms }]) {
    expect(await ending(it.remote.One(options))).toMatchObject({ kind: 'invalid_argument', delivery: 'not_sent' })
  }
  expect(await ending(it.client.agents({ timeoutMs: ms }))).toMatchObject({ kind: 'invalid_argument' })
  expect(it.sent).toEqual([])
  for (const options of [{ connectTimeoutMs: ms }, { backoff: { firstMs: Number.NaN } }, { backoff: { maxMs: -1 } }]) {
    expect(() => createClient({ url: 'http://test', webSocket: it.gateway.webSocket, ...options })).toThrow(
      /must be a number of milliseconds/,
    )
  }
})

test.each([2 ** 31, Number.POSITIVE_INFINITY])('a time of %s ms is long, and not over at once', async ms => {
  await using it = createWorld()
  it.reachable()
  expect(await ending(it.remote.One({ timeoutMs: ms, queueTimeoutMs: ms }))).toMatchObject({ value: 1n })
})

test.each([
  ['request', (it: ReturnType<typeof createWorld>) => it.client.request('agents.get', { agent: 'web-1' }, { timeoutMs: 300 })],
  ['agents', (it: ReturnType<typeof createWorld>) => it.client.agents({ timeoutMs: 300 })],
  ['contract', (it: ReturnType<typeof createWorld>) => it.client.contract('IToolService', { timeoutMs: 300 })],
  ['callOutcome', (it: ReturnType<typeof createWorld>) => it.client.callOutcome('key', { epoch: 'epoch 1', timeoutMs: 300 })],
])('%s ends after its timeout without a connection', async (_, make) => {
  await using it = createWorld()
  expect(await ending(make(it))).toMatchObject({ kind: 'deadline_exceeded', delivery: 'not_sent', afterMs: 300 })
})

test('a request that was sent ends after its timeout, and the gateway hears that its answer is not wanted', async () => {
  await using it = createWorld()
  it.reachable()
  await ending(it.client.agents())
  expect(await ending(it.client.request('agents.watch', {}, { timeoutMs: 300 }))).toEqual({
    kind: 'deadline_exceeded',
    delivery: 'unknown',
    message: 'no answer came within 300 ms',
    afterMs: 300,
  })
  const { id } = it.sent.find(({ method }) => method === 'agents.watch') as unknown as { id: number }
  expect(it.sent.find(({ method }) => method === '$/cancel')?.params).toEqual({ id })
})

test('a timeout that no timer can wait for is one that never passes', async () => {
  await using it = createWorld()
  it.reachable()
  expect(await ending(it.client.agents({ timeoutMs: Number.POSITIVE_INFINITY }))).toMatchObject({ value: [{ id: 'web-1' }] })
})

test('what was answered leaves no timer behind', async () => {
  await using it = createWorld()
  it.reachable()
  await ending(it.client.agents())
  const before = vi.getTimerCount()
  await ending(it.client.agents({ timeoutMs: 1_000_000 }))
  expect(vi.getTimerCount()).toBe(before)
})

test('an unknown key without an epoch is a rejection', async () => {
  await using it = createWorld()
  await expect(it.client.callOutcome('never used')).rejects.toMatchObject({ kind: 'invalid_argument' })
})
