import { GatewayError } from '@halibut-gateway/client'
import { expect, test } from 'vitest'

test('as JSON an error says all that is known, in words too, and its cause in words', () => {
  const cause = new TypeError('fetch failed')
  const error = new GatewayError('connect_failed', 'no answer', {
    cause,
    traceId: '4bf9',
    errors: [{ path: '/a', expected: 'b', got: 'c' }],
  })
  expect(JSON.parse(JSON.stringify({ error }))).toEqual({
    error: {
      name: 'GatewayError',
      kind: 'connect_failed',
      message: 'no answer',
      delivery: 'not_sent',
      retryable: true,
      advice: 'look at the cause, then try again',
      traceId: '4bf9',
      errors: [{ path: '/a', expected: 'b', got: 'c' }],
      candidates: [],
      cause: 'TypeError: fetch failed',
    },
  })
  expect(JSON.stringify(new GatewayError('closed', 'the client was closed'))).not.toContain('cause"')
})
