import { expect, test } from 'vitest'
import { stopUnderCalls } from '../support/drained-calls.ts'

test('a gateway that gets SIGTERM loses none of 1,000 calls that it has accepted', async ({ task }) => {
  const { answered, lost, refused, refusedOverHttp, ended } = await stopUnderCalls(1_000)
  expect({ answered, lost, refused, refusedOverHttp, ended }).toEqual({
    answered: 1_000,
    lost: [],
    refused: { kind: 'draining', retryAfterMs: 5_000 },
    refusedOverHttp: { status: 503, kind: 'draining', retryAfter: '5' },
    ended: { code: 0, signal: null },
  })
  task.meta.figures = `${answered} of 1,000 answered, ${lost.length} lost`
})
