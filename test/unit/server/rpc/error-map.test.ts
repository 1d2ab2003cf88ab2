import { RpcErrorSchema } from '@halibut-gateway/schemas'
import { Value } from '@sinclair/typebox/value'
import { expect, test } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { toHalibutError, toRpcError } from '../../../../server/src/rpc/error-map.ts'

const place = { traceId: '0'.repeat(32), agent: 'a' }
const viewer = { name: 'somebody', role: 'viewer' } as const

test('an error is told with what is known of it, and with nothing else', () => {
  const bare = toRpcError(new HalibutError('queue_full', 'full'), viewer, { ...place, agent: undefined })
  expect(bare).toEqual({
    code: -32029,
    message: 'full',
    data: { kind: 'queue_full', delivery: 'not_sent', retryable: true, traceId: place.traceId, advice: expect.any(String) },
  })
  const full = toRpcError(
    new HalibutError('too_many_calls', 'many', { phase: 'queue', retryAfterMs: 5 }).with({ advice: 'wait' }),
    viewer,
    place,
  )
  expect(full.data).toMatchObject({ phase: 'queue', retryAfterMs: 5, agent: 'a', advice: 'wait' })
  for (const error of [bare, full]) expect(Value.Check(RpcErrorSchema, error)).toBe(true)
})

test.each([
  ['admin', true],
  ['operator', false],
  ['viewer', false],
  [undefined, false],
] as const)('whether the stack trace of an agent is told to %s: %s', (role, told) => {
  const remote = { message: 'it broke', details: 'System.Exception: it broke\n   at Secret.Place()', type: 'System.Exception' }
  const error = new HalibutError('service_failed', 'it broke', { delivery: 'executed', remote })
  const text = JSON.stringify(toRpcError(error, role && { name: 'somebody', role }))
  expect(text).toContain('it broke')
  expect(text).toContain('System.Exception')
  expect(text.includes('Secret.Place')).toBe(told)
})

test('what is thrown and is no error of ours keeps its text to itself', () => {
  const error = toHalibutError(new Error('the password is …'))
  expect(error).toMatchObject({ kind: 'internal_error', delivery: 'unknown', message: 'the gateway failed' })
})
