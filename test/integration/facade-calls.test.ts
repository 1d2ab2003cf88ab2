import { type CancelMode, type Contract, dataStream, int64, method, service } from '@halibut-gateway/schemas/contract'
import { describe, expect, test } from 'vitest'
import { flowService, hostFlowService, type WaitingCall } from '../support/flow-service.ts'
import { createRealGateway } from '../support/real-gateway.ts'

async function createWorld(mode: 'listening' | 'polling' = 'listening', cancel?: CancelMode) {
  const waiting: WaitingCall[] = []
  let begun = (): void => undefined
  const gateway = await createRealGateway({
    mode,
    contracts: [cancel ? withCancel(flowService, cancel) : flowService],
    host: agent =>
      hostFlowService(agent, call => {
        waiting.push(call)
        begun()
      }),
  })
  /** How the first call ended for the gateway. */
  const ended = new Promise<unknown>(resolve => gateway.runtime.on('callFinished', ({ error }) => resolve(error)))
  const nextWait = async (): Promise<WaitingCall> => {
    while (waiting.length === 0) {
      await new Promise<void>(resolve => {
        begun = resolve
      })
    }
    return waiting.shift() as WaitingCall
  }
  const client = gateway.client()
  return {
    gateway,
    client,
    service: client.agent('web-1').service(flowService),
    nextWait,
    /** Nobody waits for the call any more, and its agent has noticed that it was killed, or notices nothing and finishes it. */
    hasBeenLeft: async (call: WaitingCall, mode: CancelMode): Promise<void> => {
      if (mode === 'kill') {
        if (!call.signal.aborted) await new Promise(resolve => call.signal.addEventListener('abort', resolve))
        return
      }
      call.finish()
      expect(await ended).toBeUndefined()
      expect(call.signal.aborted).toBe(false)
    },
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  }
}

/** The same contract, in which each method says what becomes of a call that is given up. */
function withCancel(contract: Contract, cancel: CancelMode): Contract {
  return { ...contract, methods: contract.methods.map(each => ({ ...each, cancel })) }
}

test.each(['kill', 'skip'] as const)('a call that waits in the queue of a polling agent and is cancelled (%s) never runs', async mode => {
  await using world = await createWorld('polling')
  const first = world.service.Wait()
  const running = await world.nextWait()
  const stop = new AbortController()
  const queued = world.service.Wait({ signal: stop.signal, cancel: mode })
  await world.client.agents()
  stop.abort()
  await expect(queued).rejects.toMatchObject({ kind: 'cancelled' })
  running.finish()
  expect(await first).toBe('done')
  expect(await world.service.Add(1n, 2n)).toBe(3n)
  expect(world.gateway.runtime.memoryInUse().queues).toBeLessThanOrEqual(1)
})

test('a call that runs at a polling agent and is killed ends its connection there, and the agent comes back', async () => {
  await using world = await createWorld('polling')
  const stop = new AbortController()
  const call = world.service.Wait({ signal: stop.signal, cancel: 'kill' })
  const { signal } = await world.nextWait()
  const ended = new Promise(resolve => signal.addEventListener('abort', resolve))
  stop.abort()
  await expect(call).rejects.toMatchObject({ kind: 'cancelled', delivery: 'unknown' })
  await ended
  expect(await world.service.Add(1n, 2n)).toBe(3n)
})

test('a call that runs at a polling agent and is skipped runs to its end there, on the same connection', async () => {
  await using world = await createWorld('polling')
  const [connection] = world.gateway.runtime.subscribers()
  const stop = new AbortController()
  const call = world.service.Wait({ signal: stop.signal, cancel: 'skip' })
  const running = await world.nextWait()
  stop.abort()
  await expect(call).rejects.toMatchObject({ kind: 'cancelled', delivery: 'unknown' })
  const next = world.service.Add(1n, 2n)
  expect(running.signal.aborted).toBe(false)
  running.finish()
  expect(await next).toBe(3n)
  expect(world.gateway.runtime.subscribers()).toEqual([connection])
})

const defaults: readonly ['listening' | 'polling', CancelMode | undefined, CancelMode][] = [
  ['listening', undefined, 'kill'],
  ['polling', undefined, 'skip'],
  ['listening', 'skip', 'skip'],
  ['polling', 'kill', 'kill'],
]

describe.each(defaults)('a call that runs at a %s agent, whose contract says %s of cancelling,', (mode, said, expected) => {
  const name = expected === 'kill' ? 'ends the connection there' : 'runs to its end there'

  test(`${name} when it is cancelled without a mode`, async () => {
    await using world = await createWorld(mode, said)
    const stop = new AbortController()
    const call = world.service.Wait({ signal: stop.signal })
    const running = await world.nextWait()
    stop.abort()
    await expect(call).rejects.toMatchObject({ kind: 'cancelled', delivery: 'unknown' })
    await world.hasBeenLeft(running, expected)
  })

  test(`${name} when its session ends`, async () => {
    await using world = await createWorld(mode, said)
    world.service.Wait().catch(() => undefined)
    const running = await world.nextWait()
    world.gateway.sessions.close('normal')
    expect(world.gateway.sessions.size).toBe(0)
    await world.hasBeenLeft(running, expected)
  })

  test('runs to its end there where it was skipped before its session ends', async () => {
    await using world = await createWorld(mode, said)
    const stop = new AbortController()
    const call = world.service.Wait({ signal: stop.signal, cancel: 'skip' })
    const running = await world.nextWait()
    stop.abort()
    await expect(call).rejects.toMatchObject({ kind: 'cancelled' })
    // An answer to anything tells that the gateway has heard of it.
    await world.client.agents()
    world.gateway.sessions.close('normal')
    await world.hasBeenLeft(running, 'skip')
  })
})

test('a call with an idempotency key goes on when its session ends, whatever its contract says', async () => {
  await using world = await createWorld('listening', 'kill')
  world.service.Wait({ idempotencyKey: 'k' }).catch(() => undefined)
  const running = await world.nextWait()
  world.gateway.sessions.close('normal')
  await world.hasBeenLeft(running, 'skip')
})

test('a cancelled call is no news of its agent', async () => {
  await using world = await createWorld()
  const stop = new AbortController()
  const call = world.service.Wait({ signal: stop.signal })
  stop.abort()
  await expect(call).rejects.toMatchObject({ kind: 'cancelled' })
  expect((await world.client.agents())[0]).toMatchObject({ state: 'connected' })
})

test('a deadline reaches the engine, for waiting and for running', async () => {
  await using world = await createWorld('polling')
  const running = world.service.Wait({ timeoutMs: 800 })
  await world.nextWait()
  await expect(world.service.Add(1n, 2n, { queueTimeoutMs: 20 })).rejects.toMatchObject({ delivery: 'not_sent', phase: 'queue' })
  await expect(running).rejects.toMatchObject({ kind: 'deadline_exceeded', delivery: 'unknown' })
})

test('calls.watch tells the calls that wait or run, and each change of one', async () => {
  await using world = await createWorld()
  const events = world.client.watchCalls()
  expect((await events.next()).value).toEqual({ type: 'snapshot', calls: [] })
  await world.service.Add(1n, 2n)
  await world.service.Fail('no').catch(() => undefined)
  const seen = []
  for (let i = 0; i < 6; i++) seen.push((await events.next()).value)
  expect(seen).toMatchObject([
    { type: 'started', call: { method: 'Add(int64,int64)', state: 'queued', principal: 'start' } },
    { type: 'changed', call: { method: 'Add(int64,int64)', state: 'running', queuedMs: expect.any(Number) } },
    { type: 'finished', call: { state: 'answered', queuedMs: expect.any(Number), durationMs: expect.any(Number) } },
    { type: 'started', call: { method: 'Fail(string)' } },
    { type: 'changed', call: { method: 'Fail(string)', state: 'running' } },
    { type: 'finished', call: { state: 'failed', error: { kind: 'service_failed', delivery: 'executed' } } },
  ])
  await events.return()
})

test('inspect.watch tells what happens on the connections to agents', async () => {
  await using world = await createWorld()
  const events = world.client.watchMesh()
  const next = events.next()
  await world.client.agents()
  await world.service.Add(1n, 2n)
  const types = new Set<string | undefined>()
  for (let event = await next; !types.has('connectionOpened'); event = await events.next()) types.add(event.value?.type)
  await events.return()
})

test('a watch that has no name of its own in the client is followed by that of its method', async () => {
  await using world = await createWorld()
  const events = world.client.watch('trust.watch')
  expect(await events.next()).toEqual({ done: false, value: { type: 'snapshot', pending: [] } })
  await events.return()
})

test('data streams travel without a contract, and digests with them', async () => {
  await using world = await createWorld()
  const agent = world.client.agent('web-1')
  const { value, uploads } = await agent.invoke('IFlowService', 'Length(dataStream)', [new Blob(['hello'])], { digest: true })
  expect([value, uploads]).toEqual([
    '5',
    [{ stream: 1, length: 5, sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824' }],
  ])
  const said = (await agent.invoke('IFlowService', 'Say', ['hello'], { digest: true })).value as {
    text(): Promise<string>
    sha256: Promise<string>
  }
  expect([await said.text(), await said.sha256]).toEqual(['hello', '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'])
})

test('an upload with another length than it said ends the call, and the next one works', async () => {
  await using world = await createWorld()
  const stream = (): ReadableStream<Uint8Array> => new Blob(['hello']).stream()
  await expect(world.service.Length({ stream: stream(), length: 9 })).rejects.toMatchObject({ kind: 'stream_failed', delivery: 'unknown' })
  await expect(world.service.Length({ stream: stream(), length: 3 })).rejects.toMatchObject({ kind: 'stream_failed' })
  expect(await world.service.Length({ stream: stream(), length: 5 })).toBe(5n)
  expect(await world.service.Length(stream())).toBe(5n)
  expect(await world.service.Length(new Uint8Array(0))).toBe(0n)
})

test('a download that is given up frees its place and the agent', async () => {
  await using world = await createWorld()
  for (let i = 0; i < 40; i++) (await world.service.Zeros(2_000_000n))?.cancel()
  const kept = []
  for (let i = 0; i < 32; i++) kept.push(await world.service.Zeros(1n))
  await expect(world.service.Zeros(1n)).rejects.toMatchObject({ kind: 'too_many_streams', delivery: 'executed' })
  for (const each of kept) expect(await each?.bytes()).toEqual(new Uint8Array(1))
  expect(await (await world.service.Say('free'))?.text()).toBe('free')
})

test('more calls than the gateway takes at a time wait in the client', async () => {
  await using world = await createWorld()
  const sums = await Promise.all(Array.from({ length: 200 }, (_, i) => world.service.Add(BigInt(i), 1n)))
  expect(sums).toEqual(Array.from({ length: 200 }, (_, i) => BigInt(i + 1)))
})

test('a request that is too large fails before it is sent', async () => {
  await using world = await createWorld()
  await world.client.agents()
  await expect(world.service.Say('x'.repeat(1_100_000))).rejects.toMatchObject({ kind: 'message_too_large', delivery: 'not_sent' })
  expect(await world.service.Add(1n, 1n)).toBe(2n)
})

test('uploads of calls that are never sent take no place', async () => {
  await using world = await createWorld()
  const two = service('IFlowService', {
    Length: method(
      [
        ['content', dataStream],
        ['number', int64],
      ],
      int64,
    ),
  })
  const wrong = world.client.agent('web-1').service(two)
  // @ts-expect-error text is no number
  for (let i = 0; i < 40; i++) await expect(wrong.Length(new Uint8Array(1), 'text')).rejects.toMatchObject({ kind: 'invalid_params' })
  expect(await world.service.Length(new Uint8Array(3))).toBe(3n)
})
