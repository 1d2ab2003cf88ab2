import { hasRight, type Right } from '@halibut-gateway/schemas/wire'
import type { Target } from './grant-index.ts'
import type { Principal } from './principal.ts'
import type { RuleSet } from './rule-set.ts'

/** An answer, and who gave it. */
export interface Decision {
  readonly allowed: boolean
  /** The name of the rule that allows it, where that took one. */
  readonly rule: string | undefined
  /** For people. */
  readonly reason: string
}

const byRole: Decision = { allowed: true, rule: undefined, reason: 'the role allows it' }
const adminMay: Decision = { allowed: true, rule: undefined, reason: 'an admin may do everything' }

/**
 * Whether a principal may do something to a target: its role must have the right, and, but for admins, a rule must reach the target, and the
 * principal’s own scope where it has one. Pure: the same question has the same answer.
 */
export function decide(rules: RuleSet, principal: Principal, right: Right, target?: Target): Decision {
  const { role, scope } = principal
  if (!hasRight(role, right)) return denied(`the role ${role} has not got the right ${right}`)
  if (role === 'admin') return adminMay
  if (!target) return byRole
  const rule = rules.ruleFor(principal, target)
  if (!rule) return denied(`no rule lets ${principal.name} ${wish(right, target)}`)
  if (scope && scope.find(target) === undefined) return denied(`the token ${principal.name} is not for this: to ${wish(right, target)}`)
  return { allowed: true, rule: rule.name, reason: rule.reason ?? `the rule ${rule.name} allows it` }
}

function denied(reason: string): Decision {
  return { allowed: false, rule: undefined, reason }
}

function wish(right: Right, { agent, service, method }: Target): string {
  const place = agent === undefined ? '' : ` of the agent ${agent.id}`
  if (service === undefined) return `see the agent ${agent?.id ?? '?'}`
  if (right === 'agents.call') return `call ${method === undefined ? service : `${service}.${method}`}${place}`
  return `see ${service}${place}`
}
