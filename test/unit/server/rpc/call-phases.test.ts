import { expect, test } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { CallPhases } from '../../../../server/src/rpc/call-phases.ts'

test('a call is one thing after another, and what lasts still has no end', () => {
  const phases = new CallPhases()
  phases.step('connect', undefined, 2)
  expect(phases.told()).toEqual([
    { phase: 'queue', atMs: 0, durationMs: 2 },
    { phase: 'connect', atMs: 2 },
  ])
  phases.enter('request', 7.123)
  phases.step('execute', undefined, 7.123)
  phases.step('response', undefined, 20)
  phases.end(21)
  phases.end(30)
  expect(phases.told()).toEqual([
    { phase: 'queue', atMs: 0, durationMs: 2 },
    { phase: 'connect', atMs: 2, durationMs: 5.12 },
    { phase: 'execute', atMs: 7.12, durationMs: 12.88 },
    { phase: 'response', atMs: 20, durationMs: 1 },
  ])
})

test('an attempt that failed says why, and so many are kept as anybody reads', () => {
  const phases = new CallPhases()
  const refused = new HalibutError('connect_refused', 'x'.repeat(1_000))
  for (let i = 0; i < 100; i++) {
    phases.step('connect', undefined, i * 10)
    phases.step('failed', refused, i * 10 + 4)
  }
  const told = phases.told()
  expect(told.length).toBeLessThanOrEqual(32)
  expect(told[0]).toEqual({ phase: 'connect', atMs: 0, durationMs: 4, failed: { kind: 'connect_refused', message: 'x'.repeat(300) } })
  expect(told[1]).toEqual({ phase: 'queue', atMs: 4, durationMs: 6 })
})
