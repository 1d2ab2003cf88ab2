import { expect, test } from 'vitest'
import { killUnderKeyedCalls } from '../support/killed-calls.ts'

test('a gateway that is killed while calls with keys run has forgotten no answer, and runs none of them twice', {
  timeout: 180_000,
}, async () => {
  const { acknowledged, unknown, answered, ranThen } = await killUnderKeyedCalls(2, 3)
  expect(acknowledged).toBeGreaterThan(0)
  expect(unknown + answered + ranThen).toBeGreaterThan(0)
})
