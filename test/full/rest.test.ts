import { expect, test } from 'vitest'
import { createGatewayWorld } from '../support/gateway.ts'
import { fuzzRest } from '../support/rest-fuzz.ts'

test('20,000 requests made of the OpenAPI document get answers that it promises, and never a 500', async ({ task }) => {
  await using world = await createGatewayWorld()
  const seen = await fuzzRest(world, 20_000)
  const operations = new Set([...seen].map(each => each.slice(0, each.lastIndexOf(' '))))
  const statuses = new Set([...seen].map(each => each.slice(each.lastIndexOf(' ') + 1)))
  expect(statuses.has('200')).toBe(true)
  task.meta.figures = JSON.stringify({ operations: operations.size, statuses: [...statuses].sort() })
})
