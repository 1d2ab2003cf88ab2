import type { MethodResult } from '@halibut-gateway/schemas'
import type { Role } from '@halibut-gateway/schemas/wire'
import type { Access } from '../../access/access.ts'
import { decide } from '../../access/decide.ts'
import { previewRules, testedPrincipals } from '../../access/preview.ts'
import type { Principal } from '../../access/principal.ts'
import type { RuleSet } from '../../access/rule-set.ts'
import { rightOf, runRuleTests } from '../../access/rule-tests.ts'
import { inTurns } from '../../base/in-turns.ts'
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
  const { access, directory, contracts } = options
  const settingsTests = access.settings.tests?.length ?? 0
  const settingsRules = access.settings.rules.length
  const shown = () => ({ rules: { version: String(access.revision), document: access.document, readOnly: access.settings.rules } })
  return {
    'rules.get': shown,
    'rules.preview': async ({ document }, { signal }) => {
      const after = access.with(document)
      const before = access.rules
      const known = options.principals()
      const isKnown = ({ name, role }: Principal): boolean => known.some(each => each.name === name && each.role === role)
      const subjects = {
        principals: [...known, ...testedPrincipals(before.document, after.document).filter(tested => !isKnown(tested))],
        agents: directory.ids().map(id => agentTarget(directory, id)),
        calls: callsOf(contracts),
      }
      const preview = await inTurns(previewRules(before, after, subjects), () => signal.throwIfAborted())
      return { ...preview, tests: testResults(after, settingsTests) }
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

/** Each method of each service once, whoever has a contract for it. */
function callsOf(contracts: ContractDirectory): { readonly service: string; readonly method: string }[] {
  const calls = contracts.list().flatMap(({ service, methods }) => methods.map(({ name }) => ({ service, method: name })))
  return [...new Map(calls.map(call => [`${call.service}.${call.method}`, call])).values()]
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
