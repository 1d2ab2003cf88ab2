import { expect, test } from 'vitest'
import { stopUnderCalls } from '../support/drained-calls.ts'

test('a gateway that is stopped loses none of 1,000 calls that it has accepted', async ({ task }) => {
  const { answered, lost, refused, refusedOverHttp } = await stopUnderCalls(1_000)
  expect({ answered, lost, refused, refusedOverHttp }).toEqual({
    answered: 1_000,
    lost: [],
    refused: { kind: 'draining', retryAfterMs: 5_000 },
    refusedOverHttp: { status: 503, kind: 'draining', retryAfter: '5' },
  })
  task.meta.figures = `${answered} of 1,000 answered, ${lost.length} lost`
})
