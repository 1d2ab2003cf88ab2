import { expect, test } from 'vitest'
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
