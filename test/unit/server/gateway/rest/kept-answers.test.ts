import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { expect, test, vi } from 'vitest'
import { HalibutError } from '../../../../../server/src/base/errors.ts'
import { gatewayLimits } from '../../../../../server/src/base/limits.ts'
import { KeptAnswers } from '../../../../../server/src/gateway/rest/kept-answers.ts'
import { toRpcError } from '../../../../../server/src/rpc/error-map.ts'
import type { Ran } from '../../../../../server/src/rpc/run.ts'

const request = { owner: 'p', key: 'k', fingerprint: 'f' }

test('an answer is known for outcomeMs from its end, and then the request runs anew', async () => {
  let now = 0
  const kept = new KeptAnswers(() => now)
  const run = vi.fn(async () => ({ result: { now } }))
  await kept.run(request, run)
  now = facadeLimits.outcomeMs - 1
  expect(await kept.run(request, run)).toEqual({ result: { now: 0 } })
  now++
  expect(await kept.run(request, run)).toEqual({ result: { now } })
  expect(run).toHaveBeenCalledTimes(2)
})

test('of an answer that is too long it is known that it was given', async () => {
  const kept = new KeptAnswers()
  const long = { result: 'x'.repeat(gatewayLimits.httpAnswerChars) }
  expect(await kept.run(request, async () => long)).toBe(long)
  expect(await kept.run(request, async () => long)).toMatchObject({ error: { data: { kind: 'outcome_unknown', delivery: 'executed' } } })
})

test('one alone leaves room for others, is told why no more are remembered, and finds room when one is forgotten', async () => {
  let now = 0
  const kept = new KeptAnswers(() => now)
  const run = async () => ({ result: {} })
  const half = gatewayLimits.httpAnswers / 2
  for (let i = 0; i < half; i++) expect(await kept.run({ ...request, key: String(i) }, run)).toEqual({ result: {} })
  expect(await kept.run(request, run)).toMatchObject({
    error: { message: expect.stringContaining(`the answers to ${half} requests of yours`), data: { kind: 'too_many_calls' } },
  })
  for (let i = 0; i < 100; i++) expect(await kept.run({ ...request, owner: 'other', key: String(i) }, run)).toEqual({ result: {} })
  // One that failed is not remembered, and takes no room.
  const failed = refusedRun()
  for (let i = 0; i < half; i++) await kept.run({ ...request, owner: 'third', key: String(i) }, failed)
  expect(await kept.run({ ...request, owner: 'third' }, run)).toEqual({ result: {} })
  now = facadeLimits.outcomeMs
  expect(await kept.run(request, run)).toEqual({ result: {} })
})

function refusedRun(): () => Promise<Ran> {
  const error = toRpcError(new HalibutError('not_found', 'there is none'), undefined)
  return async () => ({ error })
}
