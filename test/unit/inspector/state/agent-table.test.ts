import type { AgentSnapshot, AgentUse } from '@halibut-gateway/schemas'
import { effect, signal } from '@preact/signals'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { agentStates, groupings, type ListView, sortKeys, wholeList } from '../../../../server/inspector/src/address/route.ts'
import { createAgentTable, type TableRow } from '../../../../server/inspector/src/state/agent-table.ts'
import { createJournal } from '../../../../server/inspector/src/state/journal.ts'
import { agentSnapshot as agent } from '../../../support/agent-snapshot.ts'

/** Agents that change as a watch changes them: the map stays, and a journal says which. */
function createWorld(...first: AgentSnapshot[]) {
  const byId = new Map(first.map(each => [each.id, each]))
  const journal = createJournal(tell => tell())
  const useJournal = createJournal(tell => tell())
  const use = new Map<string, AgentUse>()
  const view = signal<ListView>(wholeList)
  const all = (): ReadonlyMap<string, AgentSnapshot> => {
    void journal.version.value
    return byId
  }
  const table = createAgentTable({ journal, all }, view, {
    journal: useJournal,
    of: id => {
      void useJournal.version.value
      return use.get(id)
    },
  })
  // Somebody looks at it.
  effect(() => void table.rows.value)
  return {
    table,
    show: (change: Partial<ListView>) => {
      view.value = { ...view.value, ...change }
    },
    put: (...agents: AgentSnapshot[]) => {
      for (const each of agents) byId.set(each.id, each)
      journal.note(agents.map(({ id }) => id))
    },
    remove: (id: string) => {
      byId.delete(id)
      journal.note([id])
    },
    call: (id: string, change: Partial<AgentUse>) => {
      use.set(id, { agent: id, queued: 0, running: 0, ...change })
      useJournal.note([id])
    },
    ids: () => table.rows.value.map(named).join(' '),
    all: () => [...byId.values()],
    use: (id: string) => use.get(id) ?? {},
  }
}

function named(row: TableRow): string {
  if (row.type === 'group') return `[${row.group} ${row.count}]`
  return row.isGone ? `(${row.agent.id})` : row.agent.id
}

test('agents stand by name, in which numbers count as such, and what comes finds its place', () => {
  const it = createWorld(agent('web-10'), agent('web-9'), agent('Web-1'))
  expect(it.ids()).toBe('Web-1 web-9 web-10')
  it.put(agent('web-2'))
  expect(it.ids()).toBe('Web-1 web-2 web-9 web-10')
  it.remove('web-9')
  it.show({ descending: true })
  expect(it.ids()).toBe('web-10 web-2 Web-1')
})

test('each word of a search is found anywhere in an agent, with the states and the tag that are wanted', () => {
  const it = createWorld(
    agent('a', { tags: ['role=web'], state: 'offline', reason: 'connection refused' }),
    agent('b', { tags: ['role=web'] }),
    agent('c', { thumbprint: 'DEAD'.repeat(10) }),
  )
  const shown = (change: Partial<ListView>): string => {
    it.show({ ...wholeList, ...change })
    return it.ids()
  }
  expect(shown({ search: 'poll:// /b/' })).toBe('b')
  expect(shown({ search: 'deadDEAD' })).toBe('c')
  expect(shown({ search: 'refused' })).toBe('a')
  expect(shown({ states: ['offline', 'untrusted'] })).toBe('a')
  expect(shown({ tag: 'role=web', states: ['connected'] })).toBe('b')
  expect(shown({ search: 'nothing' })).toBe('')
  expect([it.table.counts.value.offline, it.table.counts.value.connected, it.table.tags.value]).toEqual([1, 2, ['role=web']])
})

test('the last change, the last call and the calls that wait put agents in order, each as it is now', () => {
  const it = createWorld(agent('a'), agent('b', { since: '2030-01-02T00:00:00.000Z' }), agent('c'))
  it.show({ sort: 'since' })
  expect(it.ids()).toBe('b a c')
  it.show({ sort: 'called' })
  it.call('c', { lastCall: '2030-01-01T00:00:00.000Z', running: 2 })
  expect(it.ids()).toBe('c a b')
  it.call('b', { lastCall: '2030-01-01T00:00:01.000Z', queued: 1 })
  expect(it.ids()).toBe('b c a')
  it.show({ sort: 'waiting' })
  expect(it.ids()).toBe('b c a')
  it.call('a', { queued: 3 })
  expect(it.ids()).toBe('a b c')
})

test('agents stand in groups by state, or by tag, there once for each of their tags, and a closed group shows none', () => {
  const it = createWorld(agent('a', { tags: ['x', 'y'] }), agent('b', { state: 'offline' }), agent('c', { tags: ['y'] }))
  it.show({ group: 'state' })
  expect(it.ids()).toBe('[offline 1] b [connected 2] a c')
  it.put(agent('a', { tags: ['x', 'y'], state: 'offline' }))
  expect(it.ids()).toBe('[offline 2] a b [connected 1] c')
  it.show({ group: 'tag' })
  expect(it.ids()).toBe('[x 1] a [y 2] a c [- 1] b')
  expect(it.table.count.value).toBe(3)
  it.put(agent('a', { tags: ['x'] }))
  it.show({ closed: ['y'] })
  expect(it.ids()).toBe('[x 1] a [y 1] [- 1] b')
  expect(it.table.shown().map(({ id }) => id)).toEqual(['a', 'c', 'b'])
})

test('while somebody is in the list nothing in it changes its place, what is new waits and is counted, and what is removed stays', () => {
  const it = createWorld(agent('a'), agent('b'), agent('c'))
  it.show({ sort: 'state' })
  expect(it.ids()).toBe('a b c')
  it.table.isHeld.value = true
  it.put(agent('c', { state: 'offline' }), agent('0', { state: 'untrusted' }))
  expect(it.ids()).toBe('a b c')
  expect(it.table.rows.value[2]).toMatchObject({ agent: { state: 'offline' } })
  expect(it.table.held.value).toEqual({ came: 1, left: 0, moved: 1 })
  it.remove('a')
  expect(it.ids()).toBe('(a) b c')
  expect(it.table.held.value).toEqual({ came: 1, left: 1, moved: 1 })
  expect(it.table.shown().map(({ id }) => id)).toEqual(['b', 'c'])
  it.table.isHeld.value = false
  expect(it.ids()).toBe('0 c b')
  expect(it.table.held.value).toEqual({ came: 0, left: 0, moved: 0 })
})

test('what waits is shown when somebody asks for it, and from then on the list keeps still again', () => {
  const it = createWorld(agent('b'), agent('c'))
  it.table.isHeld.value = true
  it.put(agent('a'))
  expect(it.ids()).toBe('b c')
  it.table.refresh()
  expect([it.ids(), it.table.held.value.came]).toEqual(['a b c', 0])
  it.put(agent('0'))
  expect([it.ids(), it.table.held.value.came]).toEqual(['a b c', 1])
})

test('an agent that no longer fits stays while somebody is in the list, and another view begins anew', () => {
  const it = createWorld(agent('a'), agent('b'))
  it.show({ states: ['connected'] })
  it.table.isHeld.value = true
  it.put(agent('a', { state: 'offline' }))
  expect([it.ids(), it.table.held.value.left]).toEqual(['a b', 1])
  it.show({ states: ['offline'] })
  expect(it.ids()).toBe('a')
})

test('whatever changes and is held meanwhile, the list ends up as one that was made anew', () => {
  const id = fc.constantFrom('a', 'b', 'c', 'd-1', 'd-10', 'd-9')
  const change = fc.record({
    state: fc.constantFrom(...agentStates),
    since: fc.constantFrom('2030-01-01T00:00:00.000Z', '2030-01-02T00:00:00.000Z'),
    tags: fc.subarray(['x', 'y']),
    name: fc.constantFrom('one', 'two', 'Three'),
  })
  const step = fc.oneof(
    fc.tuple(id, change).map(
      ([who, what]) =>
        (it: ReturnType<typeof createWorld>) =>
          it.put(agent(who, what)),
    ),
    id.map(who => (it: ReturnType<typeof createWorld>) => it.remove(who)),
    fc.tuple(id, fc.nat(3)).map(
      ([who, queued]) =>
        (it: ReturnType<typeof createWorld>) =>
          it.call(who, { queued }),
    ),
    fc.boolean().map(isHeld => (it: ReturnType<typeof createWorld>) => {
      it.table.isHeld.value = isHeld
    }),
    fc.constant((it: ReturnType<typeof createWorld>) => it.table.refresh()),
  )
  const view = fc.record({
    sort: fc.constantFrom(...sortKeys),
    descending: fc.boolean(),
    group: fc.constantFrom('' as const, ...groupings),
    states: fc.subarray([...agentStates]),
  })
  fc.assert(
    fc.property(view, fc.array(step, { maxLength: 30 }), (shown, steps) => {
      const it = createWorld()
      it.show(shown)
      for (const each of steps) each(it)
      it.table.isHeld.value = false
      const anew = createWorld(...it.all())
      for (const row of it.all()) anew.call(row.id, it.use(row.id))
      anew.show(shown)
      expect(it.ids()).toBe(anew.ids())
    }),
  )
})
