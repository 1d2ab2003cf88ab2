import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { afterEach, expect, test } from 'vitest'
import { Outbox } from '../../../../server/src/gateway/outbox.ts'
import { ReplayMemory } from '../../../../server/src/gateway/replay-memory.ts'
import { SlowReaders } from '../../../../server/src/gateway/slow-readers.ts'

const { ackChars, outboxBytes, replayBytes } = facadeLimits

const made: Outbox[] = []
afterEach(() => {
  for (const outbox of made.splice(0)) outbox.close()
})

function world(memory = new ReplayMemory(64 * replayBytes, () => undefined)) {
  let full = 0
  const owner = {
    outboxFull: () => {
      full++
    },
    outboxStalled: () => undefined,
    outboxSent: () => undefined,
  }
  const outbox = new Outbox(owner, memory, new SlowReaders())
  made.push(outbox)
  const sent: { text: string; done: () => void }[] = []
  outbox.attach({ send: (text, done) => void sent.push({ text, done }) })
  return { outbox, sent, full: () => full }
}

test('a text above what is kept for a resume can be resumed from again once it was acknowledged', () => {
  const { outbox } = world()
  outbox.send('first', true)
  outbox.send('x'.repeat(replayBytes + 1), true)
  outbox.send('third', true)
  expect([outbox.complete, outbox.reaches(1), outbox.reaches(2)]).toEqual([false, false, true])
  outbox.acknowledge(1)
  expect(outbox.complete).toBe(false)
  outbox.acknowledge(2)
  expect([outbox.complete, outbox.reaches(2), outbox.reaches(3)]).toEqual([true, true, true])
})

test('what is acknowledged before it was sent changes nothing', () => {
  const { outbox, sent } = world()
  outbox.send('first', true)
  outbox.acknowledge(2)
  outbox.replay(0)
  expect([outbox.reaches(2), sent.map(({ text }) => text)]).toEqual([false, ['first', 'first']])
})

test('many small texts are too much before their characters are', () => {
  const { outbox, sent, full } = world()
  while (full() === 0) outbox.send('{"jsonrpc":"2.0","method":"$/ping"}', false)
  expect(sent.length).toBeGreaterThan(20_000)
  expect(sent.length).toBeLessThan(outboxBytes / 256)
})

test('one large text is never too much, what waits before it may be', () => {
  const { outbox, sent, full } = world()
  outbox.send('x', false)
  outbox.send('x'.repeat(outboxBytes), true)
  expect([sent.length, full()]).toEqual([2, 0])
  outbox.send('y', true)
  expect([sent.length, full()]).toEqual([2, 1])
  for (const { done } of sent.splice(0)) done()
  outbox.send('z', true)
  expect([sent.length, full()]).toEqual([1, 1])
})

test('where the memory of all outboxes is full, one that keeps much drops its oldest text, and one that keeps little keeps it', () => {
  const memory = new ReplayMemory(300_000, () => undefined)
  const [greedy, modest] = [world(memory).outbox, world(memory).outbox]
  modest.send('x'.repeat(1_000), true)
  for (let i = 0; i < 6; i++) greedy.send('x'.repeat(50_000), true)
  modest.send('x'.repeat(1_000), true)
  expect([modest.complete, greedy.complete, greedy.reaches(1), greedy.reaches(0)]).toEqual([true, false, true, false])
  expect(memory.used).toBe(252_000)
  greedy.acknowledge(6)
  expect([greedy.complete, memory.used]).toEqual([true, 2_000])
  modest.close()
  greedy.close()
  expect(memory.used).toBe(0)
})

test('where that memory stays full, as much as a browser leaves that acknowledges is kept in any case', () => {
  const memory = new ReplayMemory(10_000, () => undefined)
  const { outbox } = world(memory)
  outbox.send('x'.repeat(ackChars - 1_000), true)
  outbox.send('x'.repeat(1_000), true)
  expect([memory.isFull, outbox.complete]).toEqual([true, true])
  outbox.send('x', true)
  expect([outbox.complete, outbox.reaches(1), memory.used]).toEqual([false, true, 1_001])
})
