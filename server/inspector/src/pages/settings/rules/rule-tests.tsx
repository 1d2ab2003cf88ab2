import type { MethodResult, RuleTest } from '@halibut-gateway/schemas'
import { useSignal } from '@preact/signals'
import { ProblemBox } from '../../../elements/problem-box.tsx'
import { useAction } from '../../../elements/use-action.ts'
import { session } from '../../../page.ts'
import type { Rules } from '../../../state/rules-draft.ts'
import { counted } from '../../../values/format.ts'

type Results = MethodResult<'rules.preview'>['tests']

/** What must be so whatever is changed: the tests of the rules, and what comes of them. */
export function RuleTests({ rules }: { rules: Rules }) {
  const tests = rules.document.tests ?? []
  const results = useSignal<{ readonly version: string; readonly tests: Results } | undefined>(undefined)
  const action = useAction()
  const run = (): Promise<boolean> =>
    action.run(async () => {
      const told = await session.request('rules.preview', { document: rules.document })
      results.value = { version: rules.version, tests: told.tests }
    })
  const told = results.value?.version === rules.version ? results.value.tests : undefined
  return (
    <section class="section" aria-label="Tests of the rules">
      <div class="row wrap">
        <h2>
          Their tests <span class="quiet">{tests.length.toLocaleString('en')}</span>
        </h2>
        {told && <TestsVerdict results={told} />}
        <span class="spacer" />
        {(tests.length > 0 || rules.readOnly.length > 0) && (
          <button type="button" disabled={action.isBusy.value} onClick={() => void run()}>
            Run them
          </button>
        )}
      </div>
      {tests.length === 0 && (
        <p class="hint">None yet. Ask a question above and keep its answer as a test: rules that do not pass their tests are refused.</p>
      )}
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
      <TestList tests={tests} results={told} />
    </section>
  )
}

/** How many passed. */
export function TestsVerdict({ results }: { results: Results }) {
  const failed = results.filter(({ passed }) => !passed).length
  return (
    <span class={failed === 0 ? 'chip good' : 'chip bad'} role="status">
      {failed === 0 ? `✓ ${counted(results.length, 'test')} passed` : `✗ ${failed} of ${counted(results.length, 'test')} failed`}
    </span>
  )
}

/** Each test in words, and what came of it. */
export function TestList({ tests, results }: { tests: readonly RuleTest[]; results: Results | undefined }) {
  const of = new Map((results ?? []).map(result => [result.place, result]))
  const ofSettings = (results ?? []).filter(({ place, passed }) => place.startsWith('settings/') && !passed)
  return (
    <ul class="rule-tests">
      {tests.map((test, i) => {
        const result = of.get(`tests/${i}`)
        return (
          <li key={i} data-test={i} data-passed={result?.passed}>
            <span class={result === undefined ? 'quiet' : result.passed ? 'good' : 'bad-words'} aria-hidden="true">
              {result === undefined ? '·' : result.passed ? '✓' : '✗'}
            </span>{' '}
            {testWords(test)}
            {result?.passed === false && <span class="problem"> Not so: {result.reason}.</span>}
          </li>
        )
      })}
      {ofSettings.map(({ place, reason }) => (
        <li key={place} class="problem">
          ✗ A test of the settings ({place}) fails: {reason}.
        </li>
      ))}
    </ul>
  )
}

function testWords({ who, role, agent, tags, service, method, possible }: RuleTest): string {
  const what =
    service === undefined && method === undefined ? `see ${agent}` : `call ${[service, method].filter(Boolean).join('.')} of ${agent}`
  const tagged = tags === undefined || tags.length === 0 ? '' : `, an agent with ${tags.join(', ')},`
  return `${who} (${role}) must ${possible ? '' : 'not '}be able to ${what}${tagged}`
}
