import type { GatewayClient } from '@halibut-gateway/client'
import { signal } from '@preact/signals'
import { expect, test } from 'vitest'
import { createDoctor, type DoctorStep } from '../../../../server/inspector/src/state/doctor.ts'
import { shownSteps } from '../../../../server/inspector/src/values/doctor-steps.ts'

const step = (name: string, outcome: DoctorStep['outcome'] = 'passed'): DoctorStep => ({ step: name, outcome, found: 'so', durationMs: 1 })

/** A doctor whose gateway tells a step when the test says so. */
function create() {
  const walks: { agent: string; signal: AbortSignal; tell(next: DoctorStep | 'end' | Error): Promise<void> }[] = []
  const client = {
    async *watch(_method: string, { signal: stop, params }: { signal: AbortSignal; params: { agent: string } }) {
      const told: (DoctorStep | 'end' | Error)[] = []
      let wake: () => void = () => undefined
      stop.addEventListener('abort', () => wake())
      walks.push({
        agent: params.agent,
        signal: stop,
        tell: async next => {
          told.push(next)
          wake()
          for (let i = 0; i < 10; i++) await Promise.resolve()
        },
      })
      for (;;) {
        const next = told.shift()
        if (next === 'end' || stop.aborted) return
        if (next instanceof Error) throw next
        if (next) yield next
        else
          await new Promise<void>(resolve => {
            wake = resolve
          })
      }
    },
  } as unknown as GatewayClient
  const signedIn = signal<GatewayClient | undefined>(client)
  return { doctor: createDoctor({ client: signedIn }, () => 1_000), walks, signedIn }
}

const settle = async (): Promise<void> => {
  for (let i = 0; i < 10; i++) await Promise.resolve()
}

test('each step stands there as soon as it was taken, and the walk ends with the last', async () => {
  const { doctor, walks } = create()
  expect(doctor.of('web-1')).toBeUndefined()
  doctor.examine('web-1')
  await settle()
  expect(doctor.of('web-1')).toEqual({ agent: 'web-1', startedAt: 1_000, steps: [], at: 'walks' })
  await walks[0]?.tell(step('dns'))
  expect(doctor.of('web-1')).toMatchObject({ steps: [step('dns')], at: 'walks' })
  await walks[0]?.tell(step('tcp', 'failed'))
  // A session that was lost lets it begin anew.
  for (const each of [step('dns'), step('tcp', 'failed')]) await walks[0]?.tell(each)
  await walks[0]?.tell('end')
  expect(doctor.of('web-1')).toMatchObject({ steps: [step('dns'), step('tcp', 'failed')], at: 'done' })
  expect(doctor.of('web-2')).toBeUndefined()
})

test('a walk that is given up, or gives way to another one, tells nothing any more', async () => {
  const { doctor, walks } = create()
  doctor.examine('web-1')
  await settle()
  doctor.stop()
  expect([doctor.of('web-1')?.at, walks[0]?.signal.aborted]).toEqual(['stopped', true])
  doctor.examine('web-1')
  await settle()
  doctor.examine('web-2')
  await settle()
  await walks[1]?.tell(step('dns'))
  expect([doctor.of('web-1'), doctor.of('web-2')?.steps, walks[1]?.signal.aborted]).toEqual([undefined, [], true])
})

test('that the gateway cannot go on is told, and nothing of it stays for who signs in next', async () => {
  const { doctor, walks, signedIn } = create()
  doctor.examine('web-1')
  await settle()
  const problem = new Error('no')
  await walks[0]?.tell(problem)
  expect(doctor.of('web-1')).toMatchObject({ at: 'stopped', problem })
  signedIn.value = undefined
  expect(doctor.of('web-1')).toBeUndefined()
})

test('the step that is being taken is the first of those to come, and one that nobody knows is shown by its name', () => {
  const at = (taken: readonly DoctorStep[], isWalking: boolean) =>
    shownSteps('listening', taken, isWalking).map(({ name, at: its }) => `${name} ${its}`)
  expect(at([], true).slice(0, 2)).toEqual(['dns running', 'tcp ahead'])
  expect(at([step('dns'), step('tcp', 'failed')], true).slice(0, 4)).toEqual([
    'dns passed',
    'tcp failed',
    'tls running',
    'certificate ahead',
  ])
  expect(at([step('dns')], false)[1]).toBe('tcp ahead')
  expect(shownSteps('polling', [step('magic')], true)[0]).toMatchObject({ name: 'magic', question: 'magic', at: 'passed' })
})
