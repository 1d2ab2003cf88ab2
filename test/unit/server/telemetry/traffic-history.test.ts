import { HistorySchema } from '@halibut-gateway/schemas'
import { Value } from '@sinclair/typebox/value'
import { expect, test } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'
import { AgentDirectory } from '../../../../server/src/fleet/agent-directory.ts'
import { FleetChanges } from '../../../../server/src/fleet/fleet-changes.ts'
import type { OpenCall } from '../../../../server/src/rpc/call-registry.ts'
import { TrafficHistory } from '../../../../server/src/telemetry/traffic-history.ts'

const { historyStepMs, historyLongStepMs, historySteps } = gatewayLimits
const bornMs = Date.UTC(2030, 0, 1)

function create() {
  let nowMs = bornMs
  const directory = new AgentDirectory()
  const changes = new FleetChanges(directory)
  const open = { queued: 0, running: 0 }
  const history = new TrafficHistory({ calls: { counts: () => open }, changes, now: () => nowMs })
  const end = (durationMs: number, queuedMs = 0, error?: HalibutError): void =>
    history.callEnded({ queuedMs } as OpenCall, durationMs, error)
  /** A step of so many milliseconds ends. */
  const pass = (ms: number = historyStepMs): void => {
    nowMs += ms
    history.step()
  }
  const wait = (ms: number): void => {
    nowMs += ms
  }
  const read = (minutes: number) => {
    const { ...told } = history.read(history.spanOf(minutes))
    expect(Value.Check(HistorySchema, { ...told, seesAll: true })).toBe(true)
    return told
  }
  return { directory, history, open, end, pass, wait, read }
}

test('a step tells what ended in it, of which kinds the errors were, and how it was at its end', () => {
  const { directory, open, end, pass, read } = create()
  directory.add({ id: 'a', uri: 'poll://a/', thumbprint: 'A'.repeat(40) })
  directory.report('a', { type: 'reached', how: 'polls' })
  for (let i = 0; i < 99; i++) end(10, 1)
  end(1_000, 500, new HalibutError('deadline_exceeded', 'too late'))
  end(20, 0, new HalibutError('connect_refused', 'no'))
  end(20, 0, new HalibutError('connect_refused', 'no'))
  Object.assign(open, { queued: 3, running: 2 })
  pass(6_000)
  const { steps, whole, stepMs, since } = read(15)
  expect([stepMs, since]).toEqual([historyStepMs, new Date(bornMs).toISOString()])
  expect(steps).toMatchObject([
    {
      at: new Date(bornMs).toISOString(),
      ms: 6_000,
      calls: 102,
      errors: [
        { kind: 'connect_refused', count: 2 },
        { kind: 'deadline_exceeded', count: 1 },
      ],
      queued: 3,
      running: 2,
      agents: { connected: 1, suspect: 0, offline: 0, untrusted: 0, disabled: 0 },
      changes: 2,
    },
  ])
  expect(whole.took?.p50).toBeCloseTo(10, 0)
  expect(whole.took?.p99).toBeCloseTo(20, -1)
  expect(whole.waited?.p50).toBeCloseTo(1, 0)
})

test('a step without a call has no percentiles, and the next one counts from nothing', () => {
  const { end, pass, read } = create()
  end(10)
  pass()
  pass()
  const [one, other] = read(15).steps
  expect([one?.calls, other?.calls]).toEqual([1, 0])
  expect(other).not.toHaveProperty('took')
  expect([other?.errors, other?.changes]).toEqual([[], 0])
})

test('a quarter of an hour is remembered in short steps, hours in longer ones that hold the same, and nothing beyond', () => {
  const { end, pass, read } = create()
  const longSteps = historySteps + 10
  const steps = (longSteps * historyLongStepMs) / historyStepMs
  for (let i = 0; i < steps; i++) {
    end(i < steps - historySteps ? 1_000 : 1)
    pass()
  }
  const short = read(15)
  expect([short.steps.length, short.whole.calls, short.whole.took?.p99]).toEqual([historySteps, historySteps, expect.closeTo(1, 0)])
  const long = read(360)
  expect([long.stepMs, long.steps.length]).toEqual([historyLongStepMs, historySteps])
  expect(long.whole.calls).toBe((historySteps * historyLongStepMs) / historyStepMs)
  expect(long.whole.took?.p50).toBeGreaterThan(900)
  expect(Date.parse(long.since)).toBe(bornMs + 10 * historyLongStepMs)
  expect(Date.parse(long.steps[0]?.at ?? '')).toBe(Date.parse(long.since))
})

test('a quarter of an hour that was wanted a moment ago is told in short steps', () => {
  const { history, pass, wait } = create()
  pass()
  const wanted = history.spanOf(15)
  wait(1)
  expect(history.read(wanted).stepMs).toBe(historyStepMs)
})

test('a long step tells what it has so far, and begins where the one before ended', () => {
  const { end, pass, read } = create()
  for (let i = 0; i < historyLongStepMs / historyStepMs; i++) pass()
  end(10)
  pass()
  const [before, growing] = read(60).steps
  expect([before?.ms, growing?.ms, growing?.calls]).toEqual([historyLongStepMs, historyStepMs, 1])
  expect(growing?.at).toBe(new Date(bornMs + historyLongStepMs).toISOString())
})

test('a time from one moment to another is told in the steps that lie in it', () => {
  const { history, end, pass } = create()
  for (let i = 0; i < 10; i++) {
    end(1)
    pass()
  }
  const told = history.read({ fromMs: bornMs + 2 * historyStepMs, toMs: bornMs + 5 * historyStepMs })
  expect([told.steps.length, told.whole.calls, told.steps[0]?.at]).toEqual([3, 3, new Date(bornMs + 2 * historyStepMs).toISOString()])
})

test('who listens hears of each step, until it does not any more', () => {
  const { history, pass } = create()
  let heard = 0
  const stop = history.onStep(() => heard++)
  pass()
  // No time has passed: there is no step.
  pass(0)
  stop()
  pass()
  expect(heard).toBe(1)
})

test('the newest step is the one that ended last, and before one has, the first as far as it has come', () => {
  const { history, end, pass } = create()
  end(1)
  expect(history.newest()).toMatchObject({ ms: 0, calls: 1 })
  pass()
  end(1)
  end(1)
  expect(history.newest()).toMatchObject({ ms: historyStepMs, calls: 1 })
  pass()
  expect(history.newest()).toMatchObject({ ms: historyStepMs, calls: 2 })
})
