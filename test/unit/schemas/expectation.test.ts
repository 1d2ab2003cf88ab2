import { expectation, InvokeParamsSchema, methods } from '@halibut-gateway/schemas'
import { Type } from '@sinclair/typebox'
import { expect, test } from 'vitest'

test.each([
  [InvokeParamsSchema.properties.timeoutMs, 'a whole number from 1'],
  [InvokeParamsSchema.properties.args, 'an array of at most 64 items'],
  [InvokeParamsSchema.properties.method, 'a string of 1 to 512 characters'],
  [InvokeParamsSchema.properties.digest, 'true or false or "sha256" or "sha1"'],
  [InvokeParamsSchema.properties.agent, 'letters, digits, dot, dash, underscore; at most 128'],
  [InvokeParamsSchema, 'an object'],
  [Type.Union([Type.Literal('kill'), Type.Literal('skip')]), '"kill" or "skip"'],
  [Type.Number({ maximum: 5 }), 'a number up to 5'],
  [Type.Null(), 'null'],
  [Type.Unknown(), 'a value'],
])('what a schema takes is told by its form: %#', (schema, text) => {
  expect(expectation(schema)).toBe(text)
})

test('no parameter of a method is told by what it means', () => {
  const { params } = methods['agent.invoke']
  for (const { description, pattern, ...schema } of Object.values(params.properties)) {
    if (description !== undefined && pattern === undefined) expect(expectation(schema as never)).not.toContain(description)
  }
})
