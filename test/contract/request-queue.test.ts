import { createHash, randomBytes } from 'node:crypto'
import { dataStream, int64, method, nothing, service, string } from '@halibut-gateway/schemas/contract'
import { describe, expect, test } from 'vitest'
import { isAbortAwaited } from '../../server/src/base/abort-listeners.ts'
import { deferred } from '../../server/src/base/deferred.ts'
import { HalibutError } from '../../server/src/base/errors.ts'
import { defaultLimits } from '../../server/src/base/limits.ts'
import { MemoryBudget } from '../../server/src/base/memory-budget.ts'
import { UnfitResultError } from '../../server/src/base/unfit-result.ts'
import { TypeRegistry } from '../../server/src/codec/contract-values.ts'
import { DataStream } from '../../server/src/codec/data-stream.ts'
import { pollClient } from '../../server/src/exchange/poll-client.ts'
import { type CollectedRequest, type RequestSource, servePoller } from '../../server/src/exchange/serve-poller.ts'
import type { ServiceSide } from '../../server/src/exchange/serve-requests.ts'
import { Transfer } from '../../server/src/exchange/transfer.ts'
import type { CallTimes } from '../../server/src/runtime/call-deadline.ts'
import { parseEndpoint } from '../../server/src/runtime/endpoint.ts'
import { EventHub } from '../../server/src/runtime/events.ts'
import { OutgoingCalls } from '../../server/src/runtime/outgoing-calls.ts'
import { MemoryRequestQueue } from '../../server/src/runtime/queue/memory-queue.ts'
import type { RequestQueue, RequestToQueue } from '../../server/src/runtime/queue/request-queue.ts'
import { ServiceHost } from '../../server/src/runtime/service-host.ts'
import { channelPair } from '../support/channel-pair.ts'
import { HandingOnQueue } from '../support/handing-on-queue.ts'
import { declared, exchangeOptions, until } from '../support/stream-sections.ts'
import { failureOf } from '../support/world.ts'

const uri = 'poll://agent/'
const [thumbprint, other] = ['A'.repeat(40), 'B'.repeat(40)]

/** The queue that callers see, and where connections get what was queued. */
interface Ends {
  readonly queue: RequestQueue
  readonly source: (thumbprint: string) => RequestSource
  /** Requests that connections could collect now. */
  readonly waiting: () => number
  /** Of the values of answers, where the caller is. */
  readonly budget: MemoryBudget
}

const memoryQueue = (): Ends & { readonly memory: MemoryRequestQueue } => {
  const memory = new MemoryRequestQueue(uri, 10)
  const budget = new MemoryBudget(defaultLimits.maxMessageBytesInFlight, 'maxMessageBytesInFlight')
  return { memory, queue: memory, source: thumbprint => memory.consumer(thumbprint), waiting: () => memory.length, budget }
}

const implementations: [string, () => Ends][] = [
  ['the queue in memory', memoryQueue],
  [
    'a queue that hands on to another through bytes',
    () => {
      const ends = memoryQueue()
      return { ...ends, queue: new HandingOnQueue(uri, ends.memory, ends.budget.share('the other half')) }
    },
  ],
]

function request(id: string, more: Partial<RequestToQueue> = {}): RequestToQueue {
  return {
    id,
    message: { document: Buffer.from(id), streams: [] },
    reader: { readAnswer: () => [] },
    thumbprint: undefined,
    queueTimeoutMs: undefined,
    signal: undefined,
    ...more,
  }
}

async function collect(source: RequestSource): Promise<CollectedRequest> {
  const item = await source.dequeue(10_000)
  if (!item) throw new Error('nothing was collected')
  return item
}

describe.each(implementations)('%s', (_name, create) => {
  describe('callers and connections', () => {
    test('a request arrives as it was queued, and its answer is read by whoever asked, with the data streams that follow it', async () => {
      const { queue, source, budget } = create()
      const content = randomBytes(200_000)
      const [arriving, answer] = [declared(1, 6), randomBytes(5_000)]
      let read: Buffer | undefined
      const call = queue.queueAndWait(
        request('1', {
          message: { document: Buffer.from('a document'), streams: [DataStream.fromBytes(content)] },
          reader: {
            readAnswer: document => {
              read = document
              return [arriving]
            },
          },
        }),
      )
      const item = await collect(source(thumbprint))
      expect([item.id, item.endpoint, item.message.document.toString()]).toEqual(['1', uri, 'a document'])
      expect((await item.message.streams[0]?.bytes())?.equals(content)).toBe(true)
      const [announced] = await item.read(answer, budget.share('the agent'))
      expect([announced?.id, announced?.length, read]).toEqual([arriving.id, 6, answer])
      announced?.attach({
        pump: async sink => {
          await sink(Buffer.from('abc'))
          await sink(Buffer.from('def'))
        },
      })
      item.answer({ done: Promise.resolve(), settle: () => undefined })
      const streams = await call
      expect(await arriving.text()).toBe('abcdef')
      await streams?.done
      expect(queue.empty).toBe(true)
    })

    test('callers take turns, each in the order of its own requests', async () => {
      const { queue, source, waiting } = create()
      const calls = ['a1', 'a2', 'a3', 'b1'].map(id => queue.queueAndWait(request(id, { caller: id[0] })))
      await until(() => waiting() === calls.length)
      const from = source(thumbprint)
      const order: string[] = []
      for (const _ of calls) {
        const item = await collect(from)
        order.push(item.id)
        item.answer(undefined)
      }
      expect(order).toEqual(['a1', 'b1', 'a2', 'a3'])
      expect(await Promise.all(calls)).toEqual([undefined, undefined, undefined, undefined])
    })

    test('only a connection with the certificate of the agent gets a request', async () => {
      const { queue, source } = create()
      const call = queue.queueAndWait(request('bound', { thumbprint }))
      const free = queue.queueAndWait(request('free'))
      const wrong = await collect(source(other))
      expect(wrong.id).toBe('free')
      wrong.answer(undefined)
      await free
      expect(source(other).tryDequeue()).toBeUndefined()
      const right = await collect(source(thumbprint))
      expect(right.id).toBe('bound')
      right.answer(undefined)
      expect(await call).toBeUndefined()
    })

    test('what nobody collects in time was not sent', async () => {
      const { queue, source } = create()
      const why = await failureOf(queue.queueAndWait(request('1', { queueTimeoutMs: 5 })))
      expect(why).toMatchObject({ kind: 'deadline_exceeded', phase: 'queue', delivery: 'not_sent', endpoint: uri, retryable: true })
      expect(why.dotnetMessage).toContain('did not collect the request within the allowed time')
      expect([source(thumbprint).tryDequeue(), queue.empty]).toEqual([undefined, true])
    })

    test('what is given up while it waits is never collected', async () => {
      const { queue, source } = create()
      const given = new AbortController()
      const call = queue.queueAndWait(request('1', { signal: given.signal }))
      given.abort()
      expect(await failureOf(call)).toMatchObject({ kind: 'cancelled', phase: 'queue', delivery: 'not_sent' })
      expect(source(thumbprint).tryDequeue()).toBeUndefined()
      expect(isAbortAwaited(given.signal)).toBe(false)
      expect(await failureOf(queue.queueAndWait(request('2', { signal: given.signal })))).toMatchObject({ kind: 'cancelled' })
    })

    test('what is given up once it was collected is cut off, and its connection tells what became of it', async () => {
      const { queue, source } = create()
      const given = new AbortController()
      let collected = 0
      const call = queue.queueAndWait(request('1', { signal: given.signal, onCollected: () => collected++ }))
      const item = await collect(source(thumbprint))
      const cut = new Promise<void>(resolve => item.exchanging(resolve))
      given.abort()
      await cut
      expect([item.isGivenUp, collected]).toEqual([true, 1])
      item.fail(new HalibutError('cancelled', 'it was cut off', { delivery: 'unknown', phase: 'response' }))
      expect(await failureOf(call)).toMatchObject({ kind: 'cancelled', delivery: 'unknown', phase: 'response' })
      expect(isAbortAwaited(given.signal)).toBe(false)
    })

    test('an answer that cannot be read fails the call with what was wrong, for its connection too', async () => {
      const { queue, source, budget } = create()
      const wrong = new UnfitResultError(new HalibutError('serialization_failed', 'it is a text'), 'a text')
      const readAnswer = () => {
        throw wrong
      }
      const call = failureOf(queue.queueAndWait(request('1', { reader: { readAnswer } })))
      const item = await collect(source(thumbprint))
      const told = await failureOf(Promise.resolve().then(() => item.read(randomBytes(10), budget.share('the agent'))))
      expect(told).toMatchObject({ kind: 'serialization_failed', message: 'it is a text' })
      item.fail(told.with({ delivery: 'executed' }))
      expect(await call).toMatchObject({ kind: 'serialization_failed', delivery: 'executed', result: 'a text' })
    })

    test('one that is closed ends what waits as not sent, what was collected as unknown, and takes nothing more', async () => {
      const { queue, source } = create()
      const from = source(thumbprint)
      const collected = queue.queueAndWait(request('1', { onCollected: () => taken.resolve() }))
      const taken = deferred<void>()
      await collect(from)
      await taken.promise
      const waiting = queue.queueAndWait(request('2', { thumbprint: other }))
      expect(queue.empty).toBe(false)
      queue.close(new HalibutError('closed', 'over'))
      expect(await failureOf(collected)).toMatchObject({ kind: 'closed', delivery: 'unknown' })
      expect(await failureOf(waiting)).toMatchObject({ kind: 'closed', delivery: 'not_sent' })
      expect(await failureOf(queue.queueAndWait(request('3')))).toMatchObject({ kind: 'closed', delivery: 'not_sent' })
      expect(queue.empty).toBe(true)
      from.close()
    })
  })

  describe('calls of a runtime', () => {
    test('arguments, results and errors of the service come through', async () => {
      await using world = createWorld(create())
      expect(await world.call('Add', 1n, 2n)).toBe(3n)
      expect(await failureOf(world.call('Fail', 'no such file'))).toMatchObject({
        kind: 'service_failed',
        delivery: 'executed',
        message: expect.stringContaining('no such file'),
      })
      expect(await world.untyped('Add', 3n, 4n)).toBe(7)
      expect(world.queue.empty).toBe(true)
    })

    test('a large answer is read in turns, and its memory is charged where it is read, until it is let go', async () => {
      const ends = create()
      await using world = createWorld(ends)
      let charged = 0
      const kept = deferred<void>()
      const text = await world.callWith(
        {
          onCharge: charge => {
            charged = world.charged()
            charge.release()
            kept.resolve()
          },
        },
        'Text',
        300_000n,
      )
      await kept.promise
      expect(text).toBe('x'.repeat(300_000))
      expect(charged).toBeGreaterThanOrEqual(300_000)
      expect(world.charged()).toBe(0)
    })

    test('data streams go both ways, whole and in order, and the next call follows', async () => {
      await using world = createWorld(create())
      const content = randomBytes(3_000_000)
      const digest = createHash('sha256').update(content).digest('hex')
      expect(await world.call('Digest', DataStream.fromBytes(content))).toBe(digest)
      const stream = (await world.call('Echo', DataStream.fromBytes(content))) as DataStream
      expect(stream.length).toBe(content.length)
      expect((await stream.bytes()).equals(content)).toBe(true)
      expect(await world.call('Add', 1n, 2n)).toBe(3n)
    })

    test('a data stream that nobody wants is skipped, and the next call follows', async () => {
      await using world = createWorld(create())
      const stream = (await world.call('Zeros', 1_000_000n)) as DataStream
      stream.discard()
      expect(await world.call('Add', 1n, 2n)).toBe(3n)
    })

    test('a call that is cancelled while it runs ends at the agent too, as one that may have run', async () => {
      await using world = createWorld(create())
      const given = new AbortController()
      const call = world.callWith({ signal: given.signal }, 'Wait')
      const running = await world.waiting()
      given.abort()
      expect(await failureOf(call)).toMatchObject({ kind: 'cancelled', delivery: 'unknown', phase: 'response' })
      await new Promise<void>(resolve => {
        if (running.aborted) resolve()
        else running.addEventListener('abort', () => resolve(), { once: true })
      })
      expect(isAbortAwaited(given.signal)).toBe(false)
    })

    test('a call that is cancelled while its data stream comes ends that, for its reader too', async () => {
      await using world = createWorld(create())
      const given = new AbortController()
      const stream = (await world.callWith({ signal: given.signal }, 'Stuck', 1_000n)) as DataStream
      const read = stream.bytes()
      given.abort()
      expect(await failureOf(read)).toMatchObject({ phase: 'stream', delivery: 'executed' })
    })

    test('a deadline that passes while the agent works, or before it has come, tells which', async () => {
      await using world = createWorld(create())
      const late = failureOf(world.callWith({ timeoutMs: 40 }, 'Wait'))
      await world.waiting()
      expect(await late).toMatchObject({ kind: 'deadline_exceeded', delivery: 'unknown', phase: 'response' })
      // The connection was cut, so that nobody collects the next one.
      expect(await failureOf(world.callWith({ timeoutMs: 20 }, 'Add', 1n, 2n))).toMatchObject({
        kind: 'deadline_exceeded',
        delivery: 'not_sent',
        phase: 'queue',
      })
    })

    test('a call whose agent loses its connection may have run', async () => {
      await using world = createWorld(create())
      const call = failureOf(world.call('Wait'))
      await world.waiting()
      world.cutOff()
      expect(await call).toMatchObject({ kind: 'connection_lost', delivery: 'unknown', phase: 'response', endpoint: uri })
      await until(() => world.queue.empty)
    })

    test('a result of another type than the contract says ran, and stands beside its error', async () => {
      await using world = createWorld(create())
      const why = await failureOf(world.callAs(misread, 'Name'))
      expect(why).toMatchObject({ kind: 'serialization_failed', delivery: 'executed' })
      expect(why).toBeInstanceOf(UnfitResultError)
      expect((why as UnfitResultError).result).toBe('agent')
      expect(world.charged()).toBe(0)
    })
  })
})

const two = [
  ['a', int64],
  ['b', int64],
] as const
const contract = service('IQueueTest', {
  Add: method([...two], int64),
  Fail: method([['message', string]], nothing),
  Name: method([], string),
  Wait: method([], string),
  Text: method([['length', int64]], string),
  Digest: method([['content', dataStream]], string),
  Echo: method([['content', dataStream]], dataStream),
  Zeros: method([['length', int64]], dataStream),
  Stuck: method([['length', int64]], dataStream),
})
/** The same service, misunderstood. */
const misread = service('IQueueTest', { Name: method([], int64) })

/** A caller on one side of a queue, and on the other an agent whose connection takes from it. */
function createWorld({ queue, source, budget }: Ends) {
  const waiting: AbortSignal[] = []
  const over = deferred<void>()
  let begun = (): void => undefined
  const registry = new TypeRegistry()
  const host = new ServiceHost({ registry, codecOptions: {} })
  host.add(contract, {
    Add: (a: bigint, b: bigint) => a + b,
    Fail: (message: string) => {
      throw new Error(message)
    },
    Name: () => 'agent',
    Wait: ({ signal }: { signal: AbortSignal }) => {
      waiting.push(signal)
      begun()
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('cut off')), { once: true }))
    },
    Text: (length: bigint) => 'x'.repeat(Number(length)),
    Digest: async (content: DataStream) =>
      createHash('sha256')
        .update(await content.bytes())
        .digest('hex'),
    Echo: async (content: DataStream) => DataStream.fromBytes(await content.bytes()),
    Zeros: (length: bigint) => DataStream.fromBytes(Buffer.alloc(Number(length))),
    Stuck: (length: bigint) =>
      DataStream.fromIterable(Number(length), async function* () {
        yield Buffer.alloc(1)
        await over.promise
      }),
  })
  const { handle, refuse } = host
  const service: ServiceSide = { registry, handle, refuse, onTooMuch: () => undefined, serving: new Set(), draining: false }
  const pair = channelPair()
  const held = new MemoryBudget(defaultLimits.maxMessageBytesInFlight, 'maxMessageBytesInFlight')
  const options = { ...exchangeOptions(), budget: held.share(thumbprint) }
  const ended = Promise.allSettled([
    servePoller(new Transfer(pair.acceptor, options), source(thumbprint)),
    pollClient(new Transfer(pair.dialler, exchangeOptions()), service),
  ])
  const own = new TypeRegistry()
  const calls = new OutgoingCalls({
    limits: defaultLimits,
    codec: {},
    untyped: own.untyped,
    cacheErrors: undefined,
    events: new EventHub(),
    log: () => undefined,
    queueFor: () => queue,
    poolFor: () => {
      throw new Error('no agent listens')
    },
    open: () => Promise.reject(new Error('no agent listens')),
    ending: new AbortController().signal,
    assertOpen: () => undefined,
    assertNotRevoked: () => undefined,
    ownThumbprint: other,
  })
  const endpoint = parseEndpoint({ uri, thumbprint }, defaultLimits)
  const callAs = (described: typeof contract | typeof misread, name: string, args: unknown[], times: CallTimes): Promise<unknown> => {
    const compiled = own.register(described)
    return calls.call(endpoint, compiled, compiled.method(name), args, times, 1)
  }
  return {
    queue,
    call: (name: string, ...args: unknown[]) => callAs(contract, name, args, {}),
    callWith: (times: CallTimes, name: string, ...args: unknown[]) => callAs(contract, name, args, times),
    callAs: (described: typeof misread, name: string, ...args: unknown[]) => callAs(described, name, args, {}),
    untyped: (name: string, ...args: unknown[]) => calls.callUntyped(endpoint, { service: contract.service, method: name }, args, {}),
    /** What the values of answers are charged with, wherever they are read. */
    charged: () => budget.used + held.used,
    /** Resolves when a call of `Wait` runs, with the signal that fires when it is cut off. */
    async waiting(): Promise<AbortSignal> {
      if (waiting.length === 0) {
        await new Promise<void>(resolve => {
          begun = resolve
        })
      }
      return waiting[0] as AbortSignal
    },
    cutOff: () => pair.dialler.destroy(),
    async [Symbol.asyncDispose]() {
      over.resolve()
      await pair[Symbol.asyncDispose]()
      await ended
      await calls.idle()
    },
  }
}
