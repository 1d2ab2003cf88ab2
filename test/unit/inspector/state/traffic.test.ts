import type { CallSnapshot } from '@halibut-gateway/schemas'
import { expect, test } from 'vitest'
import { TrafficCount } from '../../../../server/inspector/src/state/traffic.ts'

const call = (activityId: string, change: Partial<CallSnapshot> = {}): CallSnapshot => ({
  activityId,
  agent: 'web-1',
  service: 'IEcho',
  method: 'Say(string)',
  principal: 'start',
  since: '',
  state: 'queued',
  ...change,
})

test('calls are counted while they wait and run, and in the second in which they end', () => {
  const count = new TrafficCount()
  count.take({ type: 'snapshot', calls: [call('a'), call('b', { state: 'running' })] }, 10)
  count.take({ type: 'started', call: call('c') }, 10)
  expect(count.at(10)).toMatchObject({ waiting: 2, running: 1, ended: 0 })
  count.take({ type: 'changed', call: call('c', { state: 'running' }) }, 11)
  count.take({ type: 'finished', call: call('c', { state: 'answered', durationMs: 7, queuedMs: 3 }) }, 11)
  const error = { kind: 'connect_refused', delivery: 'not_sent' } as const
  count.take({ type: 'finished', call: call('b', { state: 'failed', durationMs: 9, error }) }, 12)
  const now = count.at(14)
  expect(now).toMatchObject({ waiting: 1, running: 0, ended: 2, errors: [['connect_refused', 1]], took: [9, 9, 9], waited: [3, 3, 3] })
  expect([now.perSecond.length, now.perSecond.slice(-5)]).toEqual([120, [0, 1, 1, 0, 0]])
  expect(count.at(500).perSecond.every(each => each === 0)).toBe(true)
})
