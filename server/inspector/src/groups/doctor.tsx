import type { MethodResult } from '@halibut-gateway/schemas'
import { useSignal } from '@preact/signals'
import { ProblemBox } from '../elements/problem-box.tsx'
import { useAction } from '../elements/use-action.ts'
import { session } from '../page.ts'
import { formatMs } from '../values/format.ts'

type Report = MethodResult<'agents.doctor'>['report']

/** Goes the way to an agent step by step, and names one thing to do. */
export function Doctor({ agent }: { agent: string }) {
  const report = useSignal<Report | undefined>(undefined)
  const action = useAction()
  if (!session.may('agents.write')) return null
  const examine = (): Promise<boolean> =>
    action.run(async () => {
      report.value = undefined
      report.value = (await session.request('agents.doctor', { agent })).report
    })
  return (
    <div class="doctor">
      <button type="button" class="small" disabled={action.isBusy.value} onClick={() => void examine()}>
        {action.isBusy.value ? 'Looking…' : 'Look what is wrong, step by step'}
      </button>
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
      {report.value && (
        <ol aria-label="What the doctor found">
          {report.value.steps.map(({ step, outcome, found, fix, durationMs }) => (
            <li key={step} class={outcome}>
              <b>
                {outcome === 'passed' ? '✓' : outcome === 'failed' ? '✗' : '–'} {step}
              </b>{' '}
              <span>{found}</span> {outcome !== 'skipped' && <span class="quiet">{formatMs(durationMs)}</span>}
              {fix !== undefined && <p class="advice">To do: {fix}.</p>}
            </li>
          ))}
        </ol>
      )}
    </div>
  )
}
