import type { AgentSnapshot } from '@halibut-gateway/schemas'
import { CopyButton } from '../elements/copy-button.tsx'
import { ProblemBox } from '../elements/problem-box.tsx'
import { RelativeTime } from '../elements/relative-time.tsx'
import { doctor, session } from '../page.ts'
import type { Examination } from '../state/doctor.ts'
import { type ShownStep, shownSteps } from '../values/doctor-steps.ts'
import { formatMs } from '../values/format.ts'

/** Goes the way to an agent step by step, live, and names one thing to do where it does not go on. */
export function DoctorPanel({ agent }: { agent: AgentSnapshot }) {
  const examination = doctor.of(agent.id)
  return (
    <section class="panel doctor" aria-label="Doctor" data-doctor={examination?.at ?? 'idle'}>
      <div class="row wrap">
        <h2>Doctor</h2>
        <span class="spacer" />
        <Buttons agent={agent.id} examination={examination} />
      </div>
      {!session.may('agents.write') ? (
        <p class="hint">The doctor dials agents, which is for the role admin. Somebody who has it can look what is wrong.</p>
      ) : examination ? (
        <Steps agent={agent} examination={examination} />
      ) : (
        <p class="hint">
          {agent.mode === 'listening'
            ? `The gateway goes to ${agent.name} step by step, from the host name to a call, and says what to do where it does not go on.`
            : `${agent.name} comes by itself, so the gateway looks step by step at what it knows of it, and says what to do.`}
        </p>
      )}
    </section>
  )
}

function Buttons({ agent, examination }: { agent: string; examination: Examination | undefined }) {
  if (!session.may('agents.write')) return null
  if (examination?.at === 'walks') {
    return (
      <button type="button" class="small" onClick={() => doctor.stop()}>
        Stop
      </button>
    )
  }
  return (
    <>
      {examination && examination.steps.length > 0 && (
        <CopyButton text={() => asText(examination)} what="what the doctor found" label="Copy" />
      )}
      <button type="button" class={examination ? 'small' : 'small primary'} onClick={() => doctor.examine(agent)}>
        {examination ? 'Look again' : 'Look what is wrong, step by step'}
      </button>
    </>
  )
}

function Steps({ agent, examination }: { agent: AgentSnapshot; examination: Examination }) {
  const { steps, at, problem, startedAt } = examination
  const failed = steps.find(({ outcome }) => outcome === 'failed')
  return (
    <>
      <p role="status" class={at === 'done' ? (failed ? 'verdict bad' : 'verdict good') : 'verdict'}>
        {verdict(agent.name, examination)}{' '}
        {at !== 'walks' && (
          <span class="quiet">
            <RelativeTime at={startedAt} after=" ago" />
          </span>
        )}
      </p>
      <ol aria-label="What the doctor found">
        {shownSteps(agent.mode, steps, at === 'walks').map(step => (
          <Step key={step.name} step={step} />
        ))}
      </ol>
      {problem !== undefined && <ProblemBox error={problem} />}
    </>
  )
}

const marks: Readonly<Record<ShownStep['at'], string>> = { passed: '✓', failed: '✗', skipped: '–', running: '…', ahead: '·' }
const markWords: Readonly<Record<ShownStep['at'], string>> = {
  passed: 'passed',
  failed: 'failed',
  skipped: 'not taken',
  running: 'being looked at',
  ahead: 'to come',
}

function Step({ step }: { step: ShownStep }) {
  const taken = 'taken' in step ? step.taken : undefined
  return (
    <li class={`doctor-step ${step.at}`} data-step={step.name} data-outcome={step.at}>
      <span class="step-mark" aria-hidden="true">
        {marks[step.at]}
      </span>
      <span class="off-screen">{markWords[step.at]}:</span>
      <b>{step.question}</b>
      <code class="quiet">{step.name}</code>
      {taken && taken.outcome !== 'skipped' && <span class="quiet took">{formatMs(taken.durationMs)}</span>}
      {taken && taken.outcome !== 'skipped' && <p class="found">{taken.found}</p>}
      {taken?.fix !== undefined && <p class="advice">To do: {taken.fix}.</p>}
    </li>
  )
}

function verdict(name: string, { at, steps }: Examination): string {
  const failed = steps.find(({ outcome }) => outcome === 'failed')
  if (at === 'walks') return `On the way to ${name}.`
  if (at === 'stopped') return 'Given up before the end.'
  return failed ? 'One step does not go on, and has one thing to do.' : `All is well: ${name} is there, and takes calls.`
}

function asText({ agent, steps }: Examination): string {
  const lines = steps.map(({ step, outcome, found, fix, durationMs }) =>
    [`${outcome.padEnd(7)} ${step}: ${found} (${durationMs} ms)`, ...(fix === undefined ? [] : [`        to do: ${fix}`])].join('\n'),
  )
  return [`doctor of ${agent}`, ...lines, ''].join('\n')
}
