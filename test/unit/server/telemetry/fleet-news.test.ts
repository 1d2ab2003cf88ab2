import { expect, test } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'
import { AgentDirectory } from '../../../../server/src/fleet/agent-directory.ts'
import { awayFromUs } from '../../../../server/src/fleet/agent-state.ts'
import { FleetChanges } from '../../../../server/src/fleet/fleet-changes.ts'
import { EventHub } from '../../../../server/src/runtime/events.ts'
import { tellFleetNews } from '../../../../server/src/telemetry/fleet-news.ts'
import { Metrics } from '../../../../server/src/telemetry/metrics.ts'
import { knockOf } from '../../../support/knocks.ts'
import { sumOf } from '../../../support/prometheus.ts'

const thumbprint = 'A'.repeat(40)

function listen() {
  let nowMs = 0
  const lines: [level: string, message: string, fields: Readonly<Record<string, unknown>>][] = []
  const directory = new AgentDirectory()
  const events = new EventHub()
  const metrics = new Metrics('1.0.0')
  directory.add({ id: 'old', uri: 'poll://old/', thumbprint })
  const stop = tellFleetNews({
    changes: new FleetChanges(directory),
    mesh: events,
    metrics,
    log: (level, message, fields = {}) => lines.push([level, message, fields]),
    now: () => nowMs,
  })
  const pass = (ms: number): void => {
    nowMs += ms
  }
  const value = async (name: string, labels?: Record<string, string>) => sumOf((await metrics.text()).text, name, labels)
  return { directory, events, lines, stop, pass, value }
}

test('all that happens to an agent is one line and one count', async () => {
  const { directory, lines, value, stop } = listen()
  directory.add({ id: 'web-1', uri: 'poll://web-1/', thumbprint })
  directory.report('web-1', { type: 'reached', how: 'polls this gateway' }, { connections: 1 })
  directory.report('web-1', { type: 'reached', how: 'polls this gateway' }, { connections: 2 })
  directory.report('web-1', { type: 'gone', why: 'it has no connection to this gateway', advice: 'look' })
  directory.report('old', { type: 'refused', why: 'another certificate' })
  directory.remove('web-1')
  const about = { agent: 'web-1', uri: 'poll://web-1/', thumbprint }
  expect(lines).toEqual([
    ['info', 'agent added', { ...about, state: 'offline', reason: 'has not connected yet', advice: awayFromUs.advice }],
    ['info', 'agent connected', { ...about, state: 'connected', reason: 'polls this gateway', was: 'offline' }],
    [
      'warn',
      'agent offline',
      { ...about, state: 'offline', reason: 'it has no connection to this gateway', advice: 'look', was: 'connected' },
    ],
    [
      'warn',
      'agent untrusted',
      { agent: 'old', uri: 'poll://old/', thumbprint, state: 'untrusted', reason: 'another certificate', was: 'offline' },
    ],
    ['info', 'agent removed', { agent: 'web-1', was: 'offline' }],
  ])
  expect(await value('halibut_agent_state_changes_total', { state: 'connected' })).toBe(1)
  expect(await value('halibut_agent_state_changes_total')).toBe(4)
  stop()
  directory.report('old', { type: 'reached', how: 'polls this gateway' })
  expect(lines).toHaveLength(5)
})

test('who is turned away is counted, and a flood of broken connections told in as many lines as are allowed', async () => {
  const { events, lines, pass, value } = listen()
  events.emit('clientDenied', knockOf('B'))
  expect(lines).toEqual([])
  const rejected = { remoteAddress: '192.0.2.2:5', error: new HalibutError('tls_failed', 'no TLS') }
  events.emit('connectionRejected', rejected)
  expect(lines).toEqual([['warn', 'connection refused', { reason: 'tls_failed', address: '192.0.2.2:5', why: 'no TLS' }]])
  for (let i = 1; i < gatewayLimits.refusalLines + 10; i++) events.emit('connectionRejected', rejected)
  expect(lines).toHaveLength(gatewayLimits.refusalLines)
  expect(await value('halibut_refused_connections_total', { reason: 'not_trusted' })).toBe(1)
  expect(await value('halibut_refused_connections_total')).toBe(gatewayLimits.refusalLines + 11)
  pass(60_000)
  events.emit('connectionRejected', rejected)
  expect(lines.at(-1)?.[2]).toMatchObject({ leftOut: 10 })
  events.emit('connectionRejected', rejected)
  expect(lines.at(-1)?.[2]).not.toHaveProperty('leftOut')
})

test('connections are counted when they come and when they go', async () => {
  const { events, value } = listen()
  const connection = { remoteAddress: '192.0.2.1:5', thumbprint, protocol: 'TLSv1.3', authorised: true } as const
  events.emit('connectionOpened', { ...connection, direction: 'incoming' })
  events.emit('connectionOpened', { ...connection, direction: 'outgoing' })
  events.emit('connectionClosed', { ...connection, direction: 'incoming' })
  expect(await value('halibut_connections', { direction: 'incoming' })).toBe(0)
  expect(await value('halibut_connections', { direction: 'outgoing' })).toBe(1)
  expect(await value('halibut_connections_opened_total')).toBe(2)
})
