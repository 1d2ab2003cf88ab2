import { expect, test } from 'vitest'
import { killChanges } from '../support/killed-changes.ts'
import { killStores } from '../support/killed-stores.ts'

test('a process that is killed while it writes has lost nothing that was acknowledged, and left nothing half done', {
  timeout: 120_000,
}, async () => {
  const result = await killStores(10, 1)
  expect(result.acknowledged).toBeGreaterThan(100)
})

test('a gateway that is killed while people change things has one entry of its audit log for each change, and one change for each entry', {
  timeout: 120_000,
}, async () => {
  const kills = 5
  const result = await killChanges(kills, 3)
  // Each process was killed after its first answer.
  expect(result.answered).toBeGreaterThanOrEqual(kills)
})
