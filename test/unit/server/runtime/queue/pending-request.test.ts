import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { isAbortAwaited } from '../../../../../server/src/base/abort-listeners.ts'
import { HalibutError } from '../../../../../server/src/base/errors.ts'
import type { AnswerStreams } from '../../../../../server/src/exchange/answer.ts'
import { PendingRequest } from '../../../../../server/src/runtime/queue/pending-request.ts'
import type { RequestToQueue } from '../../../../../server/src/runtime/queue/request-queue.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

const lost = new HalibutError('connection_lost', 'lost', { delivery: 'unknown', phase: 'response' })

/** A request with a time and a signal, and what became of it. */
function createPending(more: Partial<RequestToQueue> = {}) {
  const given = new AbortController()
  const left = vi.fn()
  const request: RequestToQueue = {
    id: '1',
    message: { document: Buffer.alloc(0), streams: [] },
    reader: { readAnswer: () => [] },
    thumbprint: undefined,
    queueTimeoutMs: 1_000,
    signal: given.signal,
    ...more,
  }
  const pending = new PendingRequest(request, 'poll://agent/', { whyWaiting: () => 'nobody is there', left })
  const outcome = pending.outcome.then(
    streams => ({ streams }),
    (why: unknown) => why,
  )
  /** Nothing of it stays: no timer, and no listener. */
  const isGone = (): boolean => vi.getTimerCount() === 0 && !isAbortAwaited(given.signal)
  return { pending, outcome, given, left, isGone }
}

const streaming: AnswerStreams = { done: new Promise(() => undefined), settle: () => undefined }

test('it waits with a timer, and leaves that with the wait', () => {
  const onCollected = vi.fn()
  const { pending, left } = createPending({ onCollected })
  pending.wait()
  expect(vi.getTimerCount()).toBe(1)
  pending.collected()
  expect([vi.getTimerCount(), onCollected.mock.calls.length, left.mock.calls.length]).toEqual([0, 1, 0])
})

const ends: [string, (pending: PendingRequest, given: AbortController) => void, object][] = [
  ['its time has passed while it waits', () => vi.advanceTimersByTime(1_000), { kind: 'deadline_exceeded', reason: 'nobody is there' }],
  ['it is given up while it waits', (_, given) => given.abort(), { kind: 'cancelled', phase: 'queue', delivery: 'not_sent' }],
  ['it fails while it waits', pending => pending.fail(lost), { kind: 'connection_lost', message: 'lost' }],
  [
    'it fails once it was collected',
    pending => {
      pending.collected()
      pending.exchanging(() => undefined)
      pending.fail(lost)
      pending.exchanged()
    },
    { kind: 'connection_lost', delivery: 'unknown', message: expect.stringContaining('broke off after its request had left') },
  ],
  [
    'it is answered, and nothing follows',
    pending => {
      pending.collected()
      pending.exchanging(() => undefined)
      pending.answer(undefined)
      pending.exchanged()
    },
    { streams: undefined },
  ],
  [
    'the last data stream of its answer has come',
    pending => {
      pending.collected()
      pending.exchanging(() => undefined)
      pending.answer(streaming)
      pending.exchanged()
    },
    { streams: streaming },
  ],
]

test.each(ends)('when %s, its caller is told once, it has left the queue once, and nothing of it stays', async (_when, end, expected) => {
  const { pending, outcome, given, left, isGone } = createPending()
  pending.wait()
  end(pending, given)
  // Whatever else is said of it changes nothing.
  pending.fail(new Error('twice'))
  pending.answer(undefined)
  pending.exchanged()
  given.abort()
  expect(await outcome).toMatchObject(expected)
  expect([left.mock.calls.length, isGone()]).toEqual([1, true])
})

test('while it is exchanged, and while data streams follow its answer, giving up cuts that off', async () => {
  for (const answered of [false, true]) {
    const { pending, outcome, given, isGone } = createPending()
    const cut = vi.fn()
    pending.collected()
    pending.exchanging(cut)
    if (answered) pending.answer(streaming)
    given.abort()
    expect([cut.mock.calls.length, pending.isGivenUp]).toEqual([1, true])
    if (!answered) pending.fail(lost)
    pending.exchanged()
    await outcome
    expect(isGone()).toBe(true)
  }
})
