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

test('calls of this tab are found among those of the gateway by where they go, the newest first, each once', () => {
  const calls = [
    made(4),
    made(3, { agent: 'web-2' }),
    made(2, { outcome: { at: 'failed', error: new Error() as never, elapsedMs: 1 } }),
    made(1),
  ]
  const found = matched(calls, [open('old', '1'), open('new', '2', { state: 'running' }), open('other', '3', { method: 'Sing(string)' })])
  expect([...found].map(([number, { activityId }]) => [number, activityId])).toEqual([
    [4, 'new'],
    [1, 'old'],
  ])
  expect(matched([made(1)], [open('named', '1', { method: 'Say' })]).get(1)?.activityId).toBe('named')
})
