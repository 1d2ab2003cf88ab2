import type { MethodResult } from '@halibut-gateway/schemas'
import type { Role } from '@halibut-gateway/schemas/wire'
import type { Access } from '../../access/access.ts'
import { decide } from '../../access/decide.ts'
import { decisionsOf, type PreviewSubjects, previewRules, testedPrincipals } from '../../access/preview.ts'
import type { Principal } from '../../access/principal.ts'
import type { RuleSet } from '../../access/rule-set.ts'
import { rightOf, runRuleTests } from '../../access/rule-tests.ts'
import { HalibutError } from '../../base/errors.ts'
import { inTurns } from '../../base/in-turns.ts'
import { gatewayLimits } from '../../base/limits.ts'
import type { AgentDirectory } from '../../fleet/agent-directory.ts'
import type { ContractDirectory } from '../../fleet/contract-directory.ts'
import { ParamsError } from '../params-error.ts'
import { agentTarget, methodName } from '../rule-target.ts'
import type { Handlers } from '../run.ts'

/** What the rules are shown and changed with. */
export interface RulesOptions {
  readonly access: Access
  readonly directory: AgentDirectory
  readonly contracts: ContractDirectory
  /** Those who can sign in now. */
  readonly principals: () => readonly Principal[]
}

/** The methods about the rules that say who may reach which agents. */
export function rulesMethods(options: RulesOptions): Pick<Handlers, `rules.${'get' | 'preview' | 'explain' | 'set'}`> {
  const { access, directory } = options
  const settingsRules = access.settings.rules.length
  let previews = 0
  const shown = () => ({ rules: { version: String(access.revision), document: access.document, readOnly: access.settings.rules } })
  return {
    'rules.get': shown,
    'rules.preview': async ({ document }, { signal }) => {
      const { rulePreviews, rulePreviewMs } = gatewayLimits
      if (previews >= rulePreviews)
        throw new HalibutError('too_many_calls', `${previews} previews of rules are worked out at this moment`, {
          advice: 'try again in a while',
        })
      previews++
      try {
        const untilMs = performance.now() + rulePreviewMs
        return await inTurns(preview(options, document), () => {
          signal.throwIfAborted()
          if (performance.now() < untilMs) return
          throw new HalibutError('too_much_work', `the preview was not worked out within ${rulePreviewMs / 1_000} s`, {
            advice:
              'try again when the gateway has less to do, or write them without a preview: the tests that they carry are checked then',
          })
        })
      } finally {
        previews--
      }
    },
    'rules.explain': ({ who, role, agent, tags, service, method, document }) => {
      const rules = document === undefined ? access.rules : access.with(document)
      const principal = principalOf(who, role, options.principals())
      const { rule, ...decision } = decide(rules, principal, rightOf({ service, method }), {
        agent: tags === undefined ? agentTarget(directory, agent) : { id: agent, tags },
        service,
        method: method === undefined ? undefined : methodName(method),
      })
      return {
        ...decision,
        who,
        role: principal.role,
        right: rightOf({ service, method }),
        ...(rule !== undefined && {
          rule,
          place: placeOf(
            'rules',
            rules.document.rules.findIndex(({ name }) => name === rule),
            settingsRules,
          ),
        }),
        ...(principal.scope && { scoped: true as const }),
      }
    },
    'rules.set': async ({ document, version }, { change }) => {
      await access.change(document, version === '*' ? undefined : Number(version), change)
      return shown()
    },
  }
}

/** Throws `invalid_argument` where the rules are not acceptable, and `too_much_work` before it begins with what takes too long. */
function* preview(
  { access, directory, contracts, principals }: RulesOptions,
  document: unknown,
): Generator<undefined, MethodResult<'rules.preview'>, undefined> {
  const [before, after] = [access.rules, access.with(document)]
  yield
  const known = principals()
  const roles = new Set(known.map(({ name, role }) => `${role} ${name}`))
  const tested = testedPrincipals(before.document, after.document).filter(({ name, role }) => !roles.has(`${role} ${name}`))
  const subjects: PreviewSubjects = {
    principals: [...known, ...tested],
    agents: directory.ids().map(id => agentTarget(directory, id)),
    calls: yield* callsOf(contracts),
  }
  const [decisions, { rulePreviewDecisions }] = [decisionsOf(subjects), gatewayLimits]
  if (decisions > rulePreviewDecisions) {
    const { length: signIns } = subjects.principals
    const what = `${signIns} sign-ins, ${subjects.agents.length} agents and ${subjects.calls.length} methods are ${decisions} questions`
    throw new HalibutError(
      'too_much_work',
      `a preview looks at each sign-in with each agent and method: ${what}, ${rulePreviewDecisions} at most`,
      {
        advice:
          'let the rules carry tests of what must and must not be possible: they are checked whatever the size, when the rules are written',
      },
    )
  }
  const told = yield* previewRules(before, after, subjects)
  return { ...told, tests: testResults(after, access.settings.tests?.length ?? 0) }
}

/** Each method of each service once, whoever has a contract for it. */
function* callsOf(contracts: ContractDirectory): Generator<undefined, PreviewSubjects['calls'], undefined> {
  const calls = new Map<string, PreviewSubjects['calls'][0]>()
  for (const { service, methods } of contracts.list()) {
    for (const { name: method } of methods) calls.set(`${service}.${method}`, { service, method })
    yield
  }
  return [...calls.values()]
}

/** What the tests of the settings, which come first, and those of the document say. */
function testResults(rules: RuleSet, ofSettings: number): MethodResult<'rules.preview'>['tests'] {
  return [...runRuleTests(rules)].map(({ passed, reason }, i) => ({ place: placeOf('tests', i, ofSettings), passed, reason }))
}

function placeOf(list: 'rules' | 'tests', index: number, ofSettings: number): string {
  return index < ofSettings ? `settings/${list}/${index}` : `${list}/${index - ofSettings}`
}

/** Of the sign-in that there is, also what limits it; else whoever has this name and this role. Throws `invalid_params` where nobody knows its role. */
function principalOf(who: string, role: Role | undefined, known: readonly Principal[]): Principal {
  const found = known.find(each => each.name === who && (role === undefined || each.role === role))
  if (found) return found
  if (role !== undefined) return { name: who, role }
  throw new ParamsError(`nobody is known who signs in as ${JSON.stringify(who)}, so that the role has to be told`, [
    { path: '/role', expected: 'viewer, operator or admin', got: 'nothing' },
  ])
}
