import { type AgentEvent, AgentEventSchema } from '@halibut-gateway/schemas'
import { Value } from '@sinclair/typebox/value'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Access } from '../../../../server/src/access/access.ts'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'
import { AgentDirectory } from '../../../../server/src/fleet/agent-directory.ts'
import { AgentSight } from '../../../../server/src/rpc/agent-sight.ts'
import { changedAgents } from '../../../../server/src/rpc/changed-agents.ts'

const { watchItemChars, agentChangesMs } = gatewayLimits

const everything = new AgentSight(new Access(), { name: 'boss', role: 'admin' })

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function createDirectory(agents: number, name?: string): AgentDirectory {
  const directory = new AgentDirectory()
  for (let i = 0; i < agents; i++) add(directory, `a${i}`, name)
  return directory
}

function add(directory: AgentDirectory, id: string, name?: string): void {
  directory.add({ id, name, uri: `poll://${id}/`, thumbprint: 'A'.repeat(40) })
}

/** Every item that there is now. */
function read(changed: ReturnType<typeof changedAgents>): AgentEvent[] {
  const items: AgentEvent[] = []
  while (changed.ready) items.push(changed.next() as AgentEvent)
  for (const item of items) expect(Value.Check(AgentEventSchema, item)).toBe(true)
  return items
}

function idsOf(item: AgentEvent | undefined): string[] {
  return item?.type === 'removed' ? item.ids : (item?.agents ?? []).map(({ id }) => id)
}

test('everything is told first, in parts, of which all but the last say that more follows', () => {
  const directory = createDirectory(360)
  const changed = changedAgents(directory, everything, agentChangesMs)
  const items = read(changed)
  expect(items.map(item => [item.type, item.type !== 'removed' && item.more])).toEqual([
    ['snapshot', true],
    ['changed', true],
    ['changed', undefined],
  ])
  for (const item of items) expect(JSON.stringify(item).length).toBeLessThan(watchItemChars)
  expect(items.flatMap(idsOf)).toEqual(directory.ids())
  changed.close()
})

test('a directory without agents is told as such, once', () => {
  const changed = changedAgents(createDirectory(0), everything, agentChangesMs)
  expect(read(changed)).toEqual([{ type: 'snapshot', agents: [] }])
  changed.close()
})

test('no item is much longer than its limit, however long the names are', () => {
  const changed = changedAgents(createDirectory(50, 'x'.repeat(10_000)), everything, agentChangesMs)
  const lengths = read(changed).map(item => JSON.stringify(item).length)
  expect(lengths.length).toBeGreaterThan(5)
  expect(Math.max(...lengths)).toBeLessThan(watchItemChars + 11_000)
  changed.close()
})

test('what changes before it was told, or while nobody reads, is told once and as it is in the end', () => {
  const directory = createDirectory(3)
  const changed = changedAgents(directory, everything, agentChangesMs)
  directory.report('a2', { type: 'reached', how: 'early' })
  expect(read(changed)).toMatchObject([{ type: 'snapshot', agents: [{ id: 'a0' }, { id: 'a1' }, { id: 'a2', state: 'connected' }] }])
  for (let i = 0; i < 1_000; i++) {
    directory.report('a1', { type: 'gone', why: `reason ${i}` })
    directory.report('a0', { type: 'reached', how: `time ${i}` })
  }
  expect(changed.waiting).toBe(2)
  vi.advanceTimersByTime(agentChangesMs)
  expect(read(changed)).toMatchObject([
    {
      type: 'changed',
      agents: [
        { id: 'a1', state: 'offline', reason: 'reason 999' },
        { id: 'a0', state: 'connected' },
      ],
    },
  ])
  changed.close()
})

test('an agent that came and went while nobody read is told as gone, one that went and came as it is now', () => {
  const directory = createDirectory(3)
  const changed = changedAgents(directory, everything, agentChangesMs)
  read(changed)
  add(directory, 'new')
  directory.remove('new')
  directory.remove('a0')
  directory.remove('a1')
  add(directory, 'a1', 'again')
  vi.advanceTimersByTime(agentChangesMs)
  expect(read(changed)).toMatchObject([
    { type: 'removed', ids: ['new', 'a0'] },
    { type: 'changed', agents: [{ id: 'a1', name: 'again' }] },
  ])
  changed.close()
})

test('an agent that is removed before it was told is never told', () => {
  const directory = createDirectory(2)
  const changed = changedAgents(directory, everything, agentChangesMs)
  directory.remove('a0')
  expect(read(changed).flatMap(idsOf)).toEqual(['a1'])
  changed.close()
})

test('agents that go before a later part tells of them are never told, and the last part says that it is the last', () => {
  const directory = createDirectory(600)
  const changed = changedAgents(directory, everything, agentChangesMs)
  const told = idsOf(changed.next() as AgentEvent)
  for (const id of [...told.slice(0, 2), ...directory.ids().slice(280)]) directory.remove(id)
  const items = read(changed)
  expect(items.map(item => [item.type, item.type !== 'removed' && item.more])).toEqual([
    ['changed', undefined],
    ['removed', false],
  ])
  expect([...told, ...idsOf(items[0])].filter(id => directory.get(id))).toEqual(directory.ids())
  expect(idsOf(items[1])).toEqual(told.slice(0, 2))
  changed.close()
})

test('the first change after a quiet time is told at once, those that follow are gathered', () => {
  const directory = createDirectory(500)
  const changed = changedAgents(directory, everything, agentChangesMs)
  read(changed)
  const woken = vi.spyOn(changed.feed, 'wake')
  vi.advanceTimersByTime(agentChangesMs)
  expect(woken).not.toHaveBeenCalled()
  directory.report('a0', { type: 'reached', how: '' })
  expect(woken).toHaveBeenCalledTimes(1)
  expect(read(changed).flatMap(idsOf)).toEqual(['a0'])
  for (let i = 1; i < 500; i++) directory.report(`a${i}`, { type: 'reached', how: '' })
  vi.advanceTimersByTime(agentChangesMs - 1)
  expect([read(changed), woken.mock.calls.length]).toEqual([[], 1])
  vi.advanceTimersByTime(1)
  expect(woken).toHaveBeenCalledTimes(2)
  const items = read(changed)
  expect([items.length, items.flatMap(idsOf).length]).toEqual([3, 499])
  changed.close()
})

test('a reader that has left hears of nothing, and leaves no timer', () => {
  const directory = createDirectory(1)
  const changed = changedAgents(directory, everything, agentChangesMs)
  read(changed)
  changed.close()
  directory.report('a0', { type: 'reached', how: '' })
  expect([changed.waiting, vi.getTimerCount()]).toEqual([0, 0])
})

test('of agents that the reader may not see it is told nothing, and of one that it may not see any more that it is gone', async () => {
  const access = new Access()
  const writeRules = (...patterns: string[]): Promise<number> =>
    access.change({ rules: patterns.map(agents => ({ name: agents, who: ['*'], agents: [agents] })) }, access.revision)
  await writeRules('a1', 'b*')
  const directory = createDirectory(3)
  const changed = changedAgents(directory, new AgentSight(access, { name: 'ci', role: 'viewer' }), agentChangesMs)
  const next = (): [string, string[]][] => {
    vi.advanceTimersByTime(agentChangesMs)
    return read(changed).map(item => [item.type, idsOf(item)])
  }
  expect(next()).toEqual([['snapshot', ['a1']]])
  directory.report('a0', { type: 'reached', how: 'answers' })
  add(directory, 'c')
  directory.remove('a2')
  expect(next()).toEqual([])
  add(directory, 'b1')
  expect(next()).toEqual([['changed', ['b1']]])
  await writeRules('b*', 'c')
  expect(next()).toEqual([
    ['removed', ['a1']],
    ['changed', ['c']],
  ])
  directory.remove('a1')
  directory.remove('b1')
  expect(next()).toEqual([['removed', ['b1']]])
  await writeRules('*')
  expect(next()).toEqual([['changed', ['a0']]])
  await writeRules('c')
  expect(next()).toEqual([['removed', ['a0']]])
  changed.close()
})

test('whoever saw every agent and may not any more is told that the others are gone', async () => {
  const access = new Access()
  const directory = createDirectory(3)
  const changed = changedAgents(directory, new AgentSight(access, { name: 'ci', role: 'viewer' }), agentChangesMs)
  expect(read(changed).map(idsOf)).toEqual([['a0', 'a1', 'a2']])
  await access.change({ rules: [{ name: 'one', who: ['*'], agents: ['a1'] }] }, 0)
  vi.advanceTimersByTime(agentChangesMs)
  expect(read(changed)).toEqual([{ type: 'removed', ids: ['a0', 'a2'] }])
  changed.close()
})
