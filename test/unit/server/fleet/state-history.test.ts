import { expect, test } from 'vitest'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'
import { AgentDirectory } from '../../../../server/src/fleet/agent-directory.ts'
import type { AgentNews } from '../../../../server/src/fleet/agent-state.ts'

const definition = { id: 'a', uri: 'poll://a/', thumbprint: 'A'.repeat(40) }
const reached: AgentNews = { type: 'reached', how: 'polls this gateway' }
const left: AgentNews = { type: 'left', why: 'its last connection ended', graceMs: 5_000 }

function create() {
  let now = 1_000
  const directory = new AgentDirectory(() => now)
  directory.add(definition)
  return {
    directory,
    report: (news: AgentNews, atMs: number) => {
      now = atMs
      directory.report('a', news)
    },
    told: (atMs = now) => {
      now = atMs
      return directory.states('a').map(({ at, sinceMs, reason }) => `${at} ${sinceMs} ${reason}`)
    },
  }
}

test('the states of an agent are remembered with their beginning and their last reason, the present one first', () => {
  const { report, told } = create()
  expect(told()).toEqual(['offline 1000 has not connected yet'])
  report(reached, 2_000)
  report({ type: 'noticed', what: 'two machines poll as it' }, 3_000)
  report({ type: 'refused', why: 'its certificate was revoked' }, 4_000)
  expect(told()).toEqual(['untrusted 4000 its certificate was revoked', 'connected 2000 two machines poll as it'])
})

test('what time alone makes of an agent stands between what was before and what came after, whether anybody looked or not', () => {
  const { report, told } = create()
  report(reached, 2_000)
  report(left, 10_000)
  expect(told(14_999)).toEqual(['suspect 10000 its last connection ended', 'connected 2000 polls this gateway'])
  const past = ['suspect 10000 its last connection ended', 'connected 2000 polls this gateway']
  expect(told(15_000)).toEqual(['offline 15000 it has no connection to this gateway', ...past])
  report(reached, 60_000)
  expect(told()).toEqual(['connected 60000 polls this gateway', 'offline 15000 it has no connection to this gateway', ...past])
})

test('an agent that comes and goes all the time is remembered for so many states, and one that was removed not at all', () => {
  const { directory, report, told } = create()
  for (let i = 1; i <= 50; i++) report(i % 2 === 1 ? reached : { type: 'gone', why: `gone ${i}` }, i * 1_000)
  expect(told()).toHaveLength(gatewayLimits.agentStates)
  expect(told().slice(0, 3)).toEqual(['offline 50000 gone 50', 'connected 49000 polls this gateway', 'offline 48000 gone 48'])
  directory.remove('a')
  expect(() => directory.states('a')).toThrow('there is no agent a')
  directory.add(definition)
  expect(told()).toEqual(['offline 50000 has not connected yet'])
})
