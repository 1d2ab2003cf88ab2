import { expect, test } from 'vitest'
import { callWhileConnectionsDie } from '../support/killed-connections.ts'

test.each([1, 2, 3, 4, 5])('5,000 calls over a polling agent whose connections are killed at random, seed %i', async (seed, { task }) => {
  const result = await callWhileConnectionsDie(5_000, 8, seed)
  expect(result.killed).toBeGreaterThan(200)
  task.meta.figures = JSON.stringify(result)
})
