import { RpcErrorSchema } from '@halibut-gateway/schemas'
import { Value } from '@sinclair/typebox/value'
import { expect, test } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { toHalibutError, toRpcError } from '../../../../server/src/rpc/error-map.ts'

const context = { traceId: '0'.repeat(32), agent: 'a', showDetails: false }

test('an error is told with what is known of it, and with nothing else', () => {
  const bare = toRpcError(new HalibutError('queue_full', 'full'), { ...context, agent: undefined })
  expect(bare).toEqual({
    code: -32029,
    message: 'full',
    data: { kind: 'queue_full', delivery: 'not_sent', retryable: true, traceId: context.traceId, advice: expect.any(String) },
  })
  const full = toRpcError(new HalibutError('too_many_calls', 'many', { phase: 'queue', retryAfterMs: 5 }).with({ advice: 'wait' }), context)
  expect(full.data).toMatchObject({ phase: 'queue', retryAfterMs: 5, agent: 'a', advice: 'wait' })
  for (const error of [bare, full]) expect(Value.Check(RpcErrorSchema, error)).toBe(true)
})

test('the stack trace of a remote error is for those who may see it', () => {
  const error = new HalibutError('service_failed', 'no', { remote: { message: 'no', type: 'T', details: 'at …' } })
  expect(toRpcError(error, context)).toMatchObject({ message: 'no', data: { remote: { message: 'no', type: 'T' } } })
  expect(toRpcError(error, context).data.remote).not.toHaveProperty('details')
  expect(toRpcError(error, { ...context, showDetails: true }).data.remote).toHaveProperty('details', 'at …')
})

test('what is thrown and is no error of ours keeps its text to itself', () => {
  const error = toHalibutError(new Error('the password is …'))
  expect(error).toMatchObject({ kind: 'internal_error', delivery: 'unknown', message: 'the gateway failed' })
})
