import { expect, test } from 'vitest'
import { agentsChart, callsChart, errorsChart, readAt, tookChart } from '../../../../server/inspector/src/values/chart-data.ts'
import { historyStep as step } from '../../../support/history-step.ts'

test('calls are told by the second and errors by the minute, however long a step was', () => {
  const steps = [
    step(0, { calls: 120, errors: [{ kind: 'io_timeout', count: 60 }] }),
    step(60, { ms: 30_000, calls: 30, errors: [{ kind: 'connect_refused', count: 15 }] }),
  ]
  const calls = callsChart(steps)
  expect(calls.lines.map(({ values }) => values)).toEqual([
    [1, 0.5],
    [1, 0.5],
  ])
  // The time of a step is its end.
  expect(calls.times.map(time => time - (calls.times[0] ?? 0))).toEqual([0, 30])
  expect(errorsChart(steps).lines.map(({ label, values }) => [label, values])).toEqual([
    ['io_timeout', [60, 0]],
    ['connect_refused', [0, 30]],
  ])
})

test('more kinds of errors than there are colours are told together', () => {
  const kinds = [
    'io_timeout',
    'connect_refused',
    'tls_failed',
    'connection_lost',
    'protocol_error',
    'memory_limit',
    'proxy_failed',
  ] as const
  const errors = kinds.map((kind, i) => ({ kind, count: 10 - i }))
  expect(
    errorsChart([step(0, { calls: 50, errors })])
      .lines.map(({ label, values }) => [label, values[0]])
      .slice(-2),
  ).toEqual([
    ['protocol_error', 6],
    ['all others', 9],
  ])
})

test('a step without a call has no percentiles, and states that no agent is in have no line', () => {
  const took = { p50: 1, p95: 20, p99: 3_000 }
  const chart = tookChart([step(0, { calls: 1, took }), step(60)])
  expect(chart.lines.map(({ values }) => values)).toEqual([
    [1, null],
    [20, null],
    [3_000, null],
  ])
  expect(readAt(chart, 0)).toMatch(/^\d\d:\d\d:\d\d: half 1\.0 ms, 95 % 20 ms, 99 % 3\.00 s$/)
  expect(readAt(chart, 1)).toMatch(/: half none, 95 % none, 99 % none$/)
  const agents = { connected: 2, suspect: 0, offline: 0, untrusted: 0, disabled: 1 }
  expect(agentsChart([step(0, { agents })]).lines.map(({ label }) => label)).toEqual(['connected', 'disabled'])
})
