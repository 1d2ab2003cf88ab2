import { setImmediate as turn } from 'node:timers/promises'
import type { AgentChange, HistoryStep } from '@halibut-gateway/schemas'
import { signal } from '@preact/signals'
import { expect, test } from 'vitest'
import type { GatewayClient } from '../../../../client-sdk/src/index.ts'
import type { TimeRange } from '../../../../server/inspector/src/address/route.ts'
import { withEvent } from '../../../../server/inspector/src/state/fleet-changes.ts'
import { createPast, withNewer } from '../../../../server/inspector/src/state/past.ts'
import type { Session } from '../../../../server/inspector/src/state/session.ts'
import { historyStep } from '../../../support/history-step.ts'

const at = (steps: readonly HistoryStep[]): unknown[] => steps.map(step => [step.at.slice(14, 19), step.calls])

test('a step that has grown takes the place of itself, others follow, and what is too long ago goes', () => {
  const steps = [historyStep(0, { calls: 1 }), historyStep(60, { calls: 2 })]
  expect(at(withNewer(steps, [historyStep(60, { calls: 3 }), historyStep(120)], 5))).toEqual([
    ['00:00', 1],
    ['01:00', 3],
    ['02:00', 0],
  ])
  expect(at(withNewer(steps, [historyStep(120)], 2))).toEqual([
    ['01:00', 2],
    ['02:00', 0],
  ])
  expect(withNewer(steps, [], 5)).toEqual(steps)
  expect(withNewer([], [], 5)).toEqual([])
})

test('changes stand with the newest first, a snapshot replaces them, and that some are forgotten is known', () => {
  const change = (agent: string): AgentChange => ({ at: '2030-01-01T00:00:00.000Z', agent, name: agent, to: 'connected' })
  const ids = (known: ReturnType<typeof withEvent>): unknown => [known.changes.map(({ agent }) => agent).join(''), known.isCut]
  const first = withEvent(undefined, { type: 'snapshot', changes: [change('a'), change('b')] })
  expect(ids(first)).toEqual(['ba', false])
  const next = withEvent(first, { type: 'changes', changes: [change('c'), change('d')], missed: 3 })
  expect(ids(next)).toEqual(['dcba', true])
  expect(ids(withEvent(next, { type: 'snapshot', changes: [change('e')] }))).toEqual(['e', false])
  const many = withEvent(next, { type: 'changes', changes: Array.from({ length: 1_500 }, (_, i) => change(`${i}`)) })
  expect([many.changes.length, many.changes[0]?.agent, many.isCut]).toEqual([1_000, '1499', true])
})

test('a time that is over is asked for once, and another one when that is wanted', async () => {
  const asked: unknown[] = []
  const client = {
    state: { at: 'connected' },
    onState: () => () => undefined,
    request: async (_method: string, range: unknown) => {
      asked.push(range)
      // Whoever asks without an end gets no further answer.
      return asked.length > 5 ? new Promise(() => undefined) : { steps: [] }
    },
  } as unknown as GatewayClient
  const range = signal<TimeRange | undefined>({ from: '2030-01-01T00:00:00.000Z', to: '2030-01-01T01:00:00.000Z' })
  const past = createPast({ client: signal(client) } as unknown as Session, range)
  for (let i = 0; i < 20; i++) await turn()
  expect([asked, past.history.value]).toEqual([[range.value], { steps: [] }])
  range.value = { from: '2030-01-01T01:00:00.000Z', to: '2030-01-01T02:00:00.000Z' }
  expect(past.history.value).toBeUndefined()
  for (let i = 0; i < 20; i++) await turn()
  expect(asked).toHaveLength(2)
  range.value = undefined
})
