import { expect, test } from 'vitest'
import { AgentDirectory } from '../../../../server/src/fleet/agent-directory.ts'
import { CallRegistry, type OpenCall } from '../../../../server/src/rpc/call-registry.ts'
import { CallWaits } from '../../../../server/src/rpc/call-waits.ts'
import { nobodyWaits, type WaitingCalls } from '../../../../server/src/runtime/waiting-calls.ts'

/** An agent of this kind, whose line is as it is said. */
function create(uri: string, line: Partial<WaitingCalls>) {
  const directory = new AgentDirectory(() => 0)
  directory.add({ id: 'a', uri, thumbprint: 'A'.repeat(40) })
  const registry = new CallRegistry()
  const begin = (activityId: string, principal = 'p', runs = false): OpenCall => {
    const subject = { activityId, agent: 'a', service: 'S', method: activityId, principal }
    const call = registry.begin(subject, performance.now(), { mode: 'polling', isByContract: true })
    if (runs) call.sent()
    return call
  }
  const waits = () => new CallWaits(registry, directory, { waiting: () => ({ ...nobodyWaits, ...line }) })
  return { directory, begin, waits }
}

const all = (): boolean => true

test('a call tells its place, what runs, what is ahead of it and whose, and which limit holds it', () => {
  const { directory, begin, waits } = create('poll://a/', { calls: ['first', 'mine', 'later'], busy: 2 })
  directory.report('a', { type: 'reached', how: 'it polls' }, { connections: 2 })
  begin('one', 'other', true)
  begin('two', 'p', true)
  begin('first', 'other')
  const mine = begin('mine')
  begin('later')
  expect(waits().of(mine, all)).toMatchObject({
    reason: 'all 2 connections of the agent are busy',
    place: 2,
    running: 2,
    limit: { name: 'connections of the agent', value: 2 },
    ahead: [
      { activityId: 'one', principal: 'other', state: 'running' },
      { activityId: 'two', state: 'running' },
      { activityId: 'first', principal: 'other', state: 'queued', service: 'S' },
    ],
    hidden: 0,
  })
})

test('what its caller may not see is counted and not told', () => {
  const { begin, waits } = create('poll://a/', { calls: ['first', 'stranger', 'mine'], busy: 1 })
  begin('one', 'other', true)
  begin('first', 'other')
  const mine = begin('mine')
  expect(waits().of(mine, ({ subject }) => subject.principal === 'p')).toMatchObject({
    reason: 'the only connection of the agent is busy',
    place: 3,
    running: 1,
    ahead: [],
    hidden: 3,
  })
})

test('of many that are ahead the first ten are told', () => {
  const ids = Array.from({ length: 30 }, (_, i) => `call ${i}`)
  const { begin, waits } = create('poll://a/', { calls: [...ids, 'mine'], busy: 1 })
  for (const id of ids) begin(id)
  expect(waits().of(begin('mine'), all)).toMatchObject({ ahead: ids.slice(0, 10).map(activityId => ({ activityId })), hidden: 20 })
})

test.each([
  ['poll://a/', {}, 'no connection of the agent is there; the agent is offline since 1970-01-01T00:00:00.000Z: has not connected yet'],
  ['poll://a/', { idle: 1 }, 'the agent’s connection shows another certificate than the pinned one; the agent is offline since'],
  ['https://a:1/', { busy: 8, limit: 8 }, 'all 8 connections to the agent are in use'],
] as const)('a call to %s whose line is %j says why it waits', (uri, line, reason) => {
  const { begin, waits } = create(uri, { ...line, calls: ['mine'] })
  expect(waits().of(begin('mine'), all)?.reason).toContain(reason)
})

test('one that is in no line waits for a connection to be opened, one that runs for nothing, and one whose agent is gone says nothing', () => {
  const { directory, begin, waits } = create('https://a:1/', {})
  const mine = begin('mine')
  const wait = waits().of(mine, all)
  expect(wait).toMatchObject({ reason: expect.stringContaining('a connection to the agent is being opened; the agent is offline since') })
  expect(wait).not.toHaveProperty('place')
  expect(waits().of(begin('runs', 'p', true), all)).toBeUndefined()
  directory.remove('a')
  expect(waits().of(mine, all)).toBeUndefined()
})
