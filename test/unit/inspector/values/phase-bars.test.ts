import { expect, test } from 'vitest'
import { phaseBars } from '../../../../server/inspector/src/values/phase-bars.ts'

const failed = { kind: 'connect_refused', message: 'refused' } as const

test('what the gateway tells of a call is a bar each, and the rest of its time was on the way', () => {
  const phases = [
    { phase: 'queue', atMs: 0, durationMs: 2 },
    { phase: 'request', atMs: 2, durationMs: 1 },
    { phase: 'execute', atMs: 3, durationMs: 7 },
  ] as const
  expect(phaseBars(phases, 12, false)).toMatchObject([
    { phase: 'queue', fromMs: 0, toMs: 2 },
    { phase: 'request', fromMs: 2, toMs: 3 },
    { phase: 'execute', fromMs: 3, toMs: 10 },
    { phase: 'network', fromMs: 10, toMs: 12 },
  ])
  expect(phaseBars(phases, 12, false, 30).at(-1)).toMatchObject({ phase: 'streams', fromMs: 12, toMs: 42 })
})

test('attempts are counted where there are several, and the last bar of a call that runs grows', () => {
  const phases = [
    { phase: 'connect', atMs: 0, durationMs: 5, failed },
    { phase: 'queue', atMs: 5, durationMs: 100 },
    { phase: 'connect', atMs: 105 },
  ] as const
  expect(phaseBars(phases, 300, true)).toMatchObject([
    { attempt: 1, failed, isRunning: false },
    { phase: 'queue', attempt: undefined },
    { attempt: 2, fromMs: 105, toMs: 300, isRunning: true },
  ])
})

test('of a call whose parts nobody told there is no bar', () => {
  expect(phaseBars([], 12, false)).toEqual([])
})
