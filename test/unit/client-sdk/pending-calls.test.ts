import { expect, test } from 'vitest'
import { GatewayError } from '../../../client-sdk/src/errors.ts'
import { PendingCalls } from '../../../client-sdk/src/pending-calls.ts'

const none = new Map()
const settled = (answer: Promise<unknown>): Promise<unknown> => answer.catch((error: unknown) => error)

test('each request ends once, by whoever is first', async () => {
  const calls = new PendingCalls()
  const { call, answer } = calls.add({})
  const ends: unknown[] = []
  call.onEnded = error => ends.push(error)
  expect(calls.answer({ jsonrpc: '2.0', id: call.id, result: 'first' }, none)).toBe(true)
  call.settle(new GatewayError('cancelled', 'too late'))
  expect(calls.answer({ jsonrpc: '2.0', id: call.id, result: 'second' }, none)).toBe(false)
  expect([await answer, ends, calls.size]).toEqual(['first', [undefined], 0])
})

test('an error response is the error of its request, which its end hears of', async () => {
  const calls = new PendingCalls()
  const { call, answer } = calls.add({})
  const ends: unknown[] = []
  call.onEnded = error => ends.push(error)
  const data = { kind: 'queue_full', delivery: 'not_sent', retryable: true, traceId: '0'.repeat(32), advice: 'wait' } as const
  calls.answer({ jsonrpc: '2.0', id: call.id, error: { code: 1, message: 'too many', data } }, none)
  const error = await settled(answer)
  expect(error).toMatchObject({ kind: 'queue_full', message: 'too many', retryable: true })
  expect(ends).toEqual([error])
})

test('the end of a session ends what was sent in it, and what waits for another one goes on waiting', async () => {
  const calls = new PendingCalls()
  const sent = calls.add({})
  const unsent = calls.add({})
  sent.call.sent = true
  const lost = new GatewayError('connection_lost', 'over', { delivery: 'unknown' })
  calls.failAll(lost, true)
  expect([await settled(sent.answer), calls.size]).toEqual([lost, 1])
  const closed = new GatewayError('closed', 'closed')
  calls.failAll(closed)
  expect([await settled(unsent.answer), calls.size]).toEqual([closed, 0])
})

test('items and resuming are for the requests that wait for them', () => {
  const calls = new PendingCalls()
  const items: unknown[] = []
  const watch = calls.add({ onItem: (sequence, item) => items.push([sequence, item]), onResumed: () => items.push('resumed') })
  calls.resumed()
  watch.call.sent = true
  calls.resumed()
  calls.item(watch.call.id, 1, 'item')
  calls.item('nobody', 1, 'lost')
  expect(items).toEqual(['resumed', [1, 'item']])
})
