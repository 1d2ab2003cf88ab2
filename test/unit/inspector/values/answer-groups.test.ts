import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type AgentOutcome,
  canonical,
  createAnswerGroups,
  isMost,
  majorityOf,
} from '../../../../server/inspector/src/values/answer-groups.ts'

const answered = (value: unknown): AgentOutcome => ({ at: 'answered', value })
const outcome: fc.Arbitrary<AgentOutcome> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<unknown>({ a: 1, b: [2] }, { b: [2], a: 1 }, { a: 1, b: [3] }, 'text', null).map(answered) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<AgentOutcome>(
      { at: 'failed', kind: 'connect_refused', message: 'nobody listens' },
      { at: 'failed', kind: 'closed', message: 'x' },
    ),
  },
)

test('each agent is in one group, with all that answered the same and no other, and most stand first', () => {
  fc.assert(
    fc.property(fc.array(outcome, { maxLength: 60 }), outcomes => {
      const groups = createAnswerGroups()
      const keys = outcomes.map((each, index) => groups.add(`web-${index}`, each))
      const all = groups.all()
      expect(all.flatMap(({ agents }) => agents).toSorted()).toEqual(outcomes.map((_, index) => `web-${index}`).toSorted())
      const text = (each: AgentOutcome): string => canonical(each.at === 'answered' ? [each.value] : each)
      for (const [i, one] of outcomes.entries()) {
        for (const [j, other] of outcomes.entries()) expect(keys[i] === keys[j]).toBe(text(one) === text(other))
        expect(groups.get(keys[i] ?? '')?.agents).toContain(`web-${i}`)
      }
      const answers = all.filter(({ at }) => at === 'answered').map(({ agents }) => agents.length)
      expect(answers).toEqual(answers.toSorted((one, other) => other - one))
      expect(majorityOf(all)?.agents.length).toBe(answers[0])
    }),
  )
})

test('equal values have the same text, and others another one', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      expect(canonical(JSON.parse(canonical(one)))).toBe(canonical(one))
      if (canonical(one) === canonical(other)) expect(JSON.parse(canonical(one))).toEqual(JSON.parse(canonical(other)))
    }),
  )
})

test('the same failure of several agents is one group, though each tells its own name and time', () => {
  const groups = createAnswerGroups()
  for (const id of ['web-1', 'db-22']) {
    groups.add(id, { at: 'failed', kind: 'agent_unavailable', message: `${id} is offline since 2030-01-0${id.length}T00:00:00Z` })
  }
  expect(groups.all()).toHaveLength(1)
  groups.add('web-3', { at: 'failed', kind: 'agent_unavailable', message: 'web-3 is disabled' })
  expect(groups.all().map(({ agents }) => agents)).toEqual([['web-1', 'db-22'], ['web-3']])
  groups.add('web-4', answered(1))
  groups.forgetFailures()
  expect(groups.all().map(({ agents }) => agents)).toEqual([['web-4']])
})

test('long answers and very many are told apart and not kept', () => {
  const groups = createAnswerGroups()
  const long = 'x'.repeat(70_000)
  expect(groups.add('web-1', answered(`${long}a`))).toBe(groups.add('web-2', answered(`${long}a`)))
  groups.add('web-3', answered(`${long}b`))
  expect(groups.all().map(({ isKept, value, agents }) => [isKept, value, agents.length])).toEqual([
    [false, undefined, 2],
    [false, undefined, 1],
  ])
  for (let i = 0; i < 300; i++) groups.add(`db-${i}`, answered(`${i} ${'y'.repeat(60_000)}`))
  const kept = groups.all().filter(({ isKept }) => isKept)
  expect(kept.length).toBeGreaterThan(100)
  expect(kept.reduce((sum, { value }) => sum + String(value).length, 0)).toBeLessThan(8_388_608)
  expect(groups.all()).toHaveLength(302)
})

test('what one of two answered is not what most say, and failures are no other answer', () => {
  const groups = createAnswerGroups()
  groups.add('a', answered('one'))
  groups.add('b', answered('other'))
  expect(groups.all().map(each => isMost(each, groups.all()))).toEqual([false, false])
  groups.add('c', answered('other'))
  groups.add('d', { at: 'failed', kind: 'closed', message: 'm' })
  expect(groups.all().map(each => isMost(each, groups.all()))).toEqual([true, false, false])
})
