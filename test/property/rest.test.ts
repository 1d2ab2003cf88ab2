import { expect, test } from 'vitest'
import { createGatewayWorld } from '../support/gateway.ts'
import { fuzzRest } from '../support/rest-fuzz.ts'

test('whatever is asked over HTTP gets an answer that the OpenAPI document promises, and never a 500', async () => {
  await using world = await createGatewayWorld()
  const seen = await fuzzRest(world, 1_000)
  // It got through to many of the methods, and was refused by many.
  const ended = (status: RegExp) => [...seen].filter(each => status.test(each)).length
  expect(ended(/ 20\d$/)).toBeGreaterThan(15)
  expect(ended(/ 4\d\d$/)).toBeGreaterThan(25)
}, 120_000)
