import { GatewayError } from '@halibut-gateway/client'
import { expect, test } from 'vitest'
import { everyCall, filterCalls } from '../../../../server/inspector/src/values/call-filter.ts'
import type { MadeCall } from '../../../../server/inspector/src/values/made-call.ts'

const call = (number: number, change: Partial<MadeCall>): MadeCall => ({
  number,
  agent: 'web-1',
  service: 'IEcho',
  signature: 'SayHello(string)',
  shownArgs: ['Ada'],
  startedAt: number,
  key: `${number}`,
  outcome: { at: 'running' },
  ...change,
})
const answered = (value: unknown): MadeCall['outcome'] => ({
  at: 'answered',
  result: { value, signature: '', activityId: '', durationMs: 1 },
  elapsedMs: 1,
})
const calls = [
  call(4, { agent: 'web-2', outcome: answered('Hello Ada') }),
  call(3, {
    signature: 'Divide(int64,int64)',
    shownArgs: ['1', '0'],
    outcome: { at: 'failed', error: new GatewayError('remote_error', 'by zero'), elapsedMs: 1 },
  }),
  call(2, { hidesResult: true, outcome: answered('sesame') }),
  call(1, {}),
]
const found = (change: Partial<typeof everyCall>) => filterCalls(calls, { ...everyCall, ...change }).map(({ number }) => number)

test('the history is searched by where a call went, its arguments and what came of it, and narrowed by agent, method and outcome', () => {
  expect(found({})).toEqual([4, 3, 2, 1])
  expect(found({ search: 'hello ada' })).toEqual([4, 2, 1])
  expect(found({ search: 'ZERO remote_error' })).toEqual([3])
  expect(found({ agent: 'web-2' })).toEqual([4])
  expect(found({ method: 'SayHello', outcome: 'answered' })).toEqual([4, 2])
  expect(found({ method: 'Divide', agent: 'web-2' })).toEqual([])
  // What is secret is found by nobody.
  expect(found({ search: 'sesame' })).toEqual([])
})
