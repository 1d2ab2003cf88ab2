import { expect, test } from 'vitest'
import { callWhileConnectionsDie } from '../support/killed-connections.ts'

for (const seed of [1, 2, 3, 4, 5]) {
  test(`5,000 calls over a polling agent whose connections are killed at random, seed ${seed}`, async ({ task }) => {
    const result = await callWhileConnectionsDie(5_000, 8, seed)
    expect(result.killed).toBeGreaterThan(200)
    task.meta.figures = JSON.stringify(result)
  })
}
