import { RulesDocumentSchema } from '@halibut-gateway/schemas'
import { Value } from '@sinclair/typebox/value'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkRules } from '../../../../server/inspector/src/values/rules-check.ts'
import { RuleSet } from '../../../../server/src/access/rule-set.ts'

const name = fc.constantFrom('a', 'b', 'role:operator', 'role:boss', '*', '')
const rule = fc.record(
  {
    name,
    who: fc.array(name, { maxLength: 3 }),
    agents: fc.array(name, { maxLength: 2 }),
    services: fc.array(name, { maxLength: 2 }),
    reason: name,
  },
  { requiredKeys: [] },
)
const ruleTest = fc.record(
  {
    who: name,
    role: fc.constantFrom('viewer', 'operator', 'boss'),
    agent: name,
    possible: fc.oneof(fc.boolean(), fc.constant('yes')),
    extra: name,
  },
  { requiredKeys: [] },
)
const document = fc.oneof(
  fc.record(
    { rules: fc.array(rule, { maxLength: 3 }), tests: fc.array(ruleTest, { maxLength: 2 }), other: name },
    { requiredKeys: ['rules'] },
  ),
  fc.jsonValue(),
)

test('what is found wrong with rules as they are typed is what the gateway refuses, and nothing else', () => {
  const refuses = (value: unknown): boolean => {
    try {
      new RuleSet(value)
      return false
    } catch {
      return true
    }
  }
  fc.assert(
    fc.property(document, each => {
      expect(checkRules(each).length > 0).toBe(refuses(each))
    }),
    { numRuns: 500 },
  )
})

test('each problem has its place and says what is expected there', () => {
  const bad = {
    rules: [
      { name: 'a', who: ['role:boss'], agents: 'web-1' },
      { name: 'a', who: [], agents: [''], deny: true },
    ],
    tests: [{ who: 'x', role: 'chief', agent: 'web-1' }],
  }
  expect(checkRules(bad).map(({ pointer, message }) => `${pointer}: ${message}`)).toEqual([
    '/rules/0/who/0: "boss" is no role: viewer, operator or admin',
    '/rules/0/agents: a list is expected here',
    '/rules/1/agents/0: a text is expected here',
    '/rules/1/deny: deny is not known; there are name, who, agents, services, methods, reason',
    '/tests/0: possible is missing',
    '/tests/0/role: viewer, operator or admin is expected here',
    '/rules/1/name: rules/0 has the name "a" already',
  ])
  expect([...Value.Errors(RulesDocumentSchema, bad)].length).toBeGreaterThan(0)
})

test('sizes are those that the gateway takes', () => {
  const many = (count: number) => ({ rules: [{ name: 'a', who: Array.from({ length: count }, () => 'x'), agents: ['y'.repeat(256)] }] })
  expect([checkRules(many(100)).length, Value.Check(RulesDocumentSchema, many(100))]).toEqual([0, true])
  expect([checkRules(many(101)).length, Value.Check(RulesDocumentSchema, many(101))]).toEqual([1, false])
  const long = { rules: [{ name: 'a', who: ['x'], agents: ['y'.repeat(257)] }] }
  expect([checkRules(long).length, Value.Check(RulesDocumentSchema, long)]).toEqual([1, false])
})
