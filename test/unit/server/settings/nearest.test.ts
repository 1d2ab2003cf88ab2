import { expect, test } from 'vitest'
import { nearest } from '../../../../server/src/settings/nearest.ts'

test.each([
  ['prot', 'port'],
  ['Port', 'port'],
  ['agentprt', 'agentPort'],
  ['allowdOrigin', 'allowedOrigins'],
  ['frobnicate', undefined],
  ['', undefined],
])('who writes %j means %j', (wrong, meant) => {
  expect(nearest(wrong, ['host', 'port', 'agentPort', 'allowedOrigins'])).toBe(meant)
})
