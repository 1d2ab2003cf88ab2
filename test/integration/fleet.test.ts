import { expect, test } from 'vitest'
import { killFleetGateway } from '../support/fleet.ts'

test('200 agents are back after a kill of their gateway, and a browser that watches them and calls one has no wrong error', async () => {
  const result = await killFleetGateway({ agents: 200, processes: 1, reconnectMs: [300, 1_000] })
  expect(result).toMatchObject({ connected: 201, wrongErrors: [] })
  expect(result.calls).toBeGreaterThan(20)
  // Of most agents it is told as they come, many in an item.
  expect(result.changes).toBeGreaterThan(100)
  expect(result.items).toBeLessThan(100)
})
