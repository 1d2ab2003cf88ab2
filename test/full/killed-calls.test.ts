import { expect, test } from 'vitest'
import { killUnderKeyedCalls } from '../support/killed-calls.ts'

test('a gateway is killed 30 times while calls with keys run: no answer is forgotten, and no call runs twice', async ({ task }) => {
  const result = await killUnderKeyedCalls(30, 11)
  expect(result.acknowledged).toBeGreaterThan(300)
  expect(result.unknown).toBeGreaterThan(0)
  task.meta.figures = JSON.stringify(result)
})
