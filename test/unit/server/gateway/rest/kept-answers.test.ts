import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { expect, test, vi } from 'vitest'
import { gatewayLimits } from '../../../../../server/src/base/limits.ts'
import { KeptAnswers } from '../../../../../server/src/gateway/rest/kept-answers.ts'

const request = { principal: 'p', key: 'k', fingerprint: 'f' }

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

test('one answer more than are remembered is refused, and finds room when one is forgotten', async () => {
  let now = 0
  const kept = new KeptAnswers(() => now)
  const run = async () => ({ result: {} })
  for (let i = 0; i < gatewayLimits.httpAnswers; i++) await kept.run({ ...request, key: String(i) }, run)
  expect(await kept.run(request, run)).toMatchObject({ error: { data: { kind: 'too_many_calls' } } })
  now = facadeLimits.outcomeMs
  expect(await kept.run(request, run)).toEqual({ result: {} })
})
