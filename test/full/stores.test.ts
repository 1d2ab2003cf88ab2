import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openEmbeddedStore } from '../../server/src/store/embedded-store.ts'
import { openStateFolder } from '../../server/src/store/state-folder.ts'
import { killChanges } from '../support/killed-changes.ts'
import { killStores } from '../support/killed-stores.ts'

test('a process that writes is killed 200 times at random moments: nothing that was acknowledged is lost, nothing is half there', async ({
  task,
}) => {
  const result = await killStores(200, 7)
  expect(result.acknowledged).toBeGreaterThan(10_000)
  task.meta.figures = JSON.stringify(result)
})

test('a gateway is killed 100 times while people change things: one entry of the audit log for each change, one change for each entry', async ({
  task,
}) => {
  const result = await killChanges(100, 11)
  expect(result.answered).toBeGreaterThan(500)
  task.meta.figures = JSON.stringify(result)
})

test('at least 3,000 small changes a second are acknowledged, each flushed, asked for one by one by 64 callers', async ({ task }) => {
  const folder = await mkdtemp(join(tmpdir(), 'halibut-store-'))
  try {
    await using store = await openEmbeddedStore(await openStateFolder(folder))
    const seconds = 5
    const until = performance.now() + seconds * 1_000
    const waits: number[] = []
    const caller = async (): Promise<void> => {
      while (performance.now() < until) {
        const askedMs = performance.now()
        await store.change(draft => {
          const sequence = (draft.audit.head?.sequence ?? 0) + 1
          draft.audit.append({ sequence, atMs: sequence, text: 'x'.repeat(200), hash: 'h'.repeat(64) })
        })
        waits.push(performance.now() - askedMs)
      }
    }
    await Promise.all(Array.from({ length: 64 }, caller))
    expect(store.audit.head?.sequence).toBe(waits.length)
    expect(waits.length).toBeGreaterThan(3_000 * seconds)
    waits.sort((a, b) => a - b)
    const at = (part: number): string => (waits[Math.floor(waits.length * part)] ?? 0).toFixed(1)
    task.meta.figures = `${Math.round(waits.length / seconds)} changes a second; acknowledged after ${at(0.5)} ms (half of them), ${at(0.99)} ms (99 of 100)`
  } finally {
    await rm(folder, { recursive: true })
  }
})
