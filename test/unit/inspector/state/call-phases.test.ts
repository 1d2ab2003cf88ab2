import type { CallSnapshot } from '@halibut-gateway/schemas'
import { expect, test } from 'vitest'
import { matched } from '../../../../server/inspector/src/state/call-phases.ts'
import type { MadeCall } from '../../../../server/inspector/src/values/made-call.ts'

const made = (number: number, change: Partial<MadeCall> = {}): MadeCall => ({
  number,
  agent: 'web-1',
  service: 'IEcho',
  signature: 'Say(string)',
  shownArgs: [],
  startedAt: 0,
  key: '',
  outcome: { at: 'running' },
  ...change,
})

const open = (activityId: string, since: string, change: Partial<CallSnapshot> = {}): CallSnapshot => ({
  activityId,
  agent: 'web-1',
  service: 'IEcho',
  method: 'Say(string)',
  principal: 'start',
  since,
  state: 'queued',
  ...change,
})

test('calls of this tab are found among those of the gateway by their keys', () => {
  const calls = [
    made(3, { key: 'c' }),
    made(2, { key: 'b', outcome: { at: 'failed', error: new Error() as never, elapsedMs: 1 } }),
    made(1, { key: 'a' }),
  ]
  const found = matched(calls, [
    open('one', '1', { idempotencyKey: 'a' }),
    open('two', '2', { idempotencyKey: 'b' }),
    open('other', '3', { idempotencyKey: 'd', state: 'running' }),
    open('unnamed', '4'),
  ])
  expect([...found].map(([number, { activityId }]) => [number, activityId])).toEqual([[1, 'one']])
})
