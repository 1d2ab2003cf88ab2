import { expect, test } from 'vitest'
import { withoutLongResults } from '../../../../server/inspector/src/values/long-results.ts'
import type { MadeCall } from '../../../../server/inspector/src/values/made-call.ts'

/** A call that was answered with this value. */
function answered(number: number, value: unknown): MadeCall {
  const result = { value, signature: 'M()', activityId: '', durationMs: 1 }
  return {
    number,
    agent: 'a',
    service: 'IService',
    signature: 'M()',
    args: [],
    shownArgs: [],
    startedAt: 0,
    key: `key ${number}`,
    outcome: { at: 'answered', result, elapsedMs: 1 },
  }
}

test('of results that no view shows whole the newest two are kept', () => {
  const long = 'x'.repeat(200_000)
  const running: MadeCall = { ...answered(7, 0), outcome: { at: 'running' } }
  let calls: readonly MadeCall[] = [
    running,
    answered(6, long),
    answered(5, 1),
    answered(4, [long]),
    answered(3, { long }),
    answered(2, 2),
    answered(1, long),
  ]
  calls = withoutLongResults(withoutLongResults(calls))
  expect(calls.map(({ outcome }) => (outcome.at === 'answered' ? [typeof outcome.result.value, outcome.dropped] : outcome.at))).toEqual([
    'running',
    ['string', undefined],
    ['number', undefined],
    ['object', undefined],
    ['undefined', 'long'],
    ['number', undefined],
    ['undefined', 'long'],
  ])
})
