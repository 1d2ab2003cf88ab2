import { expect, test } from 'vitest'
import { actOnAgents, type BulkAction, type BulkProgress, problemOfTag } from '../../../../server/inspector/src/state/bulk.ts'
import type { Session } from '../../../../server/inspector/src/state/session.ts'
import { agentSnapshot as agent } from '../../../support/agent-snapshot.ts'

function create(fails: readonly string[] = []) {
  const asked: [method: string, params: unknown][] = []
  const request = (async (method: string, params: { agent: string }) => {
    asked.push([method, params])
    if (fails.includes(params.agent)) throw new Error(`${params.agent} is not to be changed`)
  }) as unknown as Session['request']
  const told: BulkProgress[] = []
  const act = (action: BulkAction, agents: Parameters<typeof actOnAgents>[2], signal = new AbortController().signal) =>
    actOnAgents(request, action, agents, { signal, tell: progress => told.push(progress) })
  return { asked, told, act }
}

test('each agent is asked for by itself, those that are so already are left alone, and one that fails stops no other', async () => {
  const { asked, told, act } = create(['b'])
  const agents = [agent('a'), agent('b'), agent('c', { state: 'disabled' }), agent('d')]
  expect(await act({ do: 'disable', reason: ' at night ' }, agents)).toEqual({
    total: 4,
    done: 2,
    unchanged: 1,
    failed: [{ agent: 'b', why: new Error('b is not to be changed') }],
  })
  expect(asked).toEqual(['a', 'b', 'd'].map(id => ['agents.disable', { agent: id, reason: 'at night' }]))
  expect(told).toHaveLength(4)
})

test('a tag is added and taken away beside the others, as of the version that was seen', async () => {
  const { asked, act } = create()
  const [one, other] = [agent('a', { tags: ['x'], version: 'v1' }), agent('b', { tags: ['x', 'y'], version: 'v2' })]
  expect(await act({ do: 'tag', tag: 'y' }, [one, other])).toMatchObject({ done: 1, unchanged: 1 })
  expect(await act({ do: 'untag', tag: 'x' }, [one, other])).toMatchObject({ done: 2 })
  expect(asked).toEqual([
    ['agents.update', { agent: 'a', version: 'v1', tags: ['x', 'y'] }],
    ['agents.update', { agent: 'a', version: 'v1', tags: [] }],
    ['agents.update', { agent: 'b', version: 'v2', tags: ['y'] }],
  ])
})

test('enabling names no agent that is enabled, and stopping leaves those alone that were not reached', async () => {
  const { asked, act } = create()
  expect(await act({ do: 'enable' }, [agent('a'), agent('b', { state: 'disabled' })])).toMatchObject({ done: 1, unchanged: 1 })
  expect(asked).toEqual([['agents.enable', { agent: 'b' }]])
  expect(await act({ do: 'enable' }, [agent('c', { state: 'disabled' })], AbortSignal.abort())).toMatchObject({ done: 0, total: 1 })
  expect(asked).toHaveLength(1)
})

test('what is no tag is told before anybody is asked', () => {
  expect(['production', 'role=web', 'a/b:c'].map(problemOfTag)).toEqual([undefined, undefined, undefined])
  for (const text of ['', '=x', 'a b', 'é', 'x'.repeat(65)]) expect(problemOfTag(text)).toContain('A tag has')
})
