import type { RuleTest } from '@halibut-gateway/schemas'
import { HalibutError } from '../base/errors.ts'
import { decide } from './decide.ts'
import type { Target } from './grant-index.ts'
import type { RuleSet } from './rule-set.ts'

/** How many of the tests that fail are told. */
const toldFailures = 5

/** What came of a test. */
export interface RuleTestResult {
  readonly test: RuleTest
  readonly passed: boolean
  /** Why it is possible, or is not. */
  readonly reason: string
}

/** What the tests of a rules document say of it, in their order. */
export function* runRuleTests(rules: RuleSet): Generator<RuleTestResult> {
  for (const test of rules.document.tests ?? []) {
    const { who, role, agent, tags, service, method, possible } = test
    const { allowed, reason } = decide(rules, { name: who, role }, rightOf(test), { agent: { id: agent, tags }, service, method })
    yield { test, passed: allowed === possible, reason }
  }
}

/** The right that a question is about: with a service or a method a call is meant, else seeing the agent. */
export function rightOf({ service, method }: Pick<Target, 'service' | 'method'>): 'agents.read' | 'agents.call' {
  return service === undefined && method === undefined ? 'agents.read' : 'agents.call'
}

/** Throws `invalid_argument` where a rules document does not allow what its own tests want, or allows what must not be. */
export function checkRuleTests(rules: RuleSet): void {
  const failures = [...runRuleTests(rules)].flatMap(({ test: { possible }, passed, reason }, i) =>
    passed ? [] : [`tests/${i}: ${possible ? 'must be possible' : 'must not be possible'}, but ${reason}`],
  )
  if (failures.length === 0) return
  const more = failures.length > toldFailures ? `; and ${failures.length - toldFailures} more` : ''
  throw new HalibutError(
    'invalid_argument',
    `the rules do not pass their own tests: ${failures.slice(0, toldFailures).join('; ')}${more}`,
    {
      advice: 'correct the rules, or the tests where they are out of date; nothing was changed',
    },
  )
}
