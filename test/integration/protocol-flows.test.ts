import { expect, test } from 'vitest'
import { readFlows, walkFlow } from '../support/flows.ts'

const flows = readFlows()

test('PROTOCOL.md has its flows, numbered from 1', () => {
  expect(flows.length).toBeGreaterThanOrEqual(17)
  expect(flows.map(({ title }) => Number(/\d+/.exec(title)))).toEqual(flows.map((_, i) => i + 1))
})

test.each(flows)('$title', async flow => {
  await walkFlow(flow)
})
