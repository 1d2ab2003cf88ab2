import type { RuleChange, RulesDocument } from '@halibut-gateway/schemas'
import { decide } from './decide.ts'
import type { Target } from './grant-index.ts'
import type { Principal } from './principal.ts'
import type { RuleSet } from './rule-set.ts'

/** Whom and what a preview goes through. */
export interface PreviewSubjects {
  readonly principals: readonly Principal[]
  readonly agents: readonly NonNullable<Target['agent']>[]
  readonly calls: readonly { readonly service: string; readonly method: string }[]
}

/** What a change of the rules would do. */
export interface Preview {
  readonly changes: RuleChange[]
  /** How many there are beyond these. */
  readonly more: number
}

/** So many changes are told one by one. */
const toldChanges = 1_000

/** So many decisions take far less than a slice. */
const decisionsAtOnce = 256

/** How often a preview asks whether somebody may do something. */
export function decisionsOf({ principals, agents, calls }: PreviewSubjects): number {
  return principals.length * agents.length * (1 + calls.length)
}

/**
 * Who gains and who loses what when other rules come in the place of the present ones, by the evaluator that will decide. Yields now and then, since there is
 * much to decide.
 */
export function* previewRules(
  before: RuleSet,
  after: RuleSet,
  { principals, agents, calls }: PreviewSubjects,
): Generator<undefined, Preview, undefined> {
  const changes: RuleChange[] = []
  let more = 0
  let decided = 0
  const compare = (
    principal: Principal,
    right: RuleChange['right'],
    agent: NonNullable<Target['agent']>,
    call?: PreviewSubjects['calls'][0],
  ): void => {
    const target = { agent, ...call }
    const { allowed, reason } = decide(after, principal, right, target)
    if (allowed === decide(before, principal, right, target).allowed) return
    const { name, role } = principal
    if (changes.length < toldChanges)
      changes.push({ who: name, role, right, agent: agent.id, ...call, change: allowed ? 'gains' : 'loses', reason })
    else more++
  }
  for (const principal of principals) {
    for (const agent of agents) {
      compare(principal, 'agents.read', agent)
      if (++decided % decisionsAtOnce === 0) yield
      for (const call of calls) {
        compare(principal, 'agents.call', agent, call)
        if (++decided % decisionsAtOnce === 0) yield
      }
    }
  }
  return { changes, more }
}

/** The sign-ins that the tests of these documents name, each once. */
export function testedPrincipals(...documents: readonly RulesDocument[]): Principal[] {
  const found = new Map<string, Principal>()
  for (const { who, role } of documents.flatMap(({ tests = [] }) => tests)) found.set(`${role} ${who}`, { name: who, role })
  return [...found.values()]
}
