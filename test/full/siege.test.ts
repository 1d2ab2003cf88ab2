import { expect, test } from 'vitest'
import { besiegeWithOpenings, besiegeWithStalledAnswers, besiegeWithStrangers } from '../support/siege.ts'

test('950 openings that never end leave a gateway with a heap of 512 MB its agent and its browser', async ({ task }) => {
  const result = await besiegeWithOpenings({ connections: 950, heapMiB: 512 })
  expect(result.connections + result.turnedAway).toBe(950)
  expect(result.honestCalls).toBeGreaterThan(50)
  // 20 KB that each sent, its TLS socket, and what the honest calls need.
  expect(result.rssAfter - result.rssBefore).toBeLessThan(200)
  task.meta.figures = JSON.stringify(result)
})

test('10 answers of 63 MiB that stall leave another agent its answers of 300 KB', async ({ task }) => {
  const result = await besiegeWithStalledAnswers({ connections: 10, heapMiB: 512 })
  expect(result.connections).toBe(10)
  expect(result.honestCalls).toBeGreaterThan(60)
  task.meta.figures = JSON.stringify(result)
})

test('1,000 strangers, of whom half never say who they are, leave a gateway with a heap of 128 MB its agent and its browser', async ({
  task,
}) => {
  const result = await besiegeWithStrangers({ strangers: 1_000, heapMiB: 128 })
  expect(result).toMatchObject({ turnedAway: 0, pending: 1_000 })
  expect(result.honestCalls).toBeGreaterThan(50)
  expect(result.rssAfter - result.rssBefore).toBeLessThan(150)
  task.meta.figures = JSON.stringify(result)
})
