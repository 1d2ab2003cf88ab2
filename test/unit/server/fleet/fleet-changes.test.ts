import { expect, test } from 'vitest'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'
import { AgentDirectory } from '../../../../server/src/fleet/agent-directory.ts'
import { FleetChanges } from '../../../../server/src/fleet/fleet-changes.ts'

const thumbprint = 'A'.repeat(40)

function create() {
  let nowMs = 0
  const directory = new AgentDirectory(() => nowMs)
  directory.add({ id: 'old', uri: 'poll://old/', thumbprint })
  const changes = new FleetChanges(directory, () => ++nowMs)
  const all = () =>
    Array.from({ length: changes.total - changes.first }, (_, i) => {
      const { definition, from, to, reason } = changes.get(changes.first + i) ?? {}
      return [definition?.id, from, to, reason]
    })
  return { directory, changes, all }
}

test('an agent that comes, enters another state or goes is a change, and one that stays in its state is none', () => {
  const { directory, changes, all } = create()
  directory.add({ id: 'a', uri: 'poll://a/', thumbprint })
  directory.report('a', { type: 'reached', how: 'polls' }, { connections: 1 })
  directory.report('a', { type: 'reached', how: 'polls' }, { connections: 2 })
  directory.update({ id: 'a', uri: 'poll://a/', thumbprint, tags: ['t'] })
  expect(changes.counts).toEqual({ connected: 1, suspect: 0, offline: 1, untrusted: 0, disabled: 0 })
  directory.remove('a')
  expect(all()).toEqual([
    ['a', undefined, 'offline', 'has not connected yet'],
    ['a', 'offline', 'connected', 'polls'],
    ['a', 'connected', undefined, undefined],
  ])
  // As it was last: rules go by tags.
  expect(changes.get(2)?.definition.tags).toEqual(['t'])
  expect(changes.counts).toEqual({ connected: 0, suspect: 0, offline: 1, untrusted: 0, disabled: 0 })
})

test('the newest changes are remembered, so many of all agents together', () => {
  const { directory, changes, all } = create()
  for (let i = 0; i < gatewayLimits.rememberedChanges + 5; i++) {
    directory.report('old', i % 2 === 0 ? { type: 'reached', how: `${i}` } : { type: 'gone', why: `${i}` })
  }
  expect([changes.first, changes.total]).toEqual([5, gatewayLimits.rememberedChanges + 5])
  expect(all()[0]).toEqual(['old', 'connected', 'offline', '5'])
  expect(changes.get(4)).toBeUndefined()
})

test('who listens hears of each with the agent, and nothing is heard after the end', () => {
  const { directory, changes } = create()
  const heard: unknown[] = []
  changes.onChange(({ to }, agent) => heard.push([to, agent?.state.at]))
  directory.report('old', { type: 'reached', how: 'polls' })
  directory.remove('old')
  changes.close()
  directory.add({ id: 'b', uri: 'poll://b/', thumbprint })
  expect(heard).toEqual([
    ['connected', 'connected'],
    [undefined, undefined],
  ])
})
