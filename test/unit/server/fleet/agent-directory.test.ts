import { AgentSnapshotSchema } from '@halibut-gateway/schemas'
import { Value } from '@sinclair/typebox/value'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AgentDefinition, AgentDirectory, snapshotOf } from '../../../../server/src/fleet/agent-directory.ts'

const [own, other] = ['A1'.repeat(20), 'B2'.repeat(20)]

/** A directory whose clock goes on by a second at each look. */
function create() {
  let now = 0
  const directory = new AgentDirectory(() => {
    now += 1_000
    return now
  })
  const told: string[] = []
  directory.onChange(id => told.push(id))
  return { directory, told }
}

test('an agent that was never seen says so, since it is known', () => {
  const { directory } = create()
  directory.add({ id: 'l', uri: 'https://10.0.0.1:1/', thumbprint: own })
  directory.add({ id: 'p', uri: 'poll://p/', thumbprint: own, name: 'P', services: ['IOne'] })
  expect(directory.ids().map(id => snapshotOf(directory.require(id)))).toMatchObject([
    { id: 'l', mode: 'listening', state: 'offline', reason: 'not probed yet', since: '1970-01-01T00:00:01.000Z' },
    { id: 'p', name: 'P', mode: 'polling', state: 'offline', reason: 'has not connected yet', since: '1970-01-01T00:00:02.000Z' },
  ])
  expect(snapshotOf(directory.require('l'))).not.toHaveProperty('probed')
})

test('what is told of an agent with another certificate than the pinned one is what the schema has, whatever else is known of that', () => {
  const { directory } = create()
  directory.add({ id: 'l', uri: 'https://10.0.0.1:1/', thumbprint: own })
  const presented = { thumbprint: other, thumbprint256: 'C3'.repeat(32), subject: 'CN=x', issuer: 'CN=x', expiresMs: 1 }
  directory.report('l', { type: 'refused', why: 'another certificate' }, { presented })
  const told = snapshotOf(directory.require('l'))
  expect(told.mismatch).toMatchObject({ thumbprint: other, count: 1 })
  expect([...Value.Errors(AgentSnapshotSchema, told)]).toEqual([])
})

test('an id and a subscription belong to one agent each', () => {
  const { directory, told } = create()
  directory.add({ id: 'one', uri: 'poll://one/', thumbprint: own })
  expect(() => directory.add({ id: 'one', uri: 'poll://two/', thumbprint: own })).toThrow('exists already')
  expect(() => directory.add({ id: 'two', uri: 'poll://ONE/', thumbprint: own })).toThrow('belongs to the agent one')
  expect([directory.ids(), told]).toEqual([['one'], ['one']])
  directory.remove('one')
  directory.add({ id: 'two', uri: 'poll://one/', thumbprint: own })
  expect(directory.bySubscription('poll://one/')?.definition.id).toBe('two')
})

test('another name leaves an agent in its state; another place or certificate makes it one that was not seen yet', () => {
  const { directory } = create()
  directory.add({ id: 'a', uri: 'poll://a/', thumbprint: own })
  directory.report('a', { type: 'reached', how: 'it came' }, { connections: 2 })
  const { endpoint, state } = directory.require('a')
  const renamed = directory.update({ id: 'a', uri: 'poll://a/', thumbprint: own, name: 'new' })
  expect([renamed.endpoint === endpoint, renamed.state === state, renamed.connections, renamed.definition.name]).toEqual([
    true,
    true,
    2,
    'new',
  ])
  const moved = directory.update({ id: 'a', uri: 'poll://a/', thumbprint: other })
  expect([moved.state.at, moved.connections, moved.endpoint.thumbprint]).toEqual(['offline', 0, other])
})

test('an agent is disabled and enabled by its definition', () => {
  const { directory } = create()
  const definition = { id: 'a', uri: 'poll://a/', thumbprint: own }
  directory.add(definition)
  expect(directory.update({ ...definition, disabled: true }).state).toMatchObject({ at: 'disabled', reason: 'disabled' })
  directory.report('a', { type: 'reached', how: 'it came' })
  expect(directory.require('a').state.at).toBe('disabled')
  expect(directory.update(definition).state).toMatchObject({ at: 'offline', reason: 'enabled; not seen yet' })
})

test('an update that cannot be made changes nothing', () => {
  const { directory, told } = create()
  directory.add({ id: 'a', uri: 'poll://a/', thumbprint: own })
  directory.add({ id: 'b', uri: 'poll://b/', thumbprint: own })
  expect(() => directory.update({ id: 'a', uri: 'poll://b/', thumbprint: own })).toThrow('belongs to the agent b')
  expect(() => directory.update({ id: 'c', uri: 'poll://c/', thumbprint: own })).toThrow('there is no agent c')
  expect([directory.bySubscription('poll://a/')?.definition.id, directory.bySubscription('poll://b/')?.definition.id]).toEqual(['a', 'b'])
  expect(told).toEqual(['a', 'b'])
})

test('who has a subscription is found as in a search of all, whatever was added, changed and removed', () => {
  const definition = fc.record({
    id: fc.constantFrom('a', 'b', 'c'),
    uri: fc.constantFrom('poll://one/', 'poll://two/', 'poll://three/', 'https://10.0.0.1:1/'),
    thumbprint: fc.constantFrom(own, other),
  })
  const step = fc.record({ what: fc.constantFrom('add', 'update', 'remove'), definition })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), steps => {
      const { directory } = create()
      const model = new Map<string, AgentDefinition>()
      for (const { what, definition } of steps) {
        const owner = [...model.values()].find(({ uri }) => uri === definition.uri && uri.startsWith('poll:'))
        const isFree = owner === undefined || owner.id === definition.id
        if (what === 'remove') {
          directory.remove(definition.id)
          model.delete(definition.id)
        } else if (isFree && model.has(definition.id) === (what === 'update')) {
          directory[what as 'add' | 'update'](definition)
          model.set(definition.id, definition)
        } else expect(() => directory[what as 'add' | 'update'](definition)).toThrow()
        for (const uri of ['poll://one/', 'poll://two/', 'poll://three/']) {
          expect(directory.bySubscription(uri)?.definition).toEqual([...model.values()].find(each => each.uri === uri))
        }
      }
    }),
  )
})

test('news that change nothing are told to nobody, and news of an agent that is gone neither', () => {
  const { directory, told } = create()
  directory.add({ id: 'a', uri: 'poll://a/', thumbprint: own })
  directory.report('a', { type: 'reached', how: 'first' }, { connections: 1 })
  directory.report('a', { type: 'reached', how: 'second' }, { connections: 1 })
  directory.report('b', { type: 'reached', how: 'nobody' })
  expect(told).toEqual(['a', 'a'])
})
