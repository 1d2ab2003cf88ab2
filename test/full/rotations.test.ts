import { expect, test } from 'vitest'
import { killRotations } from '../support/killed-rotations.ts'
import { rotateAgentsUnderCalls, rotateGatewayUnderCalls } from '../support/rotations.ts'

test('0 of 1,000 calls fail while the gateway gets another certificate', async ({ task }) => {
  const { calls, failed } = await rotateGatewayUnderCalls(1_000)
  expect([failed, calls >= 1_000]).toEqual([[], true])
  task.meta.figures = `${failed.length} of ${calls} calls failed`
})

test('0 of 1,000 calls fail while a listening and a polling agent get other certificates', async ({ task }) => {
  const { calls, failed } = await rotateAgentsUnderCalls(1_000)
  expect([failed, calls >= 1_000]).toEqual([[], true])
  task.meta.figures = `${failed.length} of ${calls} calls failed`
})

test('a gateway is killed at 50 random moments of rotations and goes on where it was', async ({ task }) => {
  const steps = await killRotations(50, 11)
  expect(steps).toBeGreaterThan(50)
  task.meta.figures = `${steps} steps in 50 processes`
})
