import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { CollectedRequest } from '../../../../../server/src/exchange/serve-poller.ts'
import { type ConsumedQueue, Consumer } from '../../../../../server/src/runtime/queue/consumer.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

const item = (id: string): CollectedRequest => ({ id }) as CollectedRequest

/** A queue with these requests, and who waits at it. */
function createQueue(...requests: CollectedRequest[]): ConsumedQueue & { closing: boolean; readonly waiting: Set<Consumer> } {
  const waiting = new Set<Consumer>()
  return {
    closing: false,
    waiting,
    take: () => requests.shift(),
    addWaiting: consumer => waiting.add(consumer),
    removeWaiting: consumer => waiting.delete(consumer),
  }
}

test('what waits is taken without a wait, and without a timer', async () => {
  const queue = createQueue(item('1'), item('2'), item('3'))
  const consumer = new Consumer('A', queue)
  const taken = [consumer.tryDequeue(), await consumer.dequeue(1_000), await consumer.dequeueSoon(10), consumer.tryDequeue()]
  expect(taken).toMatchObject([{ id: '1' }, { id: '2' }, { id: '3' }, undefined])
  expect([queue.waiting.size, vi.getTimerCount()]).toEqual([0, 0])
})

test('a wait ends with the request that it is handed, and its timer with it', async () => {
  const queue = createQueue()
  const consumer = new Consumer('A', queue)
  const waiting = consumer.dequeue(1_000)
  expect([queue.waiting.size, vi.getTimerCount()]).toEqual([1, 1])
  consumer.hand(item('1'))
  expect(await waiting).toMatchObject({ id: '1' })
  expect([queue.waiting.size, vi.getTimerCount()]).toEqual([0, 0])
})

test('a wait ends without a request when its time has passed, and the next one begins anew', async () => {
  const queue = createQueue()
  const consumer = new Consumer('A', queue)
  const first = consumer.dequeue(1_000)
  vi.advanceTimersByTime(1_000)
  expect([await first, queue.waiting.size, consumer.over]).toEqual([undefined, 0, false])
  const second = consumer.dequeue(1_000)
  consumer.hand(item('1'))
  expect(await second).toMatchObject({ id: '1' })
})

test.each(['dequeue', 'dequeueSoon'] as const)('one that is closed ends the %s that waits, and takes nothing more', async how => {
  const queue = createQueue()
  const consumer = new Consumer('A', queue)
  const waiting = consumer[how](1_000)
  consumer.close()
  consumer.close()
  expect([await waiting, queue.waiting.size, consumer.over]).toEqual([undefined, 0, true])
  queue.take = () => item('late')
  expect([consumer.tryDequeue(), await consumer[how](1_000)]).toEqual([undefined, undefined])
})

test('a queue that closes is looked at once more, and then there is nothing to wait for', async () => {
  const queue = createQueue(item('last'))
  queue.closing = true
  const consumer = new Consumer('A', queue)
  expect([await consumer.dequeue(1_000), consumer.over]).toMatchObject([{ id: 'last' }, false])
  expect([await consumer.dequeue(1_000), consumer.over, queue.waiting.size]).toEqual([undefined, true, 0])
})

test('short waits share a timer: each lasts as long as said at least, and at most twice that', async () => {
  const consumer = new Consumer('A', createQueue())
  const first = consumer.dequeueSoon(10)
  vi.advanceTimersByTime(4)
  consumer.hand(item('1'))
  expect(await first).toMatchObject({ id: '1' })
  let second: unknown = 'pending'
  void consumer.dequeueSoon(10).then(outcome => {
    second = outcome
  })
  expect(vi.getTimerCount()).toBe(1)
  // The timer of the first wait fires, and the second goes on.
  await vi.advanceTimersByTimeAsync(15)
  expect(second).toBe('pending')
  await vi.advanceTimersByTimeAsync(1)
  expect([second, vi.getTimerCount()]).toEqual([undefined, 0])
})

test('a long wait after a short one is exact again', async () => {
  const consumer = new Consumer('A', createQueue())
  const short = consumer.dequeueSoon(10)
  consumer.hand(item('1'))
  await short
  let long: unknown = 'pending'
  void consumer.dequeue(30_000).then(outcome => {
    long = outcome
  })
  await vi.advanceTimersByTimeAsync(29_999)
  expect(long).toBe('pending')
  await vi.advanceTimersByTimeAsync(1)
  expect(long).toBeUndefined()
})

test('one that leaves takes what waits already, and is over then; one that waits is over at once', async () => {
  const busy = new Consumer('A', createQueue(item('1')))
  busy.leave()
  expect([await busy.dequeue(1_000), busy.over]).toMatchObject([{ id: '1' }, false])
  expect([await busy.dequeue(1_000), busy.over]).toEqual([undefined, true])
  const idle = new Consumer('A', createQueue())
  const waiting = idle.dequeue(1_000)
  idle.leave()
  expect([await waiting, idle.over, vi.getTimerCount()]).toEqual([undefined, true, 0])
})
