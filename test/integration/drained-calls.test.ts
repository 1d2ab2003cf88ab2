import { expect, test } from 'vitest'
import { stopUnderCalls } from '../support/drained-calls.ts'

test('a gateway that gets SIGTERM loses none of 150 calls that it has accepted, and refuses further ones with the time to wait', async () => {
  expect(await stopUnderCalls(150)).toEqual({
    answered: 150,
    lost: [],
    refused: { kind: 'draining', retryAfterMs: 5_000 },
    refusedOverHttp: { status: 503, kind: 'draining', retryAfter: '5' },
    closeCodes: [1001, 1001, 1001, 1001],
    ended: { code: 0, signal: null },
  })
})
