import type { AgentSnapshot } from '@halibut-gateway/schemas'
import { effect, signal } from '@preact/signals'
import { expect, test } from 'vitest'
import { type ListView, wholeList } from '../../../../server/inspector/src/address/route.ts'
import { createAgentTable } from '../../../../server/inspector/src/state/agent-table.ts'

function agent(id: string, change: Partial<AgentSnapshot> = {}): AgentSnapshot {
  return {
    id,
    name: id,
    mode: 'polling',
    uri: `poll://${id}/`,
    thumbprint: 'A'.repeat(40),
    state: 'connected',
    since: '2030-01-01T00:00:00.000Z',
    reason: 'polls this gateway',
    connections: 1,
    services: [],
    tags: [],
    version: '1',
    readOnly: false,
    ...change,
  }
}

/** Agents that change as a watch changes them: the map stays, and a version advances. */
function createWorld(...first: AgentSnapshot[]) {
  const byId = new Map(first.map(each => [each.id, each]))
  const version = signal(0)
  const view = signal<ListView>(wholeList)
  const all = (): ReadonlyMap<string, AgentSnapshot> => {
    void version.value
    return byId
  }
  const table = createAgentTable({ version, known: signal(true), problem: signal(undefined), all, get: id => all().get(id) }, view)
  // Somebody looks at it.
  effect(() => void table.rows.value)
  return {
    table,
    show: (change: Partial<ListView>) => {
      view.value = { ...view.value, ...change }
    },
    put: (...agents: AgentSnapshot[]) => {
      for (const each of agents) byId.set(each.id, each)
      version.value++
    },
    remove: (id: string) => {
      byId.delete(id)
      version.value++
    },
    ids: () => table.rows.value.map(({ id }) => id).join(' '),
  }
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

test('while somebody points at the list nothing in it changes its place, and what is new comes at the end', () => {
  const it = createWorld(agent('a'), agent('b'), agent('c'))
  it.show({ sort: 'state' })
  expect(it.ids()).toBe('a b c')
  it.table.held.value = true
  it.put(agent('c', { state: 'offline' }), agent('0', { state: 'untrusted' }))
  expect(it.ids()).toBe('a b c 0')
  expect(it.table.rows.value[2]?.state).toBe('offline')
  it.remove('a')
  expect(it.ids()).toBe('b c 0')
  it.table.held.value = false
  expect(it.ids()).toBe('0 c b')
})

test('an agent that no longer fits stays while somebody points at the list, and another view begins anew', () => {
  const it = createWorld(agent('a'), agent('b'))
  it.show({ states: ['connected'] })
  it.table.held.value = true
  it.put(agent('a', { state: 'offline' }))
  expect(it.ids()).toBe('a b')
  it.show({ states: ['offline'] })
  expect(it.ids()).toBe('a')
})
