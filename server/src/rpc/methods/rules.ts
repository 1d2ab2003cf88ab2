import type { Access } from '../../access/access.ts'
import { previewRules, testedPrincipals } from '../../access/preview.ts'
import type { Principal } from '../../access/principal.ts'
import { inTurns } from '../../base/in-turns.ts'
import type { AgentDirectory } from '../../fleet/agent-directory.ts'
import type { ContractDirectory } from '../../fleet/contract-directory.ts'
import { agentTarget } from '../rule-target.ts'
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
export function rulesMethods(options: RulesOptions): Pick<Handlers, 'rules.get' | 'rules.preview' | 'rules.set'> {
  const { access, directory, contracts } = options
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
      return inTurns(previewRules(before, after, subjects), () => signal.throwIfAborted())
    },
    'rules.set': async ({ document, version }) => {
      await access.change(document, version === '*' ? undefined : Number(version))
      return shown()
    },
  }
}

/** Each method of each service once, whoever has a contract for it. */
function callsOf(contracts: ContractDirectory): { readonly service: string; readonly method: string }[] {
  const calls = contracts.list().flatMap(({ service, methods }) => methods.map(({ name }) => ({ service, method: name })))
  return [...new Map(calls.map(call => [`${call.service}.${call.method}`, call])).values()]
}
