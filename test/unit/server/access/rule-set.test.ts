import type { Rule, RulesDocument } from '@halibut-gateway/schemas'
import { type Right, type Role, roles } from '@halibut-gateway/schemas/wire'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decide } from '../../../../server/src/access/decide.ts'
import type { Target } from '../../../../server/src/access/grant-index.ts'
import { GrantIndex } from '../../../../server/src/access/grant-index.ts'
import { openRules, RuleSet } from '../../../../server/src/access/rule-set.ts'
import { slowDecision, slowMatch } from '../../../support/slow-rules.ts'

const operator = { name: 'ci', role: 'operator' } as const
const web = { id: 'web-1', tags: ['prod', 'west'] }

const rule = (name: string, members: Partial<Rule>): Rule => ({ name, who: ['*'], agents: ['*'], ...members })
const setOf = (...rules: Rule[]): RuleSet => new RuleSet({ rules })
const mayCall = (rules: RuleSet, target: Target): boolean => decide(rules, operator, 'agents.call', target).allowed

test('what no rule allows is denied, and the reason says what it was', () => {
  const target = { agent: web, service: 'IScriptService', method: 'StartScript' }
  expect(decide(setOf(), operator, 'agents.call', target)).toEqual({
    allowed: false,
    rule: undefined,
    reason: 'no rule lets ci call IScriptService.StartScript of the agent web-1',
  })
  expect(decide(setOf(), operator, 'agents.read', { agent: web }).reason).toBe('no rule lets ci see the agent web-1')
  expect(decide(setOf(), operator, 'contracts.read', { service: 'S' }).reason).toBe('no rule lets ci see S')
})

test('a rule gives nobody a right that the role has not got', () => {
  const decision = decide(new RuleSet(openRules), { name: 'ci', role: 'viewer' }, 'agents.call', { agent: web, service: 'S', method: 'M' })
  expect(decision).toMatchObject({ allowed: false, reason: 'the role viewer has not got the right agents.call' })
})

test('an admin is not locked out by any rules', () => {
  const admin = { name: 'boss', role: 'admin' } as const
  expect(decide(setOf(), admin, 'agents.call', { agent: web, service: 'S', method: 'M' }).allowed).toBe(true)
})

test('a decision names the first rule that allows it, with its reason', () => {
  const rules = setOf(
    rule('others', { who: ['somebody'] }),
    rule('scripts', { agents: ['tag:prod'], services: ['IScript*'], reason: 'deployments' }),
    rule('all', {}),
  )
  const decision = decide(rules, operator, 'agents.call', { agent: web, service: 'IScriptService', method: 'StartScript' })
  expect(decision).toEqual({ allowed: true, rule: 'scripts', reason: 'deployments' })
  expect(decide(rules, operator, 'agents.call', { agent: web, service: 'IFiles', method: 'Get' }).rule).toBe('all')
})

test.each<[string, Partial<Rule>, Target, boolean]>([
  ['an id', { agents: ['web-1'] }, { agent: web }, true],
  ['another id', { agents: ['web-2'] }, { agent: web }, false],
  ['a pattern of ids', { agents: ['web-*'] }, { agent: web }, true],
  ['a tag', { agents: ['tag:west'] }, { agent: web }, true],
  ['a pattern of tags', { agents: ['tag:w*t'] }, { agent: web }, true],
  ['a tag that it has not got', { agents: ['tag:east'] }, { agent: web }, false],
  ['the name of a tag, as an id', { agents: ['prod'] }, { agent: web }, false],
  ['a pattern of ids that a tag would match', { agents: ['*prod'] }, { agent: web }, false],
  ['an agent without tags', { agents: ['tag:*'] }, { agent: { id: 'web-1' } }, false],
  ['no services: to see', { services: [] }, { agent: web }, true],
  ['no services: to call', { services: [] }, { agent: web, service: 'S', method: 'M' }, false],
  ['another method', { services: ['S'], methods: ['N'] }, { agent: web, service: 'S', method: 'M' }, false],
  ['a role', { who: ['role:operator'] }, { agent: web }, true],
  ['another role', { who: ['role:viewer'] }, { agent: web }, false],
  ['a pattern of names', { who: ['c*'] }, { agent: web }, true],
])('%s', (_, members, target, allowed) => {
  const rules = setOf(rule('r', members))
  expect(decide(rules, operator, target.service === undefined ? 'agents.read' : 'agents.call', target).allowed).toBe(allowed)
})

test('a scope takes away from what the rules allow and adds nothing', () => {
  const rules = setOf(rule('web', { agents: ['web-*'] }))
  const scoped = { ...operator, scope: new GrantIndex([{ agents: ['*-1'], services: ['S'] }]) }
  const call = (id: string, service: string) => decide(rules, scoped, 'agents.call', { agent: { id }, service, method: 'M' }).allowed
  expect([call('web-1', 'S'), call('web-2', 'S'), call('db-1', 'S'), call('web-1', 'T')]).toEqual([true, false, false, false])
})

test.each<[string, unknown, string]>([
  ['a role that is none', { rules: [rule('r', { who: ['x', 'role:boss'] })] }, 'rules/0/who/1: "boss" is no role'],
  ['two rules of one name', { rules: [rule('r', {}), rule('s', {}), rule('r', {})] }, 'rules/2/name: rules/0 has the name "r" already'],
  ['a member that is none', { rules: [{ ...rule('r', {}), deny: true }] }, 'rules/0/deny: Unexpected property'],
  ['a rule for nobody in particular', { rules: [{ name: 'r', agents: ['*'] }] }, 'rules/0/who: Expected'],
  ['no document', null, 'the rules: Expected object'],
])('%s is refused with its place', (_, document, message) => {
  expect(() => new RuleSet(document)).toThrow(message)
})

test('a pattern of many stars takes a time that grows with the text alone', () => {
  const rules = setOf(rule('r', { agents: [`${'a*'.repeat(100)}b`] }))
  const began = performance.now()
  expect(mayCall(rules, { agent: { id: 'a'.repeat(100_000) } })).toBe(false)
  expect(performance.now() - began).toBeLessThan(500)
})

const text = fc.stringMatching(/^[ab]{0,4}$/)
const pattern = fc.stringMatching(/^[ab*]{1,5}$/)
const agentPattern = fc.oneof(
  pattern,
  pattern.map(each => `tag:${each}`),
)
const some = (of: fc.Arbitrary<string>, minLength = 0) => fc.array(of, { minLength, maxLength: 3 })
const who = fc.oneof(pattern, fc.constantFrom(...roles.map(role => `role:${role}`)))
const document: fc.Arbitrary<RulesDocument> = fc
  .array(
    fc.record(
      { who: some(who), agents: some(agentPattern), services: some(pattern), methods: some(pattern) },
      { requiredKeys: ['who', 'agents'] },
    ),
    { maxLength: 40 },
  )
  .map(rules => ({ rules: rules.map((each, i) => ({ name: `rule ${i}`, ...each })) }))
const target: fc.Arbitrary<Target> = fc.record(
  { agent: fc.record({ id: text, tags: some(text) }, { requiredKeys: ['id'] }), service: text, method: text },
  { requiredKeys: [] },
)

test('the index decides as the plain loop does', () => {
  fc.assert(
    fc.property(
      document,
      fc.record({ name: text, role: fc.constantFrom<Role>(...roles) }),
      fc.array(target, { maxLength: 20 }),
      fc.constantFrom<Right>('agents.read', 'agents.call', 'contracts.read', 'trust.read', 'inspect.read'),
      (rules, principal, targets, right) => {
        const set = new RuleSet(rules)
        for (const each of targets) {
          const { allowed, rule: name } = decide(set, principal, right, each)
          expect({ allowed, rule: name }).toEqual(slowDecision(rules, principal, right, each))
        }
      },
    ),
    { numRuns: 500 },
  )
})

test('a pattern matches as one that tries every way does', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[ab*]{1,8}$/), fc.stringMatching(/^[ab]{0,10}$/), (of, id) => {
      expect(new GrantIndex([{ agents: [of] }]).find({ agent: { id } }) === 0).toBe(slowMatch(of, id))
    }),
    { numRuns: 2_000 },
  )
})
