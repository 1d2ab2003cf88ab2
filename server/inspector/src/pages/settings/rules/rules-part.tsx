import { useEffect } from 'preact/hooks'
import type { SettingsArgs } from '../../../address/route.ts'
import { ProblemBox } from '../../../elements/problem-box.tsx'
import { NotForYou } from '../../../groups/not-for-you.tsx'
import { session } from '../../../page.ts'
import { draft, rules, tokens } from '../settings-stores.ts'
import { Question } from './question.tsx'
import { RuleTests } from './rule-tests.tsx'
import { RulesDraftView } from './rules-draft-view.tsx'
import { RulesTable } from './rules-table.tsx'

/** Who may reach which agents: a question answered, the rules, what a change of them would do, and their tests. */
export function RulesPart({ args }: { args: SettingsArgs }) {
  const may = session.may('rules.read')
  const client = session.client.value
  useEffect(() => {
    if (!may) return
    void rules.refresh()
    void tokens.refresh()
  }, [may, client])
  if (!may) return <NotForYou right="rules.read" what="Seeing the rules" />
  const known = rules.value.value
  return (
    <>
      <p class="lead">
        A role says what somebody may do at all; the rules say with which agents, services and methods. The first rule that fits decides.
        What no rule allows nobody may do but an admin.
      </p>
      {rules.problem.value !== undefined && <ProblemBox error={rules.problem.value} />}
      {!known && rules.problem.value === undefined && <p class="hint">Asking the gateway.</p>}
      {known && (
        <>
          <Question args={args} rules={known} />
          {draft.isOpen.value ? <RulesDraftView rules={known} /> : <RulesTable rules={known} />}
          {!draft.isOpen.value && <RuleTests rules={known} />}
        </>
      )}
    </>
  )
}
