import { checkContract } from '@halibut-gateway/schemas/contract'
import { expect, test } from 'vitest'
import { demoContracts } from '../../../../server/demo/contracts.ts'
import { readContract } from '../../../../server/inspector/src/values/contract-problems.ts'
import { usersOf } from '../../../../server/inspector/src/values/contract-users.ts'
import { lineAndColumn } from '../../../../server/inspector/src/values/json-places.ts'
import { groupChanges } from '../../../../server/inspector/src/values/rule-changes.ts'
import { patternsIn, scopeWords } from '../../../../server/inspector/src/values/scope-words.ts'

test('a scope is told in words, a grant a line', () => {
  expect(
    scopeWords([
      { agents: ['*'] },
      { agents: ['web-*', 'tag:site=north'], services: ['IEcho'], methods: ['Say'] },
      { agents: ['web-1'], services: [] },
      { agents: ['a', 'b', 'c', 'd', 'e', 'f'], services: ['*'] },
    ]),
  ).toEqual([
    'all services of all agents',
    'IEcho of web-*, agents with site=north, only Say',
    'see web-1',
    'all services of a, b, c, d and 2 more',
  ])
  expect(patternsIn(' web-*, ,tag:a ')).toEqual(['web-*', 'tag:a'])
})

test('what a change of the rules does is told once for agents and methods alike, who loses first', () => {
  const change = { who: 'ci', role: 'operator', right: 'agents.call', service: 'IEcho', change: 'gains', reason: 'because' } as const
  const groups = groupChanges([
    { ...change, agent: 'a1', method: 'Say' },
    { ...change, agent: 'a1', method: 'Ask' },
    { ...change, agent: 'a2', method: 'Say' },
    { ...change, agent: 'a2', method: 'Ask' },
    ...['Say', 'Ask', 'Tell', 'Sing'].map(method => ({
      ...{ ...change, who: 'eve', change: 'loses' as const, agent: 'a1', method },
      reason: `no rule lets eve call IEcho.${method} of the agent a1`,
    })),
    { who: 'bob', role: 'viewer', right: 'agents.read', agent: 'a1', change: 'loses', reason: 'no rule lets bob see the agent a1' },
    { who: 'bob', role: 'viewer', right: 'agents.read', agent: 'a2', change: 'loses', reason: 'no rule lets bob see the agent a2' },
  ])
  expect(groups.map(({ who, what, agents, reason }) => [who, what, agents, reason])).toEqual([
    ['bob', 'to see', ['a1', 'a2'], 'no rule lets bob see it'],
    ['eve', 'to call IEcho (4 methods) of', ['a1'], 'no rule lets eve call IEcho'],
    ['ci', 'to call IEcho.Ask, .Say of', ['a1', 'a2'], 'because'],
  ])
})

test('a contract that is pasted is read, and each of its problems has a place in the text', () => {
  for (const contract of demoContracts) expect(readContract(JSON.stringify(contract, undefined, 2), checkContract).ok).toBe(true)
  const problemsOf = (text: string): string[] => {
    const read = readContract(text, checkContract)
    return read.ok ? [] : read.problems.map(({ place, message }) => `${lineAndColumn(text, place.from).line}: ${message}`)
  }
  const [first] = demoContracts
  const text = JSON.stringify(
    { ...first, methods: [{ name: 'Say', params: [{ name: 'a', type: 'nonsense' }], result: 'string' }] },
    undefined,
    2,
  )
  const [problem = ''] = problemsOf(text)
  const line = text.split('\n').findIndex(each => each.includes('nonsense')) + 1
  expect(problem.startsWith(`${line}: `)).toBe(true)
  expect(problemsOf('{"contract": 1,}')[0]).toBe('1: a member after the comma is expected, not }')
})

test('an agent has a contract whose service it has, and of a contract for one agent that one alone', () => {
  const agent = (id: string, services: string[]) => ({ id, services }) as never
  const all = [agent('a', ['IOne']), agent('b', ['IOne', 'ITwo']), agent('c', [])]
  expect(usersOf({ service: 'IOne' }, all).map(({ id }) => id)).toEqual(['a', 'b'])
  expect(usersOf({ service: 'IOne', agent: 'b' }, all).map(({ id }) => id)).toEqual(['b'])
})
