import { expect, test } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { UnfitResultError } from '../../../../server/src/base/unfit-result.ts'
import { EventLog, type LogEvent, logEventTypes, severityOf } from '../../../../server/src/runtime/event-log.ts'

test('the last hundred events of an endpoint are kept, and all are told', () => {
  const told: LogEvent[] = []
  const log = new EventLog(100, 1_000, event => told.push(event))
  for (let n = 0; n < 150; n++) log.write('https://Agent:10933/', 'MessageExchange', `event ${n}`)
  log.write('poll://other/', 'Error', 'broke', new Error('why'))
  const events = log.read('HTTPS://agent:10933/')
  expect(events).toHaveLength(100)
  expect([events[0]?.message, events[99]?.message]).toEqual(['event 50', 'event 149'])
  expect(log.read('poll://other/')).toMatchObject([{ type: 'Error', message: 'broke', error: new Error('why'), endpoint: 'poll://other/' }])
  expect(log.read('poll://unknown/')).toEqual([])
  expect(told).toHaveLength(151)
})

test('what was read does not change when more is written', () => {
  const log = new EventLog(2, 1_000, () => {})
  log.write('a', 'Error', '1')
  const events = log.read('a')
  log.write('a', 'Error', '2')
  expect(events).toHaveLength(1)
})

test('of very many endpoints, the one that was silent for longest is forgotten', () => {
  const log = new EventLog(1, 10_000, () => {})
  for (let n = 0; n < 10_000; n++) log.write(`poll://${n}/`, 'Error', 'x')
  log.write('poll://0/', 'Error', 'again')
  log.write('poll://one-more/', 'Error', 'x')
  expect(log.read('poll://0/')).toHaveLength(1)
  expect(log.read('poll://1/')).toHaveLength(0)
  expect(log.read('poll://2/')).toHaveLength(1)
})

test('the events of all endpoints together have a limit', () => {
  const log = new EventLog(100, 1_000, () => {})
  for (let n = 0; n < 100; n++) for (let i = 0; i < 100; i++) log.write(`poll://${n}/`, 'Error', 'x')
  const kept = Array.from({ length: 100 }, (_, n) => log.read(`poll://${n}/`).length)
  expect(kept).toEqual([...Array(90).fill(0), ...Array(10).fill(100)])
  const small = new EventLog(100, 2, () => {})
  for (let n = 0; n < 4; n++) small.write('a', 'Error', String(n))
  expect(small.read('a').map(({ message }) => message)).toEqual(['3'])
})

test('the types stand in the reference’s numeric order, each with its severity', () => {
  expect(logEventTypes.map(type => [type, severityOf(type)])).toEqual([
    ['OpeningNewConnection', 'debug'],
    ['Security', 'info'],
    ['MessageExchange', 'trace'],
    ['Diagnostic', 'trace'],
    ['ClientDenied', 'debug'],
    ['Error', 'error'],
    ['ErrorInInitialisation', 'error'],
    ['ListenerStarted', 'info'],
    ['ListenerAcceptedClient', 'info'],
    ['ListenerStopped', 'info'],
    ['SecurityNegotiation', 'trace'],
    ['ErrorInIdentify', 'error'],
  ])
})

test('of an error that brings a result the result is not kept, nor that of its cause', () => {
  const log = new EventLog(2, 1_000, () => {})
  const cause = new UnfitResultError(new HalibutError('serialization_failed', 'inner'), ['large'])
  log.write('a', 'Error', '1', new UnfitResultError(new HalibutError('serialization_failed', 'outer', { cause }), ['large']))
  const error = log.read('a')[0]?.error as HalibutError
  expect([error.message, (error.cause as HalibutError).message]).toEqual(['outer', 'inner'])
  for (const each of [error, error.cause]) expect(each).not.toHaveProperty('result')
})
