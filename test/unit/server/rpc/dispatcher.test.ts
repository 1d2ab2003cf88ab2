import { expect, test } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { silentLog } from '../../../../server/src/base/log.ts'
import { Dispatcher, failure } from '../../../../server/src/rpc/dispatcher.ts'
import { type Handlers, MethodRunner } from '../../../../server/src/rpc/run.ts'
import { createRequestContext } from '../../../support/request-context.ts'

const handlers = {
  'contracts.list': () => ({ contracts: [] }),
  'contracts.get': () => {
    throw new HalibutError('service_not_found', 'no such service')
  },
} as unknown as Handlers

function create() {
  const dispatcher = new Dispatcher(new MethodRunner(handlers, silentLog))
  return (id: number | string, method: string, params?: object) =>
    dispatcher.dispatch({ jsonrpc: '2.0', id, method, ...(params ? { params } : {}) }, createRequestContext())
}

test('a response has the id of its request and either a result or an error', async () => {
  const dispatch = create()
  expect(await dispatch(7, 'contracts.list')).toEqual({ jsonrpc: '2.0', id: 7, result: { contracts: [] } })
  expect(await dispatch('x', 'contracts.list', { more: 1 })).toEqual({
    jsonrpc: '2.0',
    id: 'x',
    error: { code: -32602, message: expect.any(String), data: expect.objectContaining({ kind: 'invalid_params' }) },
  })
  expect(await dispatch(0, 'contracts.get', { service: 'S' })).toEqual({
    jsonrpc: '2.0',
    id: 0,
    error: { code: expect.any(Number), message: 'no such service', data: expect.objectContaining({ kind: 'service_not_found' }) },
  })
})

test('an error of no request has no id, and a trace id of its own', () => {
  const errors = [1, 2].map(() => failure(null, new HalibutError('invalid_request', 'no JSON'), undefined))
  expect(errors).toMatchObject([
    { id: null, error: { data: { kind: 'invalid_request' } } },
    { id: null, error: { data: { kind: 'invalid_request' } } },
  ])
  expect(new Set(errors.map(each => JSON.stringify(each))).size).toBe(2)
})
