import { expect, test } from 'vitest'
import { callWhileConnectionsDie } from '../support/killed-connections.ts'

test('1,000 calls over a polling agent whose connections are killed at random each end once, and tell the truth', async ({ task }) => {
  const result = await callWhileConnectionsDie(1_000, 4, 20_261_123)
  expect(result.killed).toBeGreaterThan(50)
  expect(result.answered).toBeGreaterThan(500)
  task.meta.figures = JSON.stringify(result)
})
