import { dataStream, int64, list, method, service, string } from '@halibut-gateway/schemas/contract'
import { expect, test, vi } from 'vitest'
import { deferred } from '../../../../server/src/base/deferred.ts'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { defaultLimits } from '../../../../server/src/base/limits.ts'
import { MemoryBudget } from '../../../../server/src/base/memory-budget.ts'
import { TypeRegistry } from '../../../../server/src/codec/contract-values.ts'
import { DataStream } from '../../../../server/src/codec/data-stream.ts'
import { encodeResponse, nullMessage } from '../../../../server/src/codec/envelope.ts'
import type { AnswerStreams } from '../../../../server/src/exchange/answer.ts'
import type { CallTimes } from '../../../../server/src/runtime/call-deadline.ts'
import { parseEndpoint } from '../../../../server/src/runtime/endpoint.ts'
import { EventHub } from '../../../../server/src/runtime/events.ts'
import { OutgoingCalls } from '../../../../server/src/runtime/outgoing-calls.ts'
import type { RequestToQueue } from '../../../../server/src/runtime/queue/request-queue.ts'
import { until } from '../../../support/stream-sections.ts'
import { failureOf } from '../../../support/world.ts'

const contract = service('ICalled', {
  Say: method([['text', string]], string),
  Words: method([], list(string)),
  Kept: method([], int64, { cacheSeconds: 60 }),
  Fetch: method([], dataStream),
})
const registry = new TypeRegistry()
const compiled = registry.register(contract)
const uri = 'poll://called/'
const thumbprint = 'A'.repeat(40)
const endpoint = parseEndpoint({ uri, thumbprint }, defaultLimits)

type Carry = (request: RequestToQueue, budget: MemoryBudget) => Promise<AnswerStreams | undefined>

/** The calls of a runtime whose only agent polls, and is `carry`. */
function createCalls(carry: Carry, cacheErrors?: (error: unknown) => boolean, assertNotRevoked: () => void = () => undefined) {
  const budget = new MemoryBudget(defaultLimits.maxMessageBytesInFlight, 'maxMessageBytesInFlight')
  const events = new EventHub()
  const log = vi.fn()
  const unused = () => {
    throw new Error('no agent listens')
  }
  const calls = new OutgoingCalls({
    limits: defaultLimits,
    codec: {},
    untyped: registry.untyped,
    cacheErrors,
    events,
    log,
    queueFor: () => ({ queueAndWait: request => carry(request, budget), empty: true, close: unused }),
    poolFor: unused,
    open: unused,
    ending: new AbortController().signal,
    assertOpen: () => undefined,
    assertNotRevoked,
    ownThumbprint: 'B'.repeat(40),
  })
  const call = (name: string, args: readonly unknown[] = [], times: CallTimes = {}) =>
    calls.call(endpoint, compiled, compiled.method(name), args, times, 1)
  return { calls, call, budget, events, log }
}

/** A response as an agent writes it. */
function response(id: string, name: string, result: unknown): { readonly document: Buffer; readonly streams: readonly DataStream[] } {
  return encodeResponse(id, { result, codec: compiled.method(name).result }, {})
}

/** Carries a call as a queue does: the answer is read, and nothing follows. */
function answering(name: string, result: unknown): Carry {
  return async ({ id, reader }, budget) => {
    await reader.readAnswer(response(id, name, result).document, budget.share('the agent'))
    return undefined
  }
}

test('a kept answer is that of one certificate, and of none that was revoked', async () => {
  let count = 0n
  let isRevoked = false
  const { calls, call } = createCalls(
    (request, budget) => answering('Kept', ++count)(request, budget),
    undefined,
    () => {
      if (isRevoked) throw new HalibutError('agent_unavailable', 'it was revoked')
    },
  )
  const another = parseEndpoint({ uri, thumbprint: 'C'.repeat(40) }, defaultLimits)
  expect([await call('Kept'), await call('Kept')]).toEqual([1n, 1n])
  expect(await calls.call(another, compiled, compiled.method('Kept'), [], {}, 1)).toBe(2n)
  isRevoked = true
  await expect(call('Kept')).rejects.toThrow('it was revoked')
})

test('what is queued is bytes, with whose they are for, how long they may wait, and whose they are', async () => {
  let queued: RequestToQueue | undefined
  const { call } = createCalls((request, budget) => {
    queued = request
    return answering('Say', 'hello')(request, budget)
  })
  const { signal } = new AbortController()
  expect(await call('Say', ['hi'], { caller: 'a browser', signal, queueTimeoutMs: 5_000 })).toBe('hello')
  const { reader, onCollected, message, ...plain } = queued as RequestToQueue
  expect([plain.id, plain.signal]).toEqual([expect.stringMatching(/^ICalled::SayAsync\[1] \/ [0-9a-f-]{36}$/), signal])
  expect(plain).toMatchObject({ thumbprint, queueTimeoutMs: 5_000, caller: 'a browser' })
  expect([message.document.includes('hi'), message.streams, typeof reader.readAnswer, onCollected]).toEqual([
    true,
    [],
    'function',
    undefined,
  ])
})

test('a call waits to be collected as long as the limit says, unless it has a time of its own', async () => {
  const waits: unknown[] = []
  const { call } = createCalls((request, budget) => {
    waits.push(request.queueTimeoutMs)
    return answering('Say', 'hello')(request, budget)
  })
  await call('Say', ['hi'])
  await call('Say', ['hi'], { timeoutMs: 1_000 })
  await call('Say', ['hi'], { timeoutMs: 1_000, queueTimeoutMs: 10 })
  expect(waits).toEqual([defaultLimits.pollingRequestQueueTimeoutMs, undefined, 10])
})

test('R08 an answer to something else is not taken for the answer, in another letter case neither', async () => {
  for (const wrong of [() => 'other', (id: string) => id.toUpperCase()]) {
    const settle = vi.fn()
    const { call, log } = createCalls(async ({ id, reader }, budget) => {
      await reader.readAnswer(response(wrong(id), 'Say', 'hello').document, budget.share('the agent'))
      return { done: Promise.resolve(), settle }
    })
    const why = await failureOf(call('Say', ['hi']))
    expect(why).toMatchObject({ kind: 'protocol_error', delivery: 'unknown', endpoint: uri })
    expect(why.message).toContain('which is not what it was asked')
    expect(settle.mock.calls).toEqual([[new Set()]])
    expect(log.mock.calls).toMatchObject([[uri, 'Error', why.message, why]])
  }
})

test('a null message is no answer', async () => {
  const { call } = createCalls(async ({ reader }, budget) => {
    await reader.readAnswer(nullMessage, budget.share('the agent'))
    return undefined
  })
  expect(await failureOf(call('Say', ['hi']))).toMatchObject({ kind: 'remote_error', delivery: 'unknown', endpoint: uri })
})

test('the data streams that a reader announces are those of the result, and the call is idle when they have come', async () => {
  const done = deferred<void>()
  const { calls, call } = createCalls(async ({ id, reader }, budget) => {
    const answer = response(id, 'Fetch', DataStream.fromString('content'))
    const announced = await reader.readAnswer(answer.document, budget.share('the agent'))
    expect(announced.map(stream => [stream.id, stream.length])).toEqual([[answer.streams[0]?.id, 7]])
    announced[0]?.attach({ pump: async sink => sink(Buffer.from('content')) })
    return { done: done.promise, settle: () => undefined }
  })
  const stream = (await call('Fetch')) as DataStream
  let idle = false
  const whenIdle = calls.idle().then(() => {
    idle = true
  })
  expect(await stream.text()).toBe('content')
  expect(idle).toBe(false)
  done.resolve()
  await whenIdle
})

test('a large answer is charged until its values are let go, and not at all where its call ended while it was read', async () => {
  const words = Array.from({ length: 20_000 }, (_, n) => `word ${n}`)
  const { call, budget } = createCalls(answering('Words', words))
  let charged = 0
  const onCharge: CallTimes['onCharge'] = charge => {
    charged = budget.used
    charge.release()
  }
  expect(await call('Words', [], { onCharge })).toEqual(words)
  expect([charged > 200_000, budget.used]).toEqual([true, 0])

  const read = deferred<void>()
  const early = createCalls(async ({ id, reader }, its) => {
    const reading = reader.readAnswer(response(id, 'Words', words).document, its.share('the agent'))
    expect(its.used).toBeGreaterThan(200_000)
    Promise.resolve(reading).then(() => read.resolve(), read.reject)
    throw new HalibutError('closed', 'the runtime has been closed', { delivery: 'unknown' })
  })
  expect(await failureOf(early.call('Words'))).toMatchObject({ kind: 'closed', delivery: 'unknown', endpoint: uri })
  await read.promise
  expect(early.budget.used).toBe(0)
})

test('whoever gives up ends the reading of a large answer', async () => {
  const given = new AbortController()
  const words = Array.from({ length: 200_000 }, (_, n) => `word ${n}`)
  const { call, budget } = createCalls(async ({ id, reader }, its) => {
    const reading = reader.readAnswer(response(id, 'Words', words).document, its.share('the agent'))
    given.abort()
    await reading
    return undefined
  })
  expect(await failureOf(call('Words', [], { signal: given.signal }))).toMatchObject({ kind: 'cancelled', delivery: 'unknown' })
  await until(() => budget.used === 0)
})

test('a result is kept where the contract says so; what is no result is not', async () => {
  const results = ['a text', 1n, 2n]
  const text = compiled.method('Say').result
  let asked = 0
  const { call } = createCalls(
    async ({ id, reader }, budget) => {
      const result = results[asked++]
      const codec = typeof result === 'string' ? text : compiled.method('Kept').result
      await reader.readAnswer(encodeResponse(id, { result, codec }, {}).document, budget.share('the agent'))
      return undefined
    },
    () => true,
  )
  expect(await failureOf(call('Kept'))).toMatchObject({ kind: 'serialization_failed', delivery: 'executed' })
  expect([await call('Kept'), await call('Kept'), asked]).toEqual([1n, 1n, 2])
})

test('an error that the agent answered with is kept where the runtime wants that, and is no trouble of the connection', async () => {
  let asked = 0
  const { call, log } = createCalls(
    async ({ id, reader }, budget) => {
      asked++
      await reader.readAnswer(encodeResponse(id, { error: { message: 'no' } }, {}).document, budget.share('the agent'))
      return undefined
    },
    () => true,
  )
  expect([await failureOf(call('Kept')), await failureOf(call('Kept'))]).toMatchObject([{ message: 'no' }, { message: 'no' }])
  expect([asked, log.mock.calls]).toEqual([1, []])
})

test('whoever listens hears of each call when it starts and what became of it', async () => {
  const { call, events } = createCalls((request, budget) =>
    request.message.document.includes('bad')
      ? Promise.reject(new HalibutError('connection_lost', 'gone', { delivery: 'unknown' }))
      : answering('Say', 'hello')(request, budget),
  )
  const heard: unknown[] = []
  events.on('callStarted', ({ method: name }) => heard.push(`${name} started`))
  events.on('callFinished', ({ method: name, error }) =>
    heard.push(`${name} finished: ${error instanceof HalibutError ? error.kind : error}`),
  )
  await call('Say', ['good'])
  await failureOf(call('Say', ['bad']))
  expect(heard).toEqual(['Say started', 'Say finished: undefined', 'Say started', 'Say finished: connection_lost'])
})
