import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'
import { RecentCalls } from '../../../../server/src/rpc/recent-calls.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'Date'] }))
afterEach(() => void vi.useRealTimers())

const subject = (agent: string, n = 0) => ({ activityId: `${agent} ${n}`, agent, service: 'S', method: 'M()', principal: 'p' })
const failed = new HalibutError('connect_refused', 'nothing listens at https://a:1/', { phase: 'connect' })
const idsOf = (calls: readonly { readonly subject: { readonly activityId: string } }[]): string[] =>
  calls.map(each => each.subject.activityId)

test('the last calls of an agent are remembered, the newest first, and those that failed for longer', () => {
  const recent = new RecentCalls()
  for (let n = 0; n < 3; n++) recent.add(subject('a', n), 5, 1, n === 1 ? failed : undefined)
  expect(idsOf(recent.of('a').calls)).toEqual(['a 2', 'a 1', 'a 0'])
  for (let n = 3; n < 3 + gatewayLimits.recentCalls; n++) recent.add(subject('a', n), 5, 1, undefined)
  const { calls, failures } = recent.of('a')
  expect(calls).toHaveLength(gatewayLimits.recentCalls)
  expect([calls[0]?.subject.activityId, calls.at(-1)?.subject.activityId]).toEqual([`a ${2 + gatewayLimits.recentCalls}`, 'a 3'])
  expect(failures).toMatchObject([
    {
      subject: { activityId: 'a 1' },
      queuedMs: 1,
      durationMs: 5,
      fault: { kind: 'connect_refused', phase: 'connect', delivery: 'not_sent', message: failed.message, advice: failed.advice },
    },
  ])
})

test('of an error only what is told stays, cut where it is long, and not what hangs on it', () => {
  const recent = new RecentCalls()
  const cause = new Error('with all that hangs on it')
  recent.add(
    subject('a'),
    1,
    0,
    new HalibutError('service_failed', 'x'.repeat(5_000), {
      cause,
      delivery: 'executed',
      remote: { message: 'm', type: 'T', details: 'at X()' },
    }),
  )
  const fault = recent.of('a').failures[0]?.fault
  expect(fault).toEqual({
    kind: 'service_failed',
    delivery: 'executed',
    message: `${'x'.repeat(2_000)}…`,
    advice: expect.any(String),
    remoteType: 'T',
    isPrivate: true,
  })
})

test('what is cut of very long texts does not hold all of them', () => {
  setFlagsFromString('--expose_gc')
  const collect = runInNewContext('gc') as () => void
  const recent = new RecentCalls()
  const long = (n: number): string => Buffer.alloc(2_000_000, `${n} `).toString('latin1')
  const heap = (): number => {
    collect()
    return process.memoryUsage().heapUsed
  }
  const before = heap()
  for (let n = 0; n < 2 * gatewayLimits.recentFailures; n++) {
    recent.add(subject('a', n), 1, 0, new HalibutError('remote_error', long(n), { remote: { message: 'm', type: long(n) } }))
  }
  expect(heap() - before).toBeLessThan(5_000_000)
  expect(recent.of('a').failures[0]?.fault?.remoteType).toHaveLength(2_001)
})

test('of more agents than are remembered one goes that was not called for long, and not one that is called all the time', () => {
  const recent = new RecentCalls()
  recent.add(subject('busy'), 1, 0, undefined)
  recent.add(subject('quiet'), 1, 0, undefined)
  for (let n = 0; n < 2 * gatewayLimits.recentCallAgents; n++) {
    recent.add(subject('busy', n), 1, 0, undefined)
    recent.add(subject(`other-${n}`), 1, 0, undefined)
  }
  const known = ['busy', 'quiet', ...Array.from({ length: 2 * gatewayLimits.recentCallAgents }, (_, n) => `other-${n}`)].filter(
    agent => recent.of(agent).calls.length > 0,
  )
  expect(known).toHaveLength(gatewayLimits.recentCallAgents)
  expect(known).toContain('busy')
  expect(known).not.toContain('quiet')
  recent.forget('busy')
  expect(recent.of('busy')).toEqual({ calls: [], failures: [] })
})
