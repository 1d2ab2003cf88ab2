import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ProbeQueue } from '../../../../server/src/fleet/probe-queue.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function world() {
  const probed: string[] = []
  const queue = new ProbeQueue(20, id => probed.push(id))
  return { probed, queue }
}

test('one is probed every twentieth of a second, in the order in which they came', async () => {
  const { probed, queue } = world()
  for (let i = 0; i < 100; i++) queue.add(`a${i}`, false)
  await vi.advanceTimersByTimeAsync(999)
  expect(probed).toEqual(Array.from({ length: 20 }, (_, i) => `a${i}`))
  queue.close()
})

test('one that is urgent goes before thousands that are not', async () => {
  const { probed, queue } = world()
  for (let i = 0; i < 8_000; i++) queue.add(`a${i}`, false)
  await vi.advanceTimersByTimeAsync(10)
  queue.add('urgent', true)
  await vi.advanceTimersByTimeAsync(50)
  expect(probed).toEqual(['a0', 'urgent'])
  queue.close()
})

test('those that are taken away cost the others nothing, however often', async () => {
  const { probed, queue } = world()
  for (let i = 0; i < 1_000; i++) {
    queue.add('comes and goes', true)
    queue.delete('comes and goes')
  }
  queue.add('a', false)
  await vi.advanceTimersByTimeAsync(50)
  expect(probed).toEqual(['a'])
  queue.close()
})

test('it has one timer, and none where nobody waits', async () => {
  const { queue } = world()
  for (let i = 0; i < 8_000; i++) queue.add(`a${i}`, i % 2 === 0)
  expect(vi.getTimerCount()).toBe(1)
  for (let i = 0; i < 8_000; i++) queue.delete(`a${i}`)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(vi.getTimerCount()).toBe(0)
  queue.add('a', false)
  queue.close()
  expect(vi.getTimerCount()).toBe(0)
})
