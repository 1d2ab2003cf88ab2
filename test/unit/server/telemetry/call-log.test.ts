import { expect, test } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'
import { CallRegistry } from '../../../../server/src/rpc/call-registry.ts'
import { callLog } from '../../../../server/src/telemetry/call-log.ts'
import { createLog } from '../../../../server/src/telemetry/log.ts'

const traceId = 'f'.repeat(32)

function create(level: 'info' | 'debug') {
  const lines: Record<string, unknown>[] = []
  let now = 0
  const log = createLog({ write: line => lines.push(JSON.parse(line) as Record<string, unknown>), format: 'json', level })
  const registry = new CallRegistry(callLog(log, () => now))
  const subject = { activityId: 'one', agent: 'web-1', service: 'IStock', method: 'Take()', principal: 'somebody' }
  const begin = () => registry.begin(subject, performance.now(), { mode: 'polling', isByContract: true, request: { traceId } })
  const wait = (ms: number): void => {
    now += ms
  }
  return { lines, begin, wait }
}

const failed = (more = {}) => new HalibutError('connection_lost', 'it went away', { phase: 'response', delivery: 'unknown', ...more })

test('a call that failed is a line with both its ids, and of one that was made again with both activity ids', () => {
  const { lines, begin } = create('info')
  begin().ended(failed())
  const again = begin()
  again.again('two')
  again.ended(failed())
  const line = { level: 'info', msg: 'call failed', agent: 'web-1', service: 'IStock', method: 'Take()', principal: 'somebody' }
  const why = { kind: 'connection_lost', phase: 'response', delivery: 'unknown', why: 'it went away', trace_id: traceId }
  expect(lines).toEqual([
    expect.objectContaining({ ...line, ...why, 'halibut.activity_id': 'one', durationMs: expect.any(Number) }),
    expect.objectContaining({ ...line, ...why, 'halibut.activity_id': 'two', firstActivityId: 'one' }),
  ])
})

test('one that was answered is a line at debug alone, and what a service said of its failure is in none', () => {
  const info = create('info')
  info.begin().ended()
  expect(info.lines).toEqual([])
  const debug = create('debug')
  debug.begin().ended()
  debug.begin().ended(failed({ remote: { type: 'System.Exception', message: 'of somebody', stack: '' } }))
  expect(debug.lines.map(({ msg, why }) => [msg, why])).toEqual([
    ['call answered', undefined],
    ['call failed', undefined],
  ])
})

test.each(['invalid_params', 'invalid_argument', 'serialization_failed'] as const)('what %s tells of an argument is in no line', kind => {
  const { lines, begin } = create('info')
  begin().ended(new HalibutError(kind, 'the arguments do not fit: /args/0: expected a URI, got "https://[hunter2"'))
  expect(lines).toMatchObject([{ msg: 'call failed', kind }])
  expect(JSON.stringify(lines)).not.toContain('hunter2')
})

test('calls that fail all the time fill no disk', () => {
  const { lines, begin, wait } = create('info')
  for (let i = 0; i < gatewayLimits.callLines + 3; i++) begin().ended(failed())
  expect(lines).toHaveLength(gatewayLimits.callLines)
  wait(60_000)
  begin().ended(failed())
  expect(lines.at(-1)).toMatchObject({ leftOut: 3 })
})
