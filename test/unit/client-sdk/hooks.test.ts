import { type ClientOptions, createClient, GatewayError, type Logger, type RequestInfo, type RequestOutcome } from '@halibut-gateway/client'
import { createTestGateway, TestError } from '@halibut-gateway/client/testing'
import { int64, method, service } from '@halibut-gateway/schemas/contract'
import { expect, test, vi } from 'vitest'

const tools = service('IToolService', {
  Add: method(
    [
      ['left', int64],
      ['right', int64],
    ],
    int64,
  ),
})

function createWorld(options: Pick<ClientOptions, 'hooks' | 'logger'>) {
  const gateway = createTestGateway()
  gateway.agent('web-1').service(tools, { Add: (a, b) => a + b })
  const client = createClient({ url: 'http://test', webSocket: gateway.webSocket, backoff: { firstMs: 0, maxMs: 0 }, ...options })
  return { gateway, client, remote: client.agent('web-1').service(tools), [Symbol.asyncDispose]: async () => client.close() }
}

test('a hook sees what each request asks for, never with what, and how it ended', async () => {
  const requests: RequestInfo[] = []
  const outcomes: [RequestInfo, RequestOutcome][] = []
  await using it = createWorld({
    hooks: { onRequest: request => requests.push(request), onOutcome: (request, outcome) => outcomes.push([request, outcome]) },
  })
  await it.remote.Add(4711n, 2n)
  it.gateway.fail(new TestError('queue_full', 'too many wait', 'not_sent'))
  await it.client
    .agent('web-1')
    .invoke('IToolService', 'Add', ['4711', '2'])
    .catch(() => undefined)
  await it.client.agents()
  const named = { method: 'agent.invoke', agent: 'web-1', service: 'IToolService' }
  expect(requests).toEqual([
    { ...named, call: 'Add(int64,int64)', parameters: ['left', 'right'] },
    { ...named, call: 'Add' },
    { method: 'agents.list' },
  ])
  expect(JSON.stringify(requests)).not.toContain('4711')
  expect(outcomes.map(([request]) => requests.indexOf(request))).toEqual([0, 1, 2])
  const ended = expect.any(Number)
  expect(outcomes.map(([, outcome]) => outcome)).toEqual([
    { durationMs: ended },
    { durationMs: ended, error: expect.objectContaining({ kind: 'queue_full' }) },
    { durationMs: ended },
  ])
})

test('a trace context that a hook sets goes out with the request, and its trace id comes back with an error', async () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  const traceparent = `00-${traceId}-00f067aa0ba902b7-01`
  await using it = createWorld({
    hooks: {
      onRequest: request => {
        request.traceparent = traceparent
      },
    },
  })
  await it.remote.Add(1n, 2n)
  expect(it.gateway.calls).toMatchObject([{ args: [1n, 2n], traceparent }])
  it.gateway.fail(new TestError('queue_full', 'too many wait', 'not_sent'))
  await expect(it.remote.Add(1n, 2n)).rejects.toMatchObject({ kind: 'queue_full', traceId })
})

test('a trace context that does not fit is refused by the gateway in memory, as by the real one', async () => {
  await using it = createWorld({
    hooks: {
      onRequest: request => {
        request.traceparent = '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01'
      },
    },
  })
  await expect(it.remote.Add(1n, 2n)).rejects.toMatchObject({ kind: 'invalid_request', delivery: 'not_sent' })
  expect(it.gateway.calls).toEqual([])
})

test('a request that was given up, and one that was never sent, have an outcome too', async () => {
  const outcomes: unknown[] = []
  await using it = createWorld({ hooks: { onOutcome: (_, { error }) => outcomes.push(error?.kind) } })
  await it.remote.Add(1n, 2n, { signal: AbortSignal.abort() }).catch(() => undefined)
  const call = it.remote.Add(1n, 2n).catch(() => undefined)
  it.client.close()
  await call
  expect(outcomes).toEqual(['cancelled', 'closed'])
})

test('hooks and a logger that throw break no request and no connection, and are uncaught errors of their own', async () => {
  const uncaught: unknown[] = []
  const others = process.rawListeners('uncaughtException') as NodeJS.UncaughtExceptionListener[]
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', error => uncaught.push(error))
  const mistake = (): never => {
    throw new Error('a mistake of the page')
  }
  try {
    await using it = createWorld({
      hooks: { onRequest: mistake, onOutcome: mistake, onState: mistake },
      logger: { debug: mistake, info: mistake, warn: mistake, error: mistake },
    })
    expect(await it.remote.Add(1n, 2n)).toBe(3n)
    // Connecting and connected, one request and its outcome; the logger hears all but the request.
    await vi.waitFor(() => expect(uncaught).toHaveLength(7), { interval: 1 })
  } finally {
    process.removeAllListeners('uncaughtException')
    for (const listener of others) process.on('uncaughtException', listener)
  }
})

test('a logger hears of the connection and of requests, each at its level', async () => {
  const lines: [string, string, object][] = []
  const at = (level: string) => (message: string, details: object) => void lines.push([level, message, details])
  const logger: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  await using it = createWorld({ logger })
  const watch = it.client.watchAgents()
  await watch.next()
  it.gateway.cut()
  await it.remote.Add(1n, 2n)
  it.gateway.fail(new TestError('queue_full', 'too many wait', 'not_sent'))
  await it.remote.Add(1n, 2n).catch(() => undefined)
  await watch.return()
  expect(lines.map(([level, message]) => `${level} ${message}`)).toEqual([
    'info connection connecting',
    'info connection connected',
    'warn connection waiting',
    'info connection connecting',
    'info connection connected',
    'debug request agent.invoke',
    'debug request agent.invoke',
    'debug request agents.watch',
  ])
  expect(lines[2]?.[2]).toMatchObject({ why: expect.any(GatewayError), nextAt: expect.any(Date) })
  expect(lines[4]?.[2]).toMatchObject({ after: { why: { kind: 'connection_lost' } } })
  expect(lines[6]?.[2]).toMatchObject({ agent: 'web-1', call: 'Add(int64,int64)', error: { kind: 'queue_full' } })
  const text = JSON.stringify(lines)
  expect(text).toContain('too many wait')
  // With it, and a sign-in of the same principal, somebody else could go on with the session.
  expect(text).not.toContain('resumeToken')
})

test('the state is told to a hook as to a listener', async () => {
  const states: string[] = []
  await using it = createWorld({ hooks: { onState: ({ at }) => states.push(at) } })
  await it.client.agents()
  it.client.close()
  expect(states).toEqual(['connecting', 'connected', 'closed'])
})
