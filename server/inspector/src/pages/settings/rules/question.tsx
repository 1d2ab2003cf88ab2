import type { MethodResult } from '@halibut-gateway/schemas'
import { isRole, type Role, roles } from '@halibut-gateway/schemas/wire'
import { useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect } from 'preact/hooks'
import type { SettingsArgs } from '../../../address/route.ts'
import { ProblemBox } from '../../../elements/problem-box.tsx'
import { TextField } from '../../../elements/text-field.tsx'
import { agents, contracts, router, session } from '../../../page.ts'
import type { Rules } from '../../../state/rules-draft.ts'
import { draft, tokens } from '../settings-stores.ts'

type Answer = MethodResult<'rules.explain'>

const mostSuggested = 100
const settleMs = 250

/** “May X do Y?” The question stands in the address, so that its answer can be shown to somebody. */
export function Question({ args, rules }: { args: SettingsArgs; rules: Rules }) {
  const { who = '', role = '', agent = '', service = '', method = '' } = args
  const fields = {
    who: useSignal(who),
    role: useSignal(role),
    agent: useSignal(agent),
    service: useSignal(service),
    method: useSignal(method),
  }
  const answer = useSignal<Answer | undefined>(undefined)
  const problem = useSignal<unknown>(undefined)
  // With a draft that can be read the question is about that.
  const asDrafted = draft.isOpen.value ? draft.document.value : undefined
  const isAsked = who !== '' && agent !== ''
  // Back leads to the question before.
  useLayoutEffect(() => {
    const asked = { who, role, agent, service, method }
    for (const name of ['who', 'role', 'agent', 'service', 'method'] as const) fields[name].value = asked[name]
  }, [who, role, agent, service, method])
  useEffect(() => {
    problem.value = undefined
    if (!isAsked) {
      answer.value = undefined
      return undefined
    }
    let isWanted = true
    const ask = async (): Promise<void> => {
      try {
        const told = await session.request('rules.explain', {
          who,
          agent,
          ...(isRole(role) && { role }),
          ...(service !== '' && { service }),
          ...(method !== '' && { method }),
          ...(asDrafted && { document: asDrafted }),
        })
        if (isWanted) answer.value = told
      } catch (why) {
        if (!isWanted) return
        answer.value = undefined
        problem.value = why
      }
    }
    // While somebody types, the question waits until the draft stands still.
    const timer = setTimeout(() => void ask(), asDrafted ? settleMs : 0)
    return () => {
      isWanted = false
      clearTimeout(timer)
    }
  }, [who, role, agent, service, method, asDrafted, rules.version])
  const ask = (): void => {
    const given = Object.entries(fields).map(([name, { value }]) => [name, value.trim()] as const)
    router.go({ page: 'settings', part: 'rules', args: Object.fromEntries(given.filter(([, value]) => value !== '')) })
  }
  const signIns = [...new Set((tokens.value.value ?? []).filter(({ state }) => state === 'valid').map(({ name }) => name))]
  return (
    <section class="panel question" aria-label="May somebody do something?">
      <h2>May somebody do something?</h2>
      <form
        class="question-form"
        aria-label="Ask the rules"
        onSubmit={event => {
          event.preventDefault()
          ask()
        }}
      >
        <TextField label="Who" id="ask-who" text={fields.who} list="ask-signins" placeholder="the name of a sign-in" required>
          <Suggested id="ask-signins" names={signIns} />
        </TextField>
        <div class="field">
          <label for="ask-role">Role</label>
          <select
            id="ask-role"
            value={fields.role.value}
            onChange={event => {
              fields.role.value = event.currentTarget.value
            }}
          >
            <option value="">that of the sign-in</option>
            {roles.map((each: Role) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
        </div>
        <TextField label="Agent" id="ask-agent" text={fields.agent} list="ask-agents" placeholder="web-1" required>
          <Suggested id="ask-agents" names={[...agents.all().keys()].slice(0, mostSuggested)} />
        </TextField>
        <TextField label="Service: else seeing it" id="ask-service" text={fields.service} list="ask-services" placeholder="IScriptService">
          <Suggested id="ask-services" names={contracts.services() ?? []} />
        </TextField>
        <TextField label="Method" id="ask-method" text={fields.method} placeholder="all" />
        <button type="submit" class="primary" disabled={fields.who.value.trim() === '' || fields.agent.value.trim() === ''}>
          Ask
        </button>
      </form>
      {problem.value !== undefined && <ProblemBox error={problem.value} />}
      {answer.value && <Told answer={answer.value} args={args} isDraft={asDrafted !== undefined} rules={rules} />}
    </section>
  )
}

function Suggested({ id, names }: { id: string; names: readonly string[] }) {
  return (
    <datalist id={id}>
      {names.map(name => (
        <option key={name} value={name} />
      ))}
    </datalist>
  )
}

function Told({ answer, args, isDraft, rules }: { answer: Answer; args: SettingsArgs; isDraft: boolean; rules: Rules }) {
  const { allowed, who, role, right, rule, place, reason, scoped } = answer
  const { agent = '', service, method } = args
  const what =
    right === 'agents.read' ? `see the agent ${agent}` : `call ${service ?? ''}${method === undefined ? '' : `.${method}`} of ${agent}`
  const keep = (): void => {
    draft.open(rules)
    const test = { who, role, agent, ...(service !== undefined && { service }), ...(method !== undefined && { method }), possible: allowed }
    draft.edit(document => ({ ...document, tests: [...(document.tests ?? []), test] }))
  }
  return (
    <div class={allowed ? 'verdict-box allowed' : 'verdict-box denied'} role="status" data-allowed={allowed}>
      <p class="message">
        {allowed ? '✓ Yes' : '✗ No'}: {who} ({role}) {allowed ? 'may' : 'may not'} {what}
        {isDraft && ', by the draft below'}.
      </p>
      <p>
        {rule === undefined ? (
          reason
        ) : (
          <>
            The rule{' '}
            <a href={`#rule-${place ?? ''}`} onClick={event => showRule(event, place ?? '')}>
              {rule}
            </a>{' '}
            decides it: {reason}
          </>
        )}
        .
      </p>
      {scoped && <p class="quiet">{who} is a token that may reach less than its role and the rules allow; that was looked at, too.</p>}
      {session.may('rules.write') && (
        <button type="button" class="small" onClick={keep}>
          Keep this as a test
        </button>
      )}
    </div>
  )
}

/** The part behind `#` of the address is the page’s own: the rule is only shown. */
function showRule(event: Event, place: string): void {
  event.preventDefault()
  const row = document.querySelector<HTMLElement>(`[data-rule="${CSS.escape(place)}"]`)
  row?.scrollIntoView({ block: 'center' })
  row?.focus()
}
