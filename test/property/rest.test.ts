import { expect, test } from 'vitest'
import { createGatewayWorld } from '../support/gateway.ts'
import { fuzzRest } from '../support/rest-fuzz.ts'

test('whatever is asked over HTTP gets an answer that the OpenAPI document promises, and never a 500', async () => {
  await using world = await createGatewayWorld()
  const seen = await fuzzRest(world, 1_000)
  // It got through to the methods, and was refused by them.
  expect([...seen]).toEqual(expect.arrayContaining(['agents.get 200', 'agents.get 404', 'agents.list 200', 'contracts.get 200']))
}, 120_000)
