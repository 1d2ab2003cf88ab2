import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, type Mock, test, vi } from 'vitest'
import { HalibutError } from '../../../../../server/src/base/errors.ts'
import { MemoryBudget } from '../../../../../server/src/base/memory-budget.ts'
import { DataStream } from '../../../../../server/src/codec/data-stream.ts'
import type { AnswerStreams } from '../../../../../server/src/exchange/answer.ts'
import type { CollectedRequest, RequestSource } from '../../../../../server/src/exchange/serve-poller.ts'
import { MemoryRequestQueue } from '../../../../../server/src/runtime/queue/memory-queue.ts'
import type { RequestToQueue } from '../../../../../server/src/runtime/queue/request-queue.ts'
import { turn } from '../../../../support/stream-sections.ts'

const endpoint = 'poll://an-agent/'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})

/** Those of the running test: a connection’s source is closed with it. */
const sources: RequestSource[] = []

function sourceOf(queue: MemoryRequestQueue, thumbprint: string): RequestSource {
  const source = queue.consumer(thumbprint)
  sources.push(source)
  return source
}

afterEach(() => {
  for (const source of sources.splice(0)) source.close()
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

function request(id: string, more: Partial<RequestToQueue> = {}): RequestToQueue {
  return {
    id,
    message: { document: Buffer.from(id), streams: [] },
    reader: { readAnswer: () => [] },
    thumbprint: undefined,
    queueTimeoutMs: 120_000,
    signal: undefined,
    ...more,
  }
}

/** Data streams that are under way. */
function streamsUnderWay(): AnswerStreams & { readonly settle: Mock<AnswerStreams['settle']> } {
  return { done: new Promise<void>(() => undefined), settle: vi.fn<AnswerStreams['settle']>() }
}

/** What became of a promise, told as a word. */
function watch(promise: Promise<unknown>): { outcome: unknown } {
  const watched: { outcome: unknown } = { outcome: 'pending' }
  promise.then(
    value => {
      watched.outcome = value
    },
    why => {
      watched.outcome = why
    },
  )
  return watched
}

describe('collecting', () => {
  test('a request whose caller fails when it hears of the collection fails alone, and the connection goes on with the next', async () => {
    const queue = new MemoryRequestQueue(endpoint, 10)
    const failing = request('failing', {
      onCollected: () => {
        throw new Error('the listener broke')
      },
    })
    const waited = watch(queue.queueAndWait(failing))
    void queue.queueAndWait(request('next'))
    const source = sourceOf(queue, 'T1')
    const item = source.tryDequeue()
    expect(item?.id).toBe('next')
    item?.answer(undefined)
    const waiting = source.dequeue(30_000)
    const handed = watch(queue.queueAndWait(failing))
    await turn()
    const told = {
      kind: 'internal_error',
      delivery: 'not_sent',
      phase: 'request',
      cause: expect.objectContaining({ message: 'the listener broke' }),
    }
    expect([waited.outcome, handed.outcome]).toMatchObject([told, told])
    void queue.queueAndWait(request('last'))
    const last = await waiting
    expect(last?.id).toBe('last')
    last?.answer(undefined)
    expect(queue.empty).toBe(true)
  })

  test('Q01 what nobody collects in time fails with the reference’s text, as not sent', async () => {
    const queue = new MemoryRequestQueue(endpoint, 10)
    const call = watch(queue.queueAndWait(request('1', { queueTimeoutMs: 5_000 })))
    vi.advanceTimersByTime(4_999)
    await turn()
    expect(call.outcome).toBe('pending')
    vi.advanceTimersByTime(1)
    await turn()
    const message =
      'A request was sent to a polling endpoint, but the polling endpoint did not collect the request within the allowed time (00:00:05), so the request timed out.'
    expect(call.outcome).toMatchObject({ kind: 'deadline_exceeded', phase: 'queue', delivery: 'not_sent', endpoint, retryable: true })
    expect(call.outcome).toMatchObject({ dotnetMessage: `${message}\n\nServer exception: \nSystem.TimeoutException: ${message}` })
    expect(queue.length).toBe(0)
    expect(sourceOf(queue, 'A').tryDequeue()).toBeUndefined()
  })

  test('Q02 what was collected may take longer than the queue’s time', async () => {
    const queue = new MemoryRequestQueue(endpoint, 10)
    const call = watch(queue.queueAndWait(request('1', { queueTimeoutMs: 5_000 })))
    const item = sourceOf(queue, 'A').tryDequeue()
    vi.advanceTimersByTime(3_600_000)
    item?.answer(undefined)
    await turn()
    expect(call.outcome).toBeUndefined()
  })

  test('Q03 requests are collected in the order in which they came', async () => {
    const queue = new MemoryRequestQueue(endpoint, 10)
    const calls = Array.from({ length: 10 }, (_, n) => queue.queueAndWait(request(String(n))))
    const source = sourceOf(queue, 'A')
    for (let n = 0; n < 10; n++) {
      const item = await source.dequeue(1_000)
      expect(item?.id).toBe(String(n))
      item?.answer(undefined)
    }
    await Promise.all(calls)
  })

  test('Q04 what is cancelled while it waits is never delivered', async () => {
    const queue = new MemoryRequestQueue(endpoint, 10)
    const cancel = new AbortController()
    const call = watch(queue.queueAndWait(request('1', { signal: cancel.signal })))
    cancel.abort()
    await turn()
    expect(call.outcome).toMatchObject({
      kind: 'cancelled',
      delivery: 'not_sent',
      dotnetMessage: 'The Request was cancelled while Connecting.',
    })
    expect(sourceOf(queue, 'A').tryDequeue()).toBeUndefined()
    await expect(queue.queueAndWait(request('2', { signal: cancel.signal }))).rejects.toMatchObject({ kind: 'cancelled' })
  })

  test('Q05 cancelling a collected request is left to its connection, which tells what became of it', async () => {
    const queue = new MemoryRequestQueue(endpoint, 10)
    const cancel = new AbortController()
    const call = watch(queue.queueAndWait(request('1', { signal: cancel.signal })))
    const item = sourceOf(queue, 'A').tryDequeue()
    const cut = vi.fn()
    item?.exchanging(cut)
    expect(item?.isGivenUp).toBe(false)
    cancel.abort()
    await turn()
    expect(item?.isGivenUp).toBe(true)
    expect(cut).toHaveBeenCalledOnce()
    expect(call.outcome).toBe('pending')
    const why = new HalibutError('cancelled', 'The Request was cancelled while Transferring.', { delivery: 'unknown' })
    item?.fail(why)
    await turn()
    expect(call.outcome).toBe(why)
  })

  test('Q05 a caller that gives up while the data streams of its response are under way cuts them off, and afterwards nothing', async () => {
    const queue = new MemoryRequestQueue(endpoint, 10)
    const cancel = new AbortController()
    const [early, late] = [vi.fn(), vi.fn()]
    for (const [id, cut] of [
      ['1', early],
      ['2', late],
    ] as const) {
      const call = queue.queueAndWait(request(id, { signal: cancel.signal }))
      const item = sourceOf(queue, 'A').tryDequeue()
      const streams = streamsUnderWay()
      item?.exchanging(cut)
      item?.answer(streams)
      expect(await call).toBe(streams)
      if (id === '1') item?.exchanged()
    }
    expect(queue.empty).toBe(true)
    cancel.abort()
    expect(early).not.toHaveBeenCalled()
    expect(late).toHaveBeenCalledOnce()
  })

  test('Q06 of two connections that wait, one gets the request, and the one that was heard from last', async () => {
    const queue = new MemoryRequestQueue(endpoint, 10)
    const [first, second] = [watch(sourceOf(queue, 'A').dequeue(30_000)), watch(sourceOf(queue, 'A').dequeue(30_000))]
    const call = queue.queueAndWait(request('1'))
    await turn()
    expect(second.outcome).toMatchObject({ id: '1' })
    expect(first.outcome).toBe('pending')
    vi.advanceTimersByTime(30_000)
    await turn()
    expect(first.outcome).toBeUndefined()
    ;(second.outcome as CollectedRequest).answer(undefined)
    await call
  })

  test('a request for a certificate goes to a connection that presented it, past those that wait before', async () => {
    const queue = new MemoryRequestQueue(endpoint, 10)
    const other = watch(sourceOf(queue, 'B').dequeue(30_000))
    const forA = watch(queue.queueAndWait(request('for A', { thumbprint: 'A' })))
    const forAll = watch(queue.queueAndWait(request('for all')))
    await turn()
    expect(other.outcome).toMatchObject({ id: 'for all' })
    expect(sourceOf(queue, 'B').tryDequeue()).toBeUndefined()
    expect(sourceOf(queue, 'A').tryDequeue()?.id).toBe('for A')
    queue.close(new HalibutError('closed', 'over'))
    await turn()
    expect([forA.outcome, forAll.outcome]).toMatchObject([{ kind: 'closed' }, { kind: 'closed' }])
  })
})

describe('callers', () => {
  /** Queues a request for each letter, by the caller of that name, and tells in which order they are collected. */
  const collected = async (callers: string): Promise<string> => {
    const queue = new MemoryRequestQueue(endpoint, 100)
    const calls = [...callers].map((caller, n) => queue.queueAndWait(request(`${caller}${n}`, { caller })))
    const source = sourceOf(queue, 'A')
    const order: string[] = []
    for (let item = source.tryDequeue(); item; item = source.tryDequeue()) {
      order.push(item.id)
      item.answer(undefined)
    }
    await Promise.all(calls)
    return order.join(' ')
  }

  test('those that wait are served in turn, each in the order of its own requests', async () => {
    expect(await collected('aaaaabbc')).toBe('a0 b5 c7 a1 b6 a2 a3 a4')
  })

  test('one caller is served in order, as those are that give no name', async () => {
    expect(await collected('aaaa')).toBe('a0 a1 a2 a3')
    const queue = new MemoryRequestQueue(endpoint, 100)
    const named = watch(queue.queueAndWait(request('named', { caller: 'a' })))
    const calls = ['1', '2', '3'].map(id => watch(queue.queueAndWait(request(id))))
    const source = sourceOf(queue, 'A')
    expect(Array.from({ length: 4 }, () => source.tryDequeue()?.id)).toEqual(['named', '1', '2', '3'])
    queue.close(new HalibutError('closed', 'over'))
    await turn()
    expect([named, ...calls].map(call => call.outcome)).not.toContain('pending')
  })

  test('a caller whose request nobody there may have loses no turn of others', () => {
    const queue = new MemoryRequestQueue(endpoint, 100)
    const wanted = { a1: 'B', a2: 'A', b1: 'A', b2: 'A', a3: 'A' }
    const calls = Object.entries(wanted).map(([id, thumbprint]) => queue.queueAndWait(request(id, { caller: id[0], thumbprint })))
    for (const call of calls) call.catch(() => undefined)
    const [source, other] = [sourceOf(queue, 'A'), sourceOf(queue, 'B')]
    expect([source, source, source, other, source].map(each => each.tryDequeue()?.id)).toEqual(['a2', 'b1', 'a3', 'a1', 'b2'])
    queue.close(new HalibutError('closed', 'over'))
  })

  test('nobody waits for more than one request of each other caller before its own next one', async () => {
    const caller = fc.constantFrom('a', 'b', 'c', 'd')
    const step = fc.oneof(caller, fc.constant('take'), fc.constant('cancel'))
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80, size: 'max' }), async steps => {
        const queue = new MemoryRequestQueue(endpoint, 100)
        const source = sourceOf(queue, 'A')
        const waiting: { id: string; caller: string; cancel: AbortController }[] = []
        /** For each caller that waits: how many of each other one went before it since it last had a turn. */
        const passed = new Map<string, Map<string, number>>()
        for (const [n, what] of steps.entries()) {
          if (what === 'take') {
            const item = source.tryDequeue()
            const [who = ''] = item?.id ?? ''
            // The first of its own.
            expect(item?.id).toBe(waiting.find(each => each.caller === who)?.id)
            removeFrom(waiting, each => each.id === item?.id)
            passed.delete(who)
            for (const each of new Set(waiting.map(each => each.caller))) {
              if (each === who) continue
              const before = passed.get(each) ?? new Map<string, number>()
              before.set(who, (before.get(who) ?? 0) + 1)
              expect(before.get(who), `${who} before ${each}`).toBe(1)
              passed.set(each, before)
            }
            item?.answer(undefined)
          } else if (what === 'cancel') {
            const gone = waiting.splice(waiting.length >> 1, 1)[0]
            gone?.cancel.abort()
            if (gone && !waiting.some(each => each.caller === gone.caller)) passed.delete(gone.caller)
          } else {
            const [id, cancel] = [`${what}${n}`, new AbortController()]
            waiting.push({ id, caller: what, cancel })
            queue.queueAndWait(request(id, { caller: what, signal: cancel.signal })).catch(() => undefined)
          }
          expect(queue.length).toBe(waiting.length)
        }
        queue.close(new HalibutError('closed', 'over'))
        await turn()
        expect(queue.empty).toBe(true)
      }),
      { numRuns: 150 },
    )
  })
})

describe('answers', () => {
  test('an answer is read by whoever asked, who says which data streams follow it', () => {
    const queue = new MemoryRequestQueue(endpoint, 10)
    const [document, streams] = [Buffer.from('answer'), [DataStream.fromString('a')]]
    const budget = new MemoryBudget(1_000, 'maxMessageBytesInFlight').share('A')
    const readAnswer = vi.fn(() => streams)
    queue.queueAndWait(request('1', { reader: { readAnswer } })).catch(() => undefined)
    expect(sourceOf(queue, 'A').tryDequeue()?.read(document, budget)).toBe(streams)
    expect(readAnswer.mock.calls).toEqual([[document, budget]])
    queue.close(new HalibutError('closed', 'over'))
  })

  test('the data streams of an answer that nobody gets are skipped', async () => {
    const queue = new MemoryRequestQueue(endpoint, 10)
    const call = watch(queue.queueAndWait(request('1')))
    const item = sourceOf(queue, 'A').tryDequeue()
    queue.close(new HalibutError('closed', 'over'))
    const streams = streamsUnderWay()
    item?.answer(streams)
    await turn()
    expect(streams.settle.mock.calls).toEqual([[new Set()]])
    expect(call.outcome).toMatchObject({ kind: 'closed', delivery: 'unknown', phase: 'response' })
  })
})

describe('bounds and the end', () => {
  test('a full queue refuses, but not what a waiting connection takes at once', async () => {
    const queue = new MemoryRequestQueue(endpoint, 1)
    const calls = [watch(queue.queueAndWait(request('1', { thumbprint: 'A' })))]
    await expect(queue.queueAndWait(request('2'))).rejects.toMatchObject({ kind: 'queue_full', phase: 'queue', endpoint, retryable: true })
    const waiting = watch(sourceOf(queue, 'B').dequeue(30_000))
    calls.push(watch(queue.queueAndWait(request('3'))))
    await turn()
    expect(waiting.outcome).toMatchObject({ id: '3' })
    queue.close(new HalibutError('closed', 'over'))
  })

  test('a closed queue ends what waits as not sent, what was collected as unknown, and takes nothing more', async () => {
    const queue = new MemoryRequestQueue(endpoint, 10)
    const collected = watch(queue.queueAndWait(request('1')))
    sourceOf(queue, 'A').tryDequeue()
    const waiting = watch(queue.queueAndWait(request('2', { thumbprint: 'B' })))
    const consumer = watch(sourceOf(queue, 'A').dequeue(30_000))
    queue.close(new HalibutError('closed', 'the runtime is closed'))
    await turn()
    expect(collected.outcome).toMatchObject({ kind: 'closed', delivery: 'unknown' })
    expect(waiting.outcome).toMatchObject({ kind: 'closed', delivery: 'not_sent' })
    expect(consumer.outcome).toBeUndefined()
    expect(queue.length).toBe(0)
    await expect(queue.queueAndWait(request('3'))).rejects.toMatchObject({ kind: 'closed' })
    expect(await sourceOf(queue, 'A').dequeue(30_000)).toBeUndefined()
  })

  test('a time beyond what timers can is long, not short', async () => {
    const queue = new MemoryRequestQueue(endpoint, 10)
    const call = watch(queue.queueAndWait(request('1', { queueTimeoutMs: Number.POSITIVE_INFINITY })))
    vi.advanceTimersByTime(24 * 3_600_000)
    await turn()
    expect(call.outcome).toBe('pending')
    sourceOf(queue, 'A').tryDequeue()?.answer(undefined)
    await turn()
    expect(call.outcome).toBeUndefined()
  })
})

/** The queue, told simply: lists that are searched, and a clock. */
interface Model {
  now: number
  waiting: { n: number; for: string | undefined; by: string; until: number }[]
  /** Whose turn it is, next first; also of callers that do not wait. */
  turns: string[]
  collected: { n: number }[]
  consumers: { k: number; s: number; as: string; until: number }[]
  sources: { as: string; closed: boolean }[]
  /** What each call and each wait has come to. */
  calls: unknown[]
  waits: unknown[]
}

interface Real {
  readonly queue: MemoryRequestQueue
  readonly calls: { outcome: unknown }[]
  readonly cancels: AbortController[]
  readonly items: Map<number, CollectedRequest>
  readonly sources: RequestSource[]
  readonly waits: { outcome: unknown }[]
}

const maxLength = 4

/** A step: changes the model and the real queue alike. */
class Step implements fc.AsyncCommand<Model, Real> {
  readonly #name: string
  readonly #run: (model: Model, real: Real) => void

  constructor(name: string, run: (model: Model, real: Real) => void) {
    this.#name = name
    this.#run = run
  }

  check(): boolean {
    return true
  }

  async run(model: Model, real: Real): Promise<void> {
    this.#run(model, real)
    await turn()
    expect(real.queue.length).toBe(model.waiting.length)
    for (const wait of real.waits) {
      const item = wait.outcome as CollectedRequest | undefined | 'pending'
      if (item !== undefined && item !== 'pending') real.items.set(Number(item.id), item)
    }
    const said = (outcome: unknown) => (outcome instanceof HalibutError ? outcome.kind : outcome === 'pending' ? outcome : 'answered')
    expect(real.calls.map(call => said(call.outcome))).toEqual(model.calls)
    const got = (outcome: unknown) => (outcome === undefined || outcome === 'pending' ? outcome : Number((outcome as CollectedRequest).id))
    expect(real.waits.map(wait => got(wait.outcome))).toEqual(model.waits)
  }

  toString(): string {
    return this.#name
  }
}

const fits = (wanted: string | undefined, has: string) => wanted === undefined || wanted === has
const certificate = fc.constantFrom('A', 'B')
const callers = ['a', 'b', 'c']
const time = fc.integer({ min: 1, max: 50 })

function removeFrom<T>(list: T[], found: (each: T) => boolean): T | undefined {
  const at = list.findIndex(found)
  return at < 0 ? undefined : list.splice(at, 1)[0]
}

function removeLastFrom<T>(list: T[], found: (each: T) => boolean): T | undefined {
  const at = list.findLastIndex(found)
  return at < 0 ? undefined : list.splice(at, 1)[0]
}

function toEnd<T>(list: T[], item: T): void {
  removeFrom(list, each => each === item)
  list.push(item)
}

const steps = [
  fc.tuple(fc.option(certificate, { nil: undefined }), fc.constantFrom(...callers), time, fc.boolean()).map(
    ([wanted, by, ms, aborted]) =>
      new Step(`call of ${by} for ${wanted} within ${ms}${aborted ? ', cancelled' : ''}`, (model, real) => {
        const n = model.calls.length
        const consumer = aborted ? undefined : removeLastFrom(model.consumers, each => fits(wanted, each.as))
        if (aborted) model.calls.push('cancelled')
        else if (consumer) {
          model.calls.push('pending')
          model.collected.push({ n })
          model.waits[consumer.k] = n
        } else if (model.waiting.length >= maxLength) model.calls.push('queue_full')
        else {
          model.calls.push('pending')
          // Who begins to wait comes after all that do.
          if (!model.waiting.some(each => each.by === by)) toEnd(model.turns, by)
          model.waiting.push({ n, for: wanted, by, until: model.now + ms })
        }
        const cancel = new AbortController()
        if (aborted) cancel.abort()
        real.cancels.push(cancel)
        const call = request(String(n), { thumbprint: wanted, caller: by, queueTimeoutMs: ms, signal: cancel.signal })
        real.calls.push(watch(real.queue.queueAndWait(call)))
      }),
  ),
  fc.nat().map(
    which =>
      new Step(`cancel call ${which}`, (model, real) => {
        if (model.calls.length === 0) return
        const n = which % model.calls.length
        if (removeFrom(model.waiting, each => each.n === n)) model.calls[n] = 'cancelled'
        real.cancels[n]?.abort()
      }),
  ),
  fc.tuple(certificate, fc.option(time, { nil: undefined }), fc.boolean()).map(
    ([as, ms, again]) =>
      new Step(`${as} ${ms === undefined ? 'looks' : `waits ${ms}`}${again ? ' again' : ''}`, (model, real) => {
        const k = model.waits.length
        const free = (each: Model['sources'][number], i: number) =>
          each.as === as && !each.closed && !model.consumers.some(consumer => consumer.s === i)
        const known = again ? model.sources.findIndex(free) : -1
        const s = known < 0 ? model.sources.push({ as, closed: false }) - 1 : known
        if (known < 0) real.sources.push(real.queue.consumer(as))
        const who = model.turns.find(by => model.waiting.some(each => each.by === by && fits(each.for, as)))
        const found = removeFrom(model.waiting, each => each.by === who && fits(each.for, as))
        if (found) toEnd(model.turns, found.by)
        if (found) model.collected.push({ n: found.n })
        else if (ms !== undefined) model.consumers.push({ k, s, as, until: model.now + ms })
        model.waits.push(found ? found.n : ms === undefined ? undefined : 'pending')
        const source = real.sources[s] as RequestSource
        real.waits.push(ms === undefined ? { outcome: source.tryDequeue() } : watch(source.dequeue(ms)))
      }),
  ),
  fc.tuple(fc.nat(), fc.constantFrom('plain', 'streamed', 'failed')).map(
    ([which, how]) =>
      new Step(`${how} answer ${which}`, (model, real) => {
        if (model.collected.length === 0) return
        const n = model.collected.splice(which % model.collected.length, 1)[0]?.n ?? -1
        model.calls[n] = how === 'failed' ? 'connection_lost' : 'answered'
        const item = real.items.get(n)
        if (how === 'failed') item?.fail(new HalibutError('connection_lost', 'lost'))
        else item?.answer(how === 'streamed' ? streamsUnderWay() : undefined)
        // Whatever else the connection says of it changes nothing.
        item?.fail(new Error('twice'))
        item?.answer(undefined)
      }),
  ),
  fc.nat().map(
    which =>
      new Step(`connection ${which} ends`, (model, real) => {
        const s = which % Math.max(1, model.sources.length)
        const source = model.sources[s]
        if (!source) return
        source.closed = true
        const waiting = removeFrom(model.consumers, each => each.s === s)
        if (waiting) model.waits[waiting.k] = undefined
        real.sources[s]?.close()
      }),
  ),
  time.map(
    ms =>
      new Step(`${ms} pass`, model => {
        model.now += ms
        for (const late of model.waiting.filter(each => each.until <= model.now)) model.calls[late.n] = 'deadline_exceeded'
        for (const late of model.consumers.filter(each => each.until <= model.now)) model.waits[late.k] = undefined
        model.waiting = model.waiting.filter(each => each.until > model.now)
        model.consumers = model.consumers.filter(each => each.until > model.now)
        vi.advanceTimersByTime(ms)
      }),
  ),
]

test('any schedule of calls, cancellations, connections, answers and times ends as in a plain model', async () => {
  await fc.assert(
    fc.asyncProperty(fc.commands(steps, { maxCommands: 60, size: 'max' }), async commands => {
      const queue = new MemoryRequestQueue(endpoint, maxLength)
      const model: Model = { now: 0, waiting: [], turns: [], collected: [], consumers: [], sources: [], calls: [], waits: [] }
      const real: Real = { queue, calls: [], cancels: [], items: new Map(), sources: [], waits: [] }
      try {
        await fc.asyncModelRun(() => ({ model, real }), commands)
      } finally {
        // Also where it failed, so that what is left does not fail the smaller schedules that are tried next.
        queue.close(new HalibutError('closed', 'over'))
        for (const source of real.sources) source.close()
        await turn()
      }
      expect(vi.getTimerCount()).toBe(0)
      expect(real.calls.filter(call => call.outcome === 'pending')).toEqual([])
    }),
    { numRuns: 150 },
  )
})
