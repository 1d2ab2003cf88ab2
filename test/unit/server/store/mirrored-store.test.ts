import { afterEach, expect, test, vi } from 'vitest'
import { deferred } from '../../../../server/src/base/deferred.ts'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'
import type { StoredChange } from '../../../../server/src/store/backend.ts'
import { MemoryBackend, openMemoryStore } from '../../../support/memory-store.ts'

/** A backend whose commits wait until they are let go. */
class SlowBackend extends MemoryBackend {
  readonly sizes: number[] = []
  gate = deferred<void>()

  override async commit(changes: readonly StoredChange[]): Promise<void> {
    this.sizes.push(changes.length)
    await this.gate.promise
    await super.commit(changes)
  }
}

afterEach(() => void vi.useRealTimers())

const text = (id: string) => ({ id, text: '' })

test('what is asked for in one turn is one commit, and so is all that comes while the disk is at work, up to the size of a batch', async () => {
  const backend = new SlowBackend()
  await using store = openMemoryStore(backend)
  const first = ['a', 'b', 'c'].map(id => store.meta.put(text(id)))
  await new Promise<void>(resolve => setImmediate(resolve))
  expect(backend.sizes).toEqual([3])
  const later: Promise<void>[] = []
  for (let i = 0; i <= gatewayLimits.storeBatchChanges; i++) later.push(store.meta.put(text(`${i}`)))
  await new Promise<void>(resolve => setImmediate(resolve))
  expect([backend.sizes, store.meta.size]).toEqual([[3], 0])
  backend.gate.resolve()
  await Promise.all([...first, ...later])
  expect(backend.sizes).toEqual([3, gatewayLimits.storeBatchChanges, 1])
})

test('where several went together the next ones wait for each other; who comes alone does not', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const backend = new SlowBackend()
  backend.gate.resolve()
  await using store = openMemoryStore(backend)
  await store.meta.put(text('alone'))
  await Promise.all([store.meta.put(text('a')), store.meta.put(text('b'))])
  const first = store.meta.put(text('c'))
  await new Promise<void>(resolve => setImmediate(resolve))
  const second = store.meta.put(text('d'))
  expect(backend.sizes).toEqual([1, 2])
  await vi.advanceTimersByTimeAsync(gatewayLimits.storeGatherMs)
  await Promise.all([first, second])
  expect(backend.sizes).toEqual([1, 2, 2])
})

test('acts that only look make no commit', async () => {
  const backend = new MemoryBackend()
  await using store = openMemoryStore(backend)
  expect(await store.change(draft => draft.agents.size)).toBe(0)
  expect([backend.commits, await store.agents.remove('nobody')]).toEqual([0, false])
  expect(backend.commits).toBe(0)
})
