import type { RuleTest } from '@halibut-gateway/schemas'
import { HalibutError } from '../base/errors.ts'
import { decide } from './decide.ts'
import type { RuleSet } from './rule-set.ts'

/** How many of the tests that fail are told. */
const toldFailures = 5

/** Throws `invalid_argument` where a rules document does not allow what its own tests want, or allows what must not be. */
export function checkRuleTests(rules: RuleSet): void {
  const failures = (rules.document.tests ?? []).flatMap((test, i) => {
    const why = failureOf(rules, test)
    return why === undefined ? [] : [`tests/${i}: ${why}`]
  })
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

function failureOf(rules: RuleSet, { who, role, agent, tags, service, method, possible }: RuleTest): string | undefined {
  const right = service === undefined && method === undefined ? 'agents.read' : 'agents.call'
  const { allowed, reason } = decide(rules, { name: who, role }, right, { agent: { id: agent, tags }, service, method })
  if (allowed === possible) return undefined
  return possible ? `must be possible, but ${reason}` : `must not be possible, but ${reason}`
}
