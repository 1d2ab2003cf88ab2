import { expect, test } from 'vitest'
import { killFleetGateway } from '../support/fleet.ts'

test('8,000 polling agents through a kill of the gateway, beside a browser that watches them and calls one', async ({ task }) => {
  const result = await killFleetGateway({ agents: 8_000, processes: 2 })
  const { firstMs, againMs, calls, longestMs, errors, items, changes } = result
  task.meta.figures = `all connected ${seconds(firstMs)} after their start, and ${seconds(againMs)} after the kill; ${calls} calls answered, the longest after the kill took ${longestMs} ms; ${errors.length} ended with an error while the gateway was away; ${items} items told of ${changes} changes`
  expect(result).toMatchObject({ connected: 8_001, wrongErrors: [] })
  expect(changes).toBeGreaterThan(4_000)
  expect(items).toBeLessThan(changes / 10)
})

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
