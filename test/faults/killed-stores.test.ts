import { expect, test } from 'vitest'
import { killStores } from '../support/killed-stores.ts'

test('a process that is killed while it writes has lost nothing that was acknowledged, and left nothing half done', {
  timeout: 120_000,
}, async () => {
  const result = await killStores(10, 1)
  expect(result.acknowledged).toBeGreaterThan(100)
})
