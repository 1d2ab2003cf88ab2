import type { AgentSnapshot } from '@halibut-gateway/schemas'
import type { DoctorStep } from '../state/doctor.ts'

/** The steps of the doctor, by their names, with what each of them asks. */
const stepsOf: Readonly<Record<AgentSnapshot['mode'], readonly (readonly [step: string, question: string])[]>> = {
  listening: [
    ['dns', 'Is its host name known?'],
    ['tcp', 'Does its port take connections?'],
    ['tls', 'Does it speak TLS?'],
    ['certificate', 'Which certificate does it present?'],
    ['trust', 'Is that the one that is pinned?'],
    ['identify', 'Is it a Halibut agent that trusts this gateway?'],
    ['call', 'Does it take calls?'],
  ],
  polling: [
    ['registration', 'Is it registered, and enabled?'],
    ['port', 'Does the port that it polls take connections?'],
    ['trust', 'Is its certificate trusted?'],
    ['knocks', 'Is somebody refused in its name?'],
    ['connection', 'Is it connected?'],
    ['call', 'Does it take calls?'],
  ],
}

/** A step as it is shown: one that was taken, the one that is being taken, or one that is still to come. */
export type ShownStep =
  | { readonly at: DoctorStep['outcome']; readonly name: string; readonly question: string; readonly taken: DoctorStep }
  | { readonly at: 'running' | 'ahead'; readonly name: string; readonly question: string }

/** All steps of a walk. One that is not known here is shown by its name. */
export function shownSteps(mode: AgentSnapshot['mode'], taken: readonly DoctorStep[], isWalking: boolean): readonly ShownStep[] {
  const known = new Map(stepsOf[mode])
  const done = taken.map(step => ({ at: step.outcome, name: step.step, question: known.get(step.step) ?? step.step, taken: step }))
  const left = stepsOf[mode].filter(([name]) => !taken.some(({ step }) => step === name))
  const ahead = left.map(([name, question], i) => ({
    at: i === 0 && isWalking ? ('running' as const) : ('ahead' as const),
    name,
    question,
  }))
  return [...done, ...ahead]
}
