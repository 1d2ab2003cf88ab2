import { createHash } from 'node:crypto'
import { createClient, type GatewayClient } from '@halibut-gateway/client'
import { createTestGateway, TestError } from '@halibut-gateway/client/testing'
import { CallEventSchema, type InspectEvent, InspectEventSchema } from '@halibut-gateway/schemas'
import { dataStream, int64, list, method, object, service, string } from '@halibut-gateway/schemas/contract'
import { type CallEvent, facadeLimits } from '@halibut-gateway/schemas/wire'
import { Value } from '@sinclair/typebox/value'
import { describe, expect, test } from 'vitest'

const tools = service('IToolService', {
  Add: method(
    [
      ['a', int64],
      ['b', int64],
    ],
    int64,
  ),
  Copy: method([['content', dataStream]], dataStream),
  Fail: method([['message', string]], string),
  Wait: method([], string),
  Ignore: method([], string),
  Kill: method([], string, { cancel: 'kill' }),
  Skip: method([], string, { cancel: 'skip' }),
})

const reader = service('IReader', { Read: method([], dataStream) })

/** A gateway in memory, whose `Wait` and `Ignore` answer when `answer` is called; `Ignore` does not care for its signal. */
function createWorld() {
  const gateway = createTestGateway()
  const signals: AbortSignal[] = []
  const answers: ((value: string) => void)[] = []
  const begun: (() => void)[] = []
  const wait = ({ signal }: { readonly signal: AbortSignal }): Promise<string> =>
    new Promise((resolve, reject) => {
      signals.push(signal)
      answers.push(resolve)
      signal.addEventListener('abort', () => reject(signal.reason))
      begun.shift()?.()
    })
  const agent = gateway.agent('web-1').service(tools, {
    Add: (a, b) => a + b,
    Copy: content => content,
    Fail: message => {
      throw new Error(message)
    },
    Wait: wait,
    Kill: wait,
    Skip: wait,
    Ignore: ({ signal }) =>
      new Promise(resolve => {
        signals.push(signal)
        answers.push(resolve)
        begun.shift()?.()
      }),
  })
  const clients: GatewayClient[] = []
  const connect = (): GatewayClient => {
    const client = createClient({ url: 'http://test', webSocket: gateway.webSocket, backoff: { firstMs: 0, maxMs: 1 } })
    clients.push(client)
    return client
  }
  const client = connect()
  return {
    gateway,
    agent,
    client,
    connect,
    signals,
    answer: () => answers.shift()?.('done'),
    /** The next call of `Wait` or `Ignore` is with its implementation. */
    hasBegun: () => new Promise<void>(resolve => begun.push(resolve)),
    remote: client.agent('web-1').service(tools),
    [Symbol.asyncDispose]: async () => {
      for (const each of clients) each.close()
    },
  }
}

/** The next event of a call that is of this type; each of them is as the schema says. */
async function next(events: AsyncGenerator<CallEvent, void, void>, type: CallEvent['type']): Promise<CallEvent> {
  for await (const event of { [Symbol.asyncIterator]: () => ({ next: () => events.next() }) }) {
    expect([...Value.Errors(CallEventSchema, event)]).toEqual([])
    if (event.type === type) return event
  }
  throw new Error(`no ${type} came`)
}

describe('a call with an idempotency key', () => {
  test('runs once, however often it is made, and its outcome is known', async () => {
    await using it = createWorld()
    const begun = it.hasBegun()
    const both = [it.remote.Wait({ idempotencyKey: 'k' }), it.remote.Wait({ idempotencyKey: 'k' })]
    await begun
    expect(await it.client.callOutcome('k')).toEqual({ state: 'running' })
    it.answer()
    expect(await Promise.all(both)).toEqual(['done', 'done'])
    expect(await it.remote.Wait({ idempotencyKey: 'k' })).toBe('done')
    expect(await it.client.callOutcome('k')).toMatchObject({ state: 'answered', result: { value: 'done', signature: 'Wait()' } })
    expect(it.gateway.calls).toHaveLength(1)
  })

  test('is a conflict with other parameters', async () => {
    await using it = createWorld()
    expect(await it.remote.Add(1n, 2n, { idempotencyKey: 'k' })).toBe(3n)
    await expect(it.remote.Add(1n, 3n, { idempotencyKey: 'k' })).rejects.toMatchObject({
      kind: 'idempotency_conflict',
      delivery: 'not_sent',
    })
  })

  test('that failed at the agent fails again, and one that never got there runs', async () => {
    await using it = createWorld()
    for (let i = 0; i < 2; i++) {
      await expect(it.remote.Fail('no', { idempotencyKey: 'failed' })).rejects.toMatchObject({ kind: 'service_failed', message: 'no' })
    }
    expect(await it.client.callOutcome('failed')).toMatchObject({ state: 'failed', error: { data: { kind: 'service_failed' } } })
    it.gateway.fail(new TestError('queue_full', 'too much', 'not_sent'))
    await expect(it.remote.Add(1n, 2n, { idempotencyKey: 'k' })).rejects.toMatchObject({ kind: 'queue_full' })
    expect(await it.remote.Add(1n, 2n, { idempotencyKey: 'k' })).toBe(3n)
    expect(it.gateway.calls).toHaveLength(2)
  })

  test('cannot give its data streams twice', async () => {
    await using it = createWorld()
    const content = Uint8Array.of(1, 2, 3)
    expect(await (await it.remote.Copy(content, { idempotencyKey: 'k' }))?.bytes()).toEqual(content)
    await expect(it.remote.Copy(content, { idempotencyKey: 'k' })).rejects.toMatchObject({ kind: 'stream_consumed', delivery: 'executed' })
    expect(await it.client.callOutcome('k')).toEqual({ state: 'answered' })
  })

  test('is not remembered after a restart, and never runs again under its epoch', async () => {
    await using it = createWorld()
    await it.remote.Add(1n, 2n, { idempotencyKey: 'k' })
    it.gateway.restart()
    await expect(it.remote.Add(1n, 2n, { idempotencyKey: 'k' })).rejects.toMatchObject({ kind: 'outcome_unknown', delivery: 'unknown' })
    expect(await it.client.callOutcome('k')).toEqual({ state: 'unknown', reason: 'epoch' })
    expect(await it.client.callOutcome('k', { epoch: 'epoch 2' })).toEqual({ state: 'unknown', reason: 'key' })
    expect(it.gateway.calls).toHaveLength(1)
    // For who did not know it before, the key is a fresh one.
    expect(await it.connect().agent('web-1').service(tools).Add(2n, 2n, { idempotencyKey: 'k' })).toBe(4n)
  })

  test('goes on when its client is closed, and another client hears of it; one without a key ends', async () => {
    await using it = createWorld()
    const first = it.connect()
    const remote = first.agent('web-1').service(tools)
    const begun = [it.hasBegun(), it.hasBegun()]
    const ends = [remote.Wait({ idempotencyKey: 'k' }), remote.Wait()].map(call => call.catch(({ kind }: { kind: string }) => kind))
    await Promise.all(begun)
    first.close()
    expect(await Promise.all(ends)).toEqual(['closed', 'closed'])
    expect(it.signals.map(signal => signal.aborted)).toEqual([false, true])
    const again = it.remote.Wait({ idempotencyKey: 'k' })
    it.answer()
    expect(await again).toBe('done')
  })
})

test('a digest is told where one was asked for', async () => {
  await using it = createWorld()
  const content = new Uint8Array(100_000).fill(7)
  const expected = createHash('sha256').update(content).digest('hex')
  const { value, uploads } = await it.client.agent('web-1').invoke('IToolService', 'Copy', [content], { digest: true })
  expect(uploads).toMatchObject([{ length: 100_000, sha256: expected }])
  const download = value as Awaited<ReturnType<typeof it.remote.Copy>>
  await download?.bytes()
  expect(await download?.sha256).toBe(expected)
  const plain = await it.remote.Copy(content)
  await plain?.bytes()
  expect(await plain?.sha256).toBeUndefined()
})

describe('a deadline', () => {
  test('ends a call that is with its agent, which hears of it', async () => {
    await using it = createWorld()
    // Before there is a connection the client itself minds it.
    await it.client.agents()
    await expect(it.remote.Ignore({ timeoutMs: 5 })).rejects.toMatchObject({ kind: 'deadline_exceeded', delivery: 'unknown' })
    expect(it.signals[0]?.aborted).toBe(true)
  })

  test('ends a call that a polling agent does not take', async () => {
    await using it = createWorld()
    it.agent.set({ mode: 'polling', state: 'offline' })
    await it.client.agents()
    await expect(it.remote.Add(1n, 2n, { queueTimeoutMs: 5 })).rejects.toMatchObject({ kind: 'deadline_exceeded', delivery: 'not_sent' })
    const taken = it.remote.Add(1n, 2n, { timeoutMs: 5_000 })
    await it.client.agents()
    it.agent.set({ state: 'connected' })
    expect(await taken).toBe(3n)
    expect(it.gateway.calls).toHaveLength(1)
  })

  test('is none for a disabled agent', async () => {
    await using it = createWorld()
    it.agent.set({ state: 'disabled' })
    await expect(it.remote.Add(1n, 2n)).rejects.toMatchObject({ kind: 'agent_unavailable', delivery: 'not_sent' })
  })
})

describe('a call that is cancelled', () => {
  test.each(['Wait', 'Ignore'] as const)('with kill ends at the agent at once: %s', async name => {
    await using it = createWorld()
    const events = it.client.watchCalls()
    await next(events, 'snapshot')
    const stop = new AbortController()
    const begun = it.hasBegun()
    const call = it.remote[name]({ signal: stop.signal })
    await begun
    stop.abort()
    await expect(call).rejects.toMatchObject({ kind: 'cancelled', delivery: 'unknown' })
    expect(await next(events, 'finished')).toMatchObject({ call: { state: 'failed', error: { kind: 'cancelled', delivery: 'unknown' } } })
    expect(it.signals[0]?.aborted).toBe(true)
    await events.return()
  })

  test('with skip goes on at the agent, for nobody', async () => {
    await using it = createWorld()
    const events = it.client.watchCalls()
    await next(events, 'snapshot')
    const stop = new AbortController()
    const begun = it.hasBegun()
    const call = it.remote.Wait({ signal: stop.signal, cancel: 'skip' })
    await begun
    stop.abort()
    await expect(call).rejects.toMatchObject({ kind: 'cancelled', delivery: 'unknown' })
    await it.client.agents()
    it.answer()
    expect(await next(events, 'finished')).toMatchObject({ call: { state: 'answered' } })
    expect(it.signals[0]?.aborted).toBe(false)
    await events.return()
  })

  test.each([
    ['a polling agent', 'polling', 'Wait', false],
    ['a listening agent, where its contract says kill', 'listening', 'Kill', true],
    ['a polling agent, where its contract says kill', 'polling', 'Kill', true],
    ['a listening agent, where its contract says skip', 'listening', 'Skip', false],
  ] as const)('without a mode at %s ends there, or goes on', async (_, mode, name, ends) => {
    await using it = createWorld()
    it.agent.set({ mode })
    const events = it.client.watchCalls()
    await next(events, 'snapshot')
    const stop = new AbortController()
    const begun = it.hasBegun()
    const call = it.remote[name]({ signal: stop.signal })
    await begun
    stop.abort()
    await expect(call).rejects.toMatchObject({ kind: 'cancelled', delivery: 'unknown' })
    await it.client.agents()
    expect(it.signals[0]?.aborted).toBe(ends)
    it.answer()
    expect(await next(events, 'finished')).toMatchObject({ call: { state: ends ? 'failed' : 'answered' } })
    await events.return()
  })

  test.each(['kill', 'skip'] as const)('with %s before its agent takes it never runs', async cancel => {
    await using it = createWorld()
    it.agent.set({ mode: 'polling', state: 'offline' })
    const events = it.client.watchCalls()
    await next(events, 'snapshot')
    const stop = new AbortController()
    const call = it.remote.Add(1n, 2n, { signal: stop.signal, cancel })
    await next(events, 'started')
    stop.abort()
    await expect(call).rejects.toMatchObject({ kind: 'cancelled' })
    expect(await next(events, 'finished')).toMatchObject({ call: { state: 'failed', error: { kind: 'cancelled', delivery: 'not_sent' } } })
    it.agent.set({ state: 'connected' })
    expect(await it.remote.Add(2n, 2n)).toBe(4n)
    expect(it.gateway.calls).toMatchObject([{ args: [2n, 2n] }])
    await events.return()
  })

  test('with kill by one of two who wait for the same key goes on for the other', async () => {
    await using it = createWorld()
    const stop = new AbortController()
    const begun = it.hasBegun()
    const left = it.remote.Wait({ idempotencyKey: 'k', signal: stop.signal })
    const stays = it.remote.Wait({ idempotencyKey: 'k' })
    await begun
    stop.abort()
    await expect(left).rejects.toMatchObject({ kind: 'cancelled' })
    await it.client.agents()
    it.answer()
    expect(await stays).toBe('done')
  })
})

test('calls.watch tells each beginning, change and end of a call', async () => {
  await using it = createWorld()
  const begun = it.hasBegun()
  const before = it.remote.Wait()
  await begun
  const events = it.client.watchCalls()
  const running = { agent: 'web-1', service: 'IToolService', method: 'Wait()', principal: 'test', state: 'running' }
  expect(await next(events, 'snapshot')).toMatchObject({ calls: [running] })
  it.answer()
  await before
  expect(await next(events, 'finished')).toMatchObject({ call: { ...running, state: 'answered', durationMs: expect.any(Number) } })
  await it.remote.Add(1n, 2n)
  expect(await next(events, 'started')).toMatchObject({ call: { method: 'Add(int64,int64)', state: 'queued' } })
  expect(await next(events, 'changed')).toMatchObject({ call: { method: 'Add(int64,int64)', state: 'running' } })
  expect(await next(events, 'finished')).toMatchObject({ call: { method: 'Add(int64,int64)', state: 'answered' } })
  await events.return()
})

test('inspect.watch tells what the test says, in the shape of the real one', async () => {
  await using it = createWorld()
  const event: InspectEvent = { type: 'log', at: new Date().toISOString(), endpoint: 'https://a/', level: 'info', message: 'hello' }
  expect(Value.Check(InspectEventSchema, event)).toBe(true)
  const events = it.client.watchMesh()
  const first = events.next()
  await it.client.agents()
  it.gateway.inspect(event)
  expect((await first).value).toEqual(event)
  await events.return()
})

test('a method that does not exist is refused with those that do', async () => {
  await using it = createWorld()
  await expect(it.client.agent('web-1').invoke('IToolService', 'Nonsense', [])).rejects.toMatchObject({
    kind: 'invalid_params',
    errors: [{ path: '/method' }],
    candidates: expect.arrayContaining(['Wait()']),
  })
})

test('a download whose answer was lost on its way comes with the answer after the cut', async () => {
  const gateway = createTestGateway()
  const content = new Uint8Array(100_000).fill(7)
  gateway.agent('web-1').service(reader, {
    Read: () => {
      gateway.cut()
      return content
    },
  })
  const client = createClient({ url: 'http://test', webSocket: gateway.webSocket, backoff: { firstMs: 0, maxMs: 1 } })
  const download = await client.agent('web-1').service(reader).Read({ digest: true })
  expect(Buffer.from((await download?.bytes()) ?? []).equals(content)).toBe(true)
  expect(await download?.sha256).toBe(createHash('sha256').update(content).digest('hex'))
  client.close()
})

test('an upload that breaks off fails its call', async () => {
  await using it = createWorld()
  const stream = new ReadableStream<Uint8Array>({ pull: controller => controller.error(new Error('the file is gone')) })
  await expect(it.remote.Copy(stream)).rejects.toMatchObject({ kind: 'stream_failed', delivery: 'unknown' })
})

test('a result that is longer than a text frame comes as any other, with its data streams', async () => {
  const big = service('IBig', {
    Text: method([], string),
    Both: method([], list(object('Big.Both, Big', { Text: string, Content: dataStream }))),
  })
  const gateway = createTestGateway()
  const text = 'x'.repeat(2 * facadeLimits.textBytes)
  gateway.agent('web-1').service(big, { Text: () => text, Both: () => [{ Text: text, Content: new Uint8Array([1, 2, 3]) }] })
  await using client = createClient({ url: 'http://test', webSocket: gateway.webSocket, backoff: { firstMs: 0, maxMs: 1 } })
  const remote = client.agent('web-1').service(big)
  expect((await remote.Text()) === text).toBe(true)
  const [both] = await remote.Both()
  expect(both?.Text === text).toBe(true)
  expect(await both?.Content?.bytes()).toEqual(new Uint8Array([1, 2, 3]))
})
